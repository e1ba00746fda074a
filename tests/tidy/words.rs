//! Words that mean something has left its room.

use super::source::Source;

/// A word, and the beginnings of the paths in which it may stand.
struct Rule {
    word: &'static str,
    allowed: &'static [&'static str],
    /// Where the rule holds at all.
    within: &'static str,
    why: &'static str,
}

const NOWHERE: &[&str] = &[];
const PURE: &str = "the room is pure: it decides, actors act";

/// The edges, and the configuration language, whose interface is made of it.
const ANYHOW: &[&str] =
    &["src/main.rs", "src/cli/", "src/master", "src/config/script", "worker/src/main.rs", "worker/src/cli"];

/// What a static must not be made of: it would be state that nobody owns.
const CHANGEABLE: [&str; 5] = ["OnceLock<", "OnceCell<", "Mutex<", "RwLock<", "Atomic"];

const RULES: &[Rule] = &[
    rule("Addr<", &["src/actors/supervisor/", "src/web/live", "src/master"], "actors know each other as Tell and Ask"),
    rule("Recipient<", &["src/actors/supervisor/", "src/web/live"], "actors know each other as Tell and Ask"),
    rule("diesel::", &["src/db/", "src/testing/"], "SQL lives in db"),
    rule("actix_web", &["src/web/", "src/master"], "HTTP lives in web"),
    rule("starlark::", &["src/config/script"], "the language lives in config/script"),
    rule("serde_json", &["src/json.rs"], "json.rs says why it is the only door"),
    rule("minijinja", &["src/web/", "src/reporters/"], "templates are for pages and mail"),
    rule("SyncArbiter", NOWHERE, "a panic ends its thread for ever"),
    rule("Arbiter", &["src/master"], "threads are the business of master"),
    rule(
        "thread::spawn",
        &["src/master", "src/config/script", "src/config/precheck.rs", "worker/src/"],
        "threads are the business of master",
    ),
    rule("from_registry", NOWHERE, "wiring is explicit"),
    rule("SystemService", NOWHERE, "wiring is explicit"),
    rule("static mut", NOWHERE, "there is no global state"),
    rule("lazy_static", NOWHERE, "there is no global state"),
    rule("anyhow", ANYHOW, "errors have types"),
    rule("env::var", &["src/cli/", "worker/src/"], "the environment is read at the command line only"),
    rule("allow(clippy", NOWHERE, "use expect, with a reason"),
    within("src/domain/", "serde", "domain types are plain"),
    within("src/domain/", "actix", "domain types are plain"),
    within("src/domain/", "tokio", "domain types are plain"),
    within("src/schedulers/", "async ", PURE),
    within("src/schedulers/", "actix", PURE),
    within("src/dispatch/", "async ", PURE),
    within("src/dispatch/", "actix", PURE),
    within("src/locks/", "async ", PURE),
    within("src/locks/", "actix", PURE),
    within("protocol/src/", "tokio", "the protocol is bytes and messages, without sockets or clocks"),
    within("protocol/src/", "std::net", "the protocol is bytes and messages, without sockets or clocks"),
    within("worker/src/", "actix", "the worker is a small program"),
];

const fn rule(word: &'static str, allowed: &'static [&'static str], why: &'static str) -> Rule {
    Rule { word, allowed, within: "", why }
}

const fn within(within: &'static str, word: &'static str, why: &'static str) -> Rule {
    Rule { word, allowed: NOWHERE, within, why }
}

pub fn objections(sources: impl Iterator<Item = Source>) -> Vec<String> {
    let mut objections = Vec::new();
    for source in sources {
        let applies = |rule: &&Rule| {
            let is_allowed = rule.allowed.iter().any(|beginning| source.path.starts_with(beginning));
            source.path.starts_with(rule.within) && !is_allowed
        };
        let rules: Vec<&Rule> = RULES.iter().filter(applies).collect();
        for (n, line) in source.code.lines().enumerate().filter(|(n, _)| !source.is_test_line(n + 1)) {
            for rule in rules.iter().filter(|rule| has_word(line, rule.word)) {
                objections.push(format!("{}:{}: {} ({})", source.path, n + 1, rule.word.trim(), rule.why));
            }
            if is_changing_static(line) {
                objections.push(format!("{}:{}: a static that changes (there is no global state)", source.path, n + 1));
            }
        }
    }
    objections
}

fn is_changing_static(line: &str) -> bool {
    let item = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(crate) ");
    item.starts_with("static ") && CHANGEABLE.iter().any(|word| item.contains(word))
}

/// Whether the word stands in the line, and not as the end of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let begins_word = |at: usize| !line[..at].ends_with(|c: char| c == '_' || c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| begins_word(at))
}

#[test]
fn a_word_outside_its_room_is_objected_to() {
    let text =
        "use diesel::prelude;\n// diesel::\nlet a: WeakAddr<X>;\n#[cfg(test)]\nmod tests {\n    use diesel::x;\n}";
    let sources = [Source::new("src/web/x.rs", text), Source::new("src/db/x.rs", text)];
    assert_eq!(objections(sources.into_iter()), ["src/web/x.rs:1: diesel:: (SQL lives in db)"]);
}

#[test]
fn a_rule_for_one_room_leaves_others_alone() {
    let text = "pub async fn f() {}\n";
    let sources = [Source::new("src/schedulers/x.rs", text), Source::new("src/web/x.rs", text)];
    assert_eq!(objections(sources.into_iter()), [format!("src/schedulers/x.rs:1: async ({PURE})")]);
}

#[test]
fn a_static_that_changes_is_objected_to_and_a_constant_is_not() {
    let text = "static A: AtomicU64 = x;\nstatic B: LazyLock<Regex> = x;\nfn f(c: &'static Mutex<u8>) {}\n";
    let objections = objections([Source::new("src/web/x.rs", text)].into_iter());
    assert_eq!(objections, ["src/web/x.rs:1: a static that changes (there is no global state)"]);
}
