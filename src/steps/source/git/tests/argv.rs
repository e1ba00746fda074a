//! The commands of every mode and option, word for word.

use std::collections::BTreeMap;

use buildbot_protocol::Value;

use crate::domain::{PropertyValue, Results};
use crate::steps::config::{GitConfig, GitMode, StepConfig, StepKind};
use crate::steps::{BuildEnv, StepContext, make};
use crate::testing::plain_steps::{plain_change, plain_common, plain_git, plain_stamp};
use crate::testing::scripted_context::{Answer, ScriptedContext};

const HEAD: &str = "0123456789012345678901234567890123456789";

fn context(branch: Option<&str>, revision: Option<&str>) -> ScriptedContext {
    ScriptedContext::new()
        .with_stamp(plain_stamp("", branch, revision))
        .answer("git --version", Answer::stdout("git version 2.47.3\n"))
        .answer("git rev-parse HEAD", Answer::stdout(&format!("{HEAD}\n")))
}

fn with_repository(context: ScriptedContext) -> ScriptedContext {
    context.answer("listdir", Answer::files(&["README", ".git"]))
}

async fn run(config: GitConfig, context: &ScriptedContext) -> Results {
    let config = StepConfig { common: plain_common("git"), kind: StepKind::Git(config) };
    make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await.unwrap()
}

/// The commands between `git --version` and `git rev-parse HEAD`.
async fn middle(config: GitConfig, context: ScriptedContext) -> Vec<String> {
    assert_eq!(run(config, &context).await, Results::Success, "{:?}", context.commands());
    let commands = context.commands();
    let [first, middle @ .., last] = commands.as_slice() else { panic!("{commands:?}") };
    assert_eq!((first.as_str(), last.as_str()), ("git --version", "git rev-parse HEAD"));
    middle.to_vec()
}

fn mode(mode: GitMode) -> GitConfig {
    GitConfig { mode, ..plain_git("repo") }
}

#[tokio::test]
async fn incremental_clones_into_an_empty_place() {
    assert_eq!(
        middle(plain_git("repo"), context(None, None)).await,
        ["listdir /w/b/build", "git clone repo . --progress"]
    );
}

#[tokio::test]
async fn incremental_removes_what_is_no_repository() {
    let context = context(None, None).answer("listdir", Answer::files(&["README"]));
    assert_eq!(
        middle(plain_git("repo"), context).await,
        ["listdir /w/b/build", "rmdir /w/b/build", "git clone repo . --progress"]
    );
}

#[tokio::test]
async fn incremental_fetches_into_a_repository() {
    assert_eq!(
        middle(plain_git("repo"), with_repository(context(None, None))).await,
        ["listdir /w/b/build", "git fetch -f --progress repo HEAD", "git checkout -f FETCH_HEAD"]
    );
}

#[tokio::test]
async fn a_branch_is_cloned_or_fetched_and_named() {
    assert_eq!(
        middle(plain_git("repo"), context(Some("dev"), None)).await,
        ["listdir /w/b/build", "git clone --branch dev repo . --progress"]
    );
    assert_eq!(
        middle(plain_git("repo"), with_repository(context(Some("dev"), None))).await,
        ["listdir /w/b/build", "git fetch -f --progress repo dev", "git checkout -f FETCH_HEAD", "git checkout -B dev"]
    );
}

#[tokio::test]
async fn a_ref_that_is_no_branch_is_fetched_after_the_clone() {
    let reference = "refs/pull/7/head";
    assert_eq!(
        middle(plain_git("repo"), context(Some(reference), None)).await,
        [
            "listdir /w/b/build",
            "git clone repo . --progress",
            "git fetch -f --progress repo refs/pull/7/head",
            "git checkout -f FETCH_HEAD"
        ]
    );
}

#[tokio::test]
async fn a_revision_is_checked_out_once_it_is_there() {
    assert_eq!(
        middle(plain_git("repo"), with_repository(context(None, Some("abc")))).await,
        [
            "listdir /w/b/build",
            "git fetch -f --progress repo HEAD",
            "git cat-file -e abc^{commit}",
            "git checkout -f abc"
        ]
    );
    let missing = context(None, Some("abc")).answer("git cat-file", Answer::rc(128));
    assert_eq!(
        middle(plain_git("repo"), missing).await,
        [
            "listdir /w/b/build",
            "git clone repo . --progress",
            "git cat-file -e abc^{commit}",
            "git fetch -f --progress repo abc",
            "git checkout -f abc"
        ]
    );
}

#[tokio::test]
async fn always_use_latest_forgets_branch_and_revision() {
    let config = GitConfig { always_use_latest: true, branch: "stable".into(), ..plain_git("repo") };
    assert_eq!(
        middle(config, with_repository(context(Some("dev"), Some("abc")))).await,
        [
            "listdir /w/b/build",
            "git fetch -f --progress repo stable",
            "git checkout -f FETCH_HEAD",
            "git checkout -B stable"
        ]
    );
}

#[tokio::test]
async fn clobber_removes_and_clones_without_looking() {
    assert_eq!(
        middle(mode(GitMode::Clobber), context(None, None)).await,
        ["rmdir /w/b/build", "git clone repo . --progress"]
    );
}

#[tokio::test]
async fn fresh_and_clean_differ_in_ignored_files() {
    for (mode_, clean) in [(GitMode::Fresh, "git clean -f -f -d -x"), (GitMode::Clean, "git clean -f -f -d")] {
        assert_eq!(
            middle(mode(mode_), with_repository(context(None, None))).await,
            ["listdir /w/b/build", clean, "git fetch -f --progress repo HEAD", "git checkout -f FETCH_HEAD"]
        );
    }
}

#[tokio::test]
async fn copy_updates_beside_and_copies() {
    assert_eq!(
        middle(mode(GitMode::Copy), with_repository(context(None, None))).await,
        [
            "listdir /w/b/source",
            "git fetch -f --progress repo HEAD",
            "git checkout -f FETCH_HEAD",
            "rmdir /w/b/build",
            "cpdir /w/b/source /w/b/build"
        ]
    );
}

#[tokio::test]
async fn options_of_a_clone_precede_the_repository() {
    let config = GitConfig {
        shallow: Some(3),
        filters: vec!["blob:none".into()],
        reference: Some("/cache".into()),
        origin: Some("upstream".into()),
        progress: false,
        config: BTreeMap::from([("http.proxy".to_owned(), "p".into()), ("a.b".to_owned(), "c d".into())]),
        ..plain_git("repo")
    };
    let context = context(None, None)
        .answer("git -c a.b=c d -c http.proxy=p --version", Answer::stdout("git version 2.47.3\n"))
        .answer("git -c a.b=c d -c http.proxy=p rev-parse HEAD", Answer::stdout(HEAD));
    assert_eq!(run(config, &context).await, Results::Success);
    let words = [
        "git",
        "-c",
        "a.b=c d",
        "-c",
        "http.proxy=p",
        "clone",
        "--depth",
        "3",
        "--filter",
        "blob:none",
        "--reference",
        "/cache",
        "--origin",
        "upstream",
        "repo",
        ".",
    ];
    let words = words.into_iter().map(Value::from).collect();
    assert_eq!(context.arguments(2).get("command"), Some(&Value::Array(words)));
}

#[tokio::test]
async fn an_old_git_clones_without_filters() {
    let context = ScriptedContext::new()
        .with_stamp(plain_stamp("", None, None))
        .answer("git --version", Answer::stdout("git version 2.20.1\n"))
        .answer("git rev-parse", Answer::stdout(HEAD));
    let config = GitConfig { filters: vec!["blob:none".into()], ..plain_git("repo") };
    assert_eq!(middle(config, context).await, ["listdir /w/b/build", "git clone repo . --progress"]);
}

#[tokio::test]
async fn options_of_a_fetch_precede_the_repository() {
    let config = GitConfig { tags: true, shallow: Some(1), progress: false, ..plain_git("repo") };
    assert_eq!(
        middle(config, with_repository(context(None, None))).await[1],
        "git fetch -f --tags --depth 1 repo HEAD"
    );
}

#[tokio::test]
async fn submodules_follow_the_checkout() {
    let config = GitConfig { submodules: true, remote_submodules: true, ..mode(GitMode::Fresh) };
    assert_eq!(
        middle(config, with_repository(context(None, None))).await[3..],
        [
            "git checkout -f FETCH_HEAD",
            "git submodule sync --recursive",
            "git submodule update --init --recursive --force --remote",
            "git submodule foreach --recursive git clean -f -f -d -x"
        ]
    );
}

#[tokio::test]
async fn an_old_worker_is_asked_for_the_repository_itself() {
    let patched = "stat /w/b/build/.buildbot-patched";
    let clean = context(None, None).without_listdir().answer(patched, Answer::rc(2));
    let update = ["git fetch -f --progress repo HEAD", "git checkout -f FETCH_HEAD"];
    let asked = ["stat /w/b/build/.git", patched];
    assert_eq!(middle(plain_git("repo"), clean).await, [asked.as_slice(), &update].concat());
    let dirty = context(None, None).without_listdir();
    let cleaning = ["git clean -f -f -d -x"].as_slice();
    assert_eq!(middle(plain_git("repo"), dirty).await, [asked.as_slice(), cleaning, &update].concat());
}

#[tokio::test]
async fn the_arguments_of_git_are_those_that_a_python_master_sends() {
    let config = GitConfig {
        log_environ: false,
        env: BTreeMap::from([("LANG".to_owned(), "C".into())]),
        ..mode(GitMode::Clobber)
    };
    let context = context(None, None);
    run(config, &context).await;
    let map = |pairs: &[(&str, Value)]| {
        Value::Map(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    };
    let expected = map(&[
        ("workdir", "/w/b/build".into()),
        ("command", Value::Array(vec!["git".into(), "--version".into()])),
        ("env", map(&[("GIT_CEILING_DIRECTORIES", "/w/b".into()), ("LANG", "C".into())])),
        ("want_stdout", true.into()),
        ("want_stderr", true.into()),
        ("logfiles", map(&[])),
        ("timeout", 1200.into()),
        ("maxTime", Value::Nil),
        ("max_lines", Value::Nil),
        ("sigtermTime", 1.into()),
        ("usePTY", false.into()),
        ("logEnviron", false.into()),
        ("initial_stdin", Value::Nil),
    ]);
    assert_eq!(Value::Map(context.arguments(0)), expected);
    let paths = Value::Array(vec!["/w/b/build".into()]);
    let expected = map(&[("paths", paths), ("timeout", 1200.into()), ("logEnviron", false.into())]);
    assert_eq!(Value::Map(context.arguments(1)), expected);
}

#[tokio::test]
async fn properties_say_what_was_checked_out() {
    let config =
        GitConfig { get_description: Some(BTreeMap::from([("tags".to_owned(), true.into())])), ..plain_git("repo") };
    let context = context(None, Some("abc")).answer("git describe --tags HEAD", Answer::stdout("v1-2-gabc\n"));
    assert_eq!(run(config, &context).await, Results::Success);
    let properties = context.properties();
    let all: Vec<_> = properties.iter().map(|(name, property)| (name, &property.value, &*property.source)).collect();
    assert_eq!(
        all,
        [
            ("commit-description", &"v1-2-gabc".into(), "Git"),
            ("got_revision", &HEAD.into(), "Git"),
            ("revision", &"abc".into(), "Git"),
        ]
    );
    assert_eq!(context.states(), ["updating", "update"]);
    assert!(context.unused().is_empty());
}

#[tokio::test]
async fn a_codebase_has_its_own_revision_and_line() {
    let config = GitConfig { codebase: "fe".to_owned(), mode: GitMode::Copy, ..plain_git("repo") };
    let mut change = plain_change(1);
    change.codebase = "fe".to_owned();
    change.revision = Some("abc".to_owned());
    let context = context(None, None)
        .with_stamp(plain_stamp("fe", None, None))
        .with_change(change.into())
        .with_property("got_revision", PropertyValue::Map(BTreeMap::from([("be".to_owned(), "222".into())])));
    assert_eq!(run(config, &context).await, Results::Success);
    let expected = BTreeMap::from([("be".to_owned(), "222".into()), ("fe".to_owned(), HEAD.into())]);
    assert_eq!(context.properties().get("got_revision"), Some(&PropertyValue::Map(expected)));
    assert_eq!(context.commands()[1], "listdir /w/b/source-fe");
    assert!(context.commands().contains(&"git checkout -f abc".to_owned()));
    assert_eq!(context.states(), ["updating fe", "update fe"]);
}
