//! What a checkout does when something fails.

use std::time::Duration;

use crate::domain::Results;
use crate::steps::config::{GitConfig, GitMode, StepConfig, StepKind};
use crate::steps::{BuildEnv, Fault, StepContext, make};
use crate::testing::plain_steps::{plain_common, plain_git, plain_stamp};
use crate::testing::scripted_context::{Answer, ScriptedContext};

const HEAD: &str = "0123456789012345678901234567890123456789";
const CLONE: &str = "git clone repo . --progress";
const FETCH: &str = "git fetch -f --progress repo HEAD";

fn context() -> ScriptedContext {
    ScriptedContext::new()
        .with_stamp(plain_stamp("", None, None))
        .answer("git --version", Answer::stdout("git version 2.47.3\n"))
        .answer("git rev-parse HEAD", Answer::stdout(HEAD))
}

fn with_repository() -> ScriptedContext {
    context().answer("listdir", Answer::files(&[".git"]))
}

async fn run(config: GitConfig, context: &ScriptedContext) -> Result<Results, Fault> {
    let config = StepConfig { common: plain_common("git"), kind: StepKind::Git(config) };
    make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
}

fn mode(mode: GitMode) -> GitConfig {
    GitConfig { mode, ..plain_git("repo") }
}

#[tokio::test]
async fn a_failed_fetch_fails_the_step() {
    let context = with_repository().answer("git fetch", Answer::rc(128));
    assert_eq!(run(plain_git("repo"), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.commands(), ["git --version", "listdir /w/b/build", FETCH]);
    assert_eq!(context.states(), ["updating", "update (failure)"]);
    assert!(!context.properties().has("got_revision"));
}

#[tokio::test]
async fn a_fetch_that_timed_out_says_so() {
    let context = with_repository().answer("git fetch", Answer::killed("timeout_without_output"));
    assert_eq!(run(plain_git("repo"), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.states(), ["updating", "update (failure) (timed out)"]);
}

#[tokio::test]
async fn retry_fetch_fetches_once_more() {
    let context = with_repository().answer("git fetch", Answer::rc(1));
    let config = GitConfig { retry_fetch: true, ..plain_git("repo") };
    assert_eq!(run(config, &context).await.unwrap(), Results::Success);
    assert_eq!(context.commands()[2..5], [FETCH, FETCH, "git checkout -f FETCH_HEAD"]);
}

#[tokio::test]
async fn clobber_on_failure_clones_anew() {
    for failing in ["git fetch", "git checkout"] {
        let context = with_repository().answer(failing, Answer::rc(128));
        let config = GitConfig { clobber_on_failure: true, ..plain_git("repo") };
        assert_eq!(run(config, &context).await.unwrap(), Results::Success);
        let commands = context.commands();
        assert_eq!(commands[commands.len() - 3..], ["rmdir /w/b/build", CLONE, "git rev-parse HEAD"]);
    }
}

#[tokio::test]
async fn full_modes_recover_from_a_damaged_tree() {
    for (mode_, failing) in [
        (GitMode::Fresh, "git clean"),
        (GitMode::Fresh, "git checkout"),
        (GitMode::Clean, "git clean"),
        (GitMode::Copy, "git checkout"),
    ] {
        let context = with_repository().answer(failing, Answer::rc(128));
        assert_eq!(run(mode(mode_), &context).await.unwrap(), Results::Success, "{mode_:?} {failing}");
        assert!(context.commands().contains(&CLONE.to_owned()), "{mode_:?} {failing}");
    }
}

#[tokio::test]
async fn full_modes_keep_the_tree_when_the_other_repository_is_away() {
    let context = with_repository().answer("git fetch", Answer::rc(128)).answer("git ls-remote", Answer::rc(128));
    assert_eq!(run(mode(GitMode::Fresh), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.commands()[3..], [FETCH, "git ls-remote repo HEAD"]);
    assert_eq!(context.arguments(4).get("workdir"), Some(&"/w/b".into()));

    let context = with_repository().answer("git fetch", Answer::rc(128));
    assert_eq!(run(mode(GitMode::Fresh), &context).await.unwrap(), Results::Success);
    assert!(context.commands().contains(&CLONE.to_owned()));
}

#[tokio::test]
async fn incremental_leaves_a_damaged_tree_alone() {
    let context = with_repository().answer("git checkout", Answer::rc(128));
    assert_eq!(run(plain_git("repo"), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.commands()[2..], [FETCH, "git checkout -f FETCH_HEAD"]);
}

#[tokio::test]
async fn a_clone_is_tried_again_after_the_delay() {
    let config = GitConfig { retry: Some((Duration::from_secs(10), 2)), ..plain_git("repo") };
    let context = context().answer(CLONE, Answer::rc(128)).answer(CLONE, Answer::rc(128));
    assert_eq!(run(config.clone(), &context).await.unwrap(), Results::Success);
    let tried = [CLONE, "rmdir /w/b/build", CLONE, "rmdir /w/b/build", CLONE];
    assert_eq!(context.commands()[2..7], tried);
    assert_eq!(context.sleeps(), [Duration::from_secs(10); 2]);

    let context =
        self::context().answer(CLONE, Answer::rc(1)).answer(CLONE, Answer::rc(1)).answer(CLONE, Answer::rc(1));
    assert_eq!(run(config, &context).await.unwrap(), Results::Failure);
    assert_eq!(context.commands()[2..], tried);
}

#[tokio::test]
async fn a_branch_that_is_gone_does_no_harm_to_a_known_revision() {
    let context = ScriptedContext::new()
        .with_stamp(plain_stamp("", Some("gone"), Some("abc")))
        .answer("git --version", Answer::stdout("git version 2.47.3\n"))
        .answer("git rev-parse HEAD", Answer::stdout(HEAD))
        .answer("listdir", Answer::files(&[".git"]))
        .answer("git fetch -f --progress repo gone", Answer::rc(128));
    assert_eq!(run(plain_git("repo"), &context).await.unwrap(), Results::Success);
    assert_eq!(
        context.commands()[2..6],
        [
            "git fetch -f --progress repo gone",
            "git fetch -f --progress repo abc",
            "git cat-file -e abc^{commit}",
            "git checkout -f abc"
        ]
    );
}

#[tokio::test]
async fn a_worker_without_git_is_a_fault() {
    let context = ScriptedContext::new().with_stamp(plain_stamp("", None, None)).answer("git", Answer::rc(1));
    let fault = run(plain_git("repo"), &context).await.unwrap_err();
    assert_eq!(fault.to_string(), "git is not installed on the worker");
}

#[tokio::test]
async fn a_stop_or_a_lost_worker_ends_it_at_once() {
    let context = with_repository().fault("git fetch", Fault::Interrupted("enough".to_owned()));
    let config = GitConfig { retry_fetch: true, clobber_on_failure: true, ..plain_git("repo") };
    assert!(matches!(run(config.clone(), &context).await, Err(Fault::Interrupted(_))));
    assert_eq!(context.commands().last().map(String::as_str), Some(FETCH));
    assert_eq!(context.states(), ["updating", "update"]);

    let context = with_repository().fault("git checkout", Fault::WorkerLost("gone".to_owned()));
    assert!(matches!(run(config, &context).await, Err(Fault::WorkerLost(_))));
}

#[tokio::test]
async fn a_build_without_the_codebase_fails_and_says_so() {
    let context = context();
    let config = GitConfig { codebase: "fe".to_owned(), ..plain_git("repo") };
    assert_eq!(run(config, &context).await.unwrap(), Results::Failure);
    assert!(context.commands().is_empty());
    assert_eq!(context.states(), ["updating fe", "Codebase fe not in build (failure)"]);
}

#[tokio::test]
async fn a_directory_that_cannot_be_removed_fails_the_step() {
    let context = context().answer("rmdir", Answer::rc(13));
    assert_eq!(run(mode(GitMode::Clobber), &context).await.unwrap(), Results::Failure);
    assert_eq!(context.commands(), ["git --version", "rmdir /w/b/build"]);
}

#[tokio::test]
async fn a_description_that_git_does_not_find_is_no_failure() {
    let context = context().answer("git describe", Answer::rc(128));
    let config = GitConfig { get_description: Some(Default::default()), ..plain_git("repo") };
    assert_eq!(run(config, &context).await.unwrap(), Results::Success);
    assert!(!context.properties().has("commit-description"));
}
