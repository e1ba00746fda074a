//! Files that would take all time, memory or stack.

use super::load;

fn first_error(text: &str) -> String {
    load(text).unwrap_err().iter().next().unwrap().to_string()
}

#[test]
fn an_endless_loop_is_stopped() {
    let text = "def f():\n    for a in range(1000000000):\n        pass\nf()\n";
    let error = first_error(text);
    assert!(error.contains("it runs for too long"), "{error}");
}

#[test]
fn memory_is_bounded() {
    let text = "def f():\n    x = []\n    for a in range(1000000):\n        x.append('y' * 10000)\nf()\n";
    assert!(first_error(text).contains("it uses too much memory"), "{}", first_error(text));
}

#[test]
fn recursion_is_bounded() {
    let error = first_error("def f(n):\n    return f(n + 1)\nf(0)\n");
    assert!(error.contains("functions call each other too deeply"), "{error}");
}

#[test]
fn ten_thousand_brackets_are_refused() {
    let text = format!("x = {}1{}\n", "(".repeat(10_000), ")".repeat(10_000));
    let error = first_error(&text);
    assert!(error.starts_with("master.cfg:1:105: brackets are nested too deeply"), "{}", &error[..80]);
}

#[test]
fn expressions_at_the_limit_load() {
    let expressions = [
        format!("0{}", " + 1".repeat(950)),
        format!("{}1", "- ".repeat(1_900)),
        format!("{}1", "not ".repeat(1_900)),
        format!("{}1{}", "(".repeat(95), ")".repeat(95)),
        format!("{}1", "lambda: ".repeat(900)),
        format!("1{}", " if 1 else 1".repeat(480)),
        format!("''{}", ".strip()".repeat(450)),
        format!("'a'{}", " 'b'".repeat(1_900)),
        format!("f'{}1{}'", "{[".repeat(40), "]}".repeat(40)),
        format!("[1{}]", " for a in [1]".repeat(150)),
        format!("1{}", " < 1".repeat(900)),
        format!("'%s'{}", " % 'x%%s'".repeat(200)),
    ];
    for expression in expressions {
        let error = first_error(&format!("def f():\n    return {expression}\nc = BuildmasterConfig = {{}}\n"));
        assert!(!error.contains("too deeply") && !error.contains("too long"), "{error}");
    }
}

#[test]
fn many_elifs_and_blocks_load_up_to_their_limits() {
    let chain = |count: usize| {
        format!(
            "x = 1\nif x == 0:\n    pass\n{}c = BuildmasterConfig = {{}}\n",
            "elif x == 2:\n    pass\n".repeat(count)
        )
    };
    assert!(first_error(&chain(200)).contains("no workers are configured"));
    assert!(first_error(&chain(201)).contains("too many 'elif's"));
    let blocks: String = (0..48).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
    let text = format!("{blocks}{}pass\nc = BuildmasterConfig = {{}}\n", " ".repeat(48));
    assert!(first_error(&text).contains("no workers are configured"), "{}", first_error(&text));
}

#[test]
fn values_nested_without_end_are_refused() {
    let deep = "x = []\nfor a in range(100000):\n    x = [x]\nc = BuildmasterConfig = {'title': x}\n";
    assert_eq!(first_error(deep), "master.cfg: a value is nested too deeply");
    let text = "x = []\nx.append(x)\nc = BuildmasterConfig = {'title': x}\n";
    assert!(first_error(text).contains("c['title']: a value is nested too deeply, or holds itself"));
    let doubling = "x = []\nfor a in range(60):\n    x = [x, x]\nc = BuildmasterConfig = {'title': x}\n";
    assert!(first_error(doubling).contains("the configuration holds too many values"));
}

#[test]
fn values_without_bound_are_refused_where_they_stand() {
    let cases = [
        ("x = list(range(10**9))\n", "range(1000000000) has too many items for a list"),
        ("x = sorted(range(10**8))\n", "range(100000000) has too many items for a list"),
        ("x = sum(range(10**9))\n", "range(1000000000) has too many items for a list"),
        ("x = [a for a in range(10**9)]\n", "it uses too much memory"),
        ("x = 10**10**9\n", "1:5: 10 ** 1000000000 is out of range"),
        ("x = 1 << 10**9\n", "1:5: integer overflow computing left shift"),
        ("x = 'a' * 10**10\n", "1:5: integer value is too big to fit in i32: 10000000000"),
        ("x = '%1000000000d' % 1\n", "1:5: a field of 1000000000 characters is too wide"),
        (
            "import itertools\nx = itertools.product(range(1000), repeat=9)\n",
            "2:5: this gives more than 100000 results",
        ),
        ("x = []\nfor a in range(60): x = [x, x]\ny = str(x)\n", "3:5: the value is too long to print"),
        ("x = []\nfor a in range(10000): x = [x]\ny = '%s' % x\n", "3:5: the value is nested too deeply to print"),
        ("import re\nx = re.match(r'(a|aa)+\\1$', 'a'*60 + 'b')\n", "takes too long; make the expression simpler"),
        ("import re\nx = re.compile('((a{1000}){1000}){1000}')\n", "is no regular expression"),
        ("import json\nx = json.loads('[' * 100000)\n", "2:5: this is no JSON"),
        ("x = open('/dev/zero').read()\n", "1:5: '/dev/zero' lies outside of the master's directory"),
    ];
    for (text, expected) in cases {
        let error = first_error(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_limit_that_was_hit_cannot_be_caught() {
    let error = first_error("while True:\n    try:\n        while True: pass\n    except: pass\n");
    assert!(error.contains("it runs for too long"), "{error}");
}

/// What a load may use is counted in the load itself, so others beside it do not matter.
#[test]
fn loads_at_the_same_time_do_not_share_their_limits() {
    let text = "x = []\nfor a in range(1000):\n    x.append('y' * 100000)\nc = BuildmasterConfig = {}\n";
    let errors: Vec<String> = std::thread::scope(|scope| {
        let loads: Vec<_> = (0..4).map(|_| scope.spawn(|| first_error(text))).collect();
        loads.into_iter().map(|load| load.join().unwrap()).collect()
    });
    assert!(errors.iter().all(|error| error.contains("no workers are configured")), "{errors:?}");
}
