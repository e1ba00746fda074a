//! What is said of configurations: as JSON, strictly, with modern names; and files that want to do harm.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const GOOD: &str = "\
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['workers'] = [worker.Worker('w1', 'pw')]
c['protocols'] = {'pb': {'port': 9989}}
f = util.BuildFactory([steps.ShellCommand(command=['make'])])
c['builders'] = [util.BuilderConfig(name='b1', workernames=['w1'], factory=f)]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['b1'])]
";

fn buildbot(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildbot"));
    command.args(arguments).current_dir(directory).env("SECRET_NAME", "shown").output().expect("the program is built")
}

/// The code of a check, and all that it says.
fn check(text: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("master.cfg"), text).unwrap();
    let output = buildbot(directory.path(), &[&["checkconfig"], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn editors_get_every_problem_with_its_place() {
    let (code, said) =
        check(&format!("{GOOD}c['titel'] = 1\nf.addStep(steps.ShellCommand(comand='x'))\n"), &["--json"]);
    assert_eq!(code, Some(1));
    let report: buildbot::json::Value = buildbot::json::from_str(&said).unwrap();
    let errors = report["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 3, "{said}");
    assert_eq!((&errors[0]["line"], &errors[0]["column"], &errors[0]["width"]), (&8.into(), &3.into(), &7.into()));
    assert_eq!(errors[0]["file"], "master.cfg");
    assert_eq!(
        check(GOOD, &["--json"]),
        (Some(0), "{\"errors\":[],\"warnings\":[],\"notes\":[],\"inactive\":[]}\n".to_owned())
    );
}

#[test]
fn old_spellings_are_warned_of_and_refused_strictly() {
    let old = GOOD.replace("workernames=", "slavenames=");
    let (code, said) = check(&old, &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("is an old name of 'workernames'"), "{said}");
    assert_eq!(check(&old, &["--strict"]).0, Some(1));
    assert_eq!(check(GOOD, &["--strict"]).0, Some(0));
}

#[test]
fn a_configuration_reads_only_what_it_may() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("title"), "from outside").unwrap();
    let path = directory.path().join("title").display().to_string();
    let text = format!("{GOOD}c['title'] = open({path:?}).read()\n");
    let (code, said) = check(&text, &[]);
    assert!(code == Some(1) && said.contains("lies outside of the master's directory"), "{said}");
    assert_eq!(check(&text, &[&format!("--allow-read={path}")]).0, Some(0));
    let text = format!("{GOOD}import os\nc['title'] = os.environ['SECRET_NAME']\n");
    assert_eq!(check(&text, &[]).0, Some(0));
    assert_eq!(check(&text, &["--deny-env=SECRET_NAME"]).0, Some(1));
}

#[test]
fn old_files_are_printed_with_modern_names() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("master.cfg"), "c['slavePortnum'] = 9989\nc['status'] = []\n").unwrap();
    let output = buildbot(directory.path(), &["migrate"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "c['protocols'] = {'pb': {'port': 9989}}\nc['status'] = []\n");
    assert!(String::from_utf8_lossy(&output.stderr).contains("by hand: master.cfg:2:3: c['status']"));
}

#[test]
fn the_reference_is_printed() {
    let output = buildbot(Path::new("/"), &["dataspec", "--config"]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("# Configuration reference\n"));
}

/// Each ends with a message; what kills the process that reads it does not kill this one.
#[test]
fn files_that_want_to_do_harm_end_with_a_message() {
    let deep_closure =
        "def wrap(inner):\n    return lambda: inner\nx = None\nfor n in range(100000):\n    x = wrap(x)\n";
    let deep_list = "x = []\nfor n in range(1000000):\n    x = [x]\n";
    let cases = [
        ("while True:\n    pass\n", "it runs for too long"),
        ("for n in range(1000000000):\n    pass\n", "it runs for too long"),
        (
            "def f(n):\n    while True:\n        try:\n            n += 1\n        except Exception:\n            pass\nf(0)\n",
            "master.cfg: it ",
        ),
        ("x = [0] * 1000000000\n", "master.cfg: reading it"),
        ("x = 'x' * 10000000000\n", "master.cfg"),
        ("x = list(range(1000000000))\n", "master.cfg"),
        ("x = 10 ** 10 ** 10\n", "is out of range"),
        ("x = 1 << 1000000000\n", "master.cfg"),
        ("def f():\n    return f()\nf()\n", "functions call each other too deeply"),
        ("def f():\n    try:\n        return f()\n    except Exception:\n        return 1\nf()\n", "too deeply"),
        (deep_closure, "master.cfg: "),
        (deep_list, "nested too deeply"),
        ("import re\nre.match('(a+)+$', 'a' * 40 + 'b')\nre.match(r'(a+)\\1+$', 'a' * 5000 + 'b')\n", "master.cfg"),
        ("import re\nre.compile('(((a{1,1000}){1,1000}){1,1000})')\n", "master.cfg"),
        (
            "import yaml\na = 'a: &a [x,x,x,x,x,x,x,x,x]\\n'\nfor n in range(30):\n    a += 'k%d: &k%d [*a,*a,*a]\\n' % (n, n)\nyaml.safe_load(a + '[' * 5000)\n",
            "master.cfg",
        ),
        ("import itertools\nlist(itertools.product(*[range(100)] * 10))\n", "more than 100000 results"),
        ("x = open('/etc/shadow').read()\n", "lies outside"),
        ("import master\n", "master.cfg"),
        ("class A:\n    def __init__(self):\n        A()\nA()\n", "too deeply"),
        ("'%0999999999d' % 1\n", "too wide"),
    ];
    for (text, expected) in cases {
        let (code, said) = check(text, &[]);
        assert_eq!(code, Some(1), "{text}: {said}");
        assert!(said.contains(expected), "{text}: {said}");
        assert!(said.starts_with("master.cfg"), "{text}: {said}");
    }
}

/// Operations that are one step for the engine, and last for hours, or take all memory: the process that tries is ended.
#[test]
fn one_operation_without_end_is_ended_with_a_word() {
    let cases = [
        ("x = 10**18\nfor i in range(100): x = x*x\n", "reading it hangs: a number, a text or a list"),
        ("x, y = [], []\nfor i in range(60): x, y = [x, x], [y, y]\nz = x == y\n", "reading it hangs"),
        ("x = int('9' * 2000000)\n", "reading it hangs"),
        ("x = 'a' * 100000000\nfor i in range(100000): 'b' in x\n", "reading it hangs"),
        ("x = [0] * 10**9\n", "a value is too large, or nested too deeply"),
        ("x = ','.join(['a' * 1000000] * 1000000)\n", "a value is too large, or nested too deeply"),
    ];
    for (text, expected) in cases {
        let (code, said) = check(text, &[]);
        assert!(code == Some(1) && said.contains(expected), "{text}: {said}");
    }
}

/// It has the flags of `start`, the environment, and a child that reads the file first.
#[test]
fn a_clean_up_without_a_master_reads_the_file_as_a_start_does() {
    let (directory, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = outside.path().join("title").display().to_string();
    fs::write(&path, "from outside").unwrap();
    let clean_up = |text: &str, arguments: &[&str]| {
        fs::write(directory.path().join("master.cfg"), text).unwrap();
        let output = buildbot(directory.path(), &[&["cleanupdb", "--dry-run"], arguments].concat());
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    let text = format!("{GOOD}import os\nc['title'] = open({path:?}).read() + os.environ['SECRET_NAME']\n");
    let (code, said) = clean_up(&text, &[]);
    assert!(code == Some(1) && said.contains("lies outside of the master's directory"), "{said}");
    let (code, said) = clean_up(&text, &[&format!("--allow-read={path}")]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(clean_up(&text, &[&format!("--allow-read={path}"), "--deny-env=SECRET_NAME"]).0, Some(1));
    let (code, said) = clean_up("x = [0] * 1000000000\n", &[]);
    assert!(code == Some(1) && said.contains("master.cfg: reading it killed its process"), "{said}");
}
