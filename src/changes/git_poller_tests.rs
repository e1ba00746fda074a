//! Polls of real repositories.

use std::process::Command;
use std::sync::Arc;

use super::*;
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{ScriptError, Timestamp};

/// A remote repository, a clone to push from, and a poller.
struct World {
    directory: tempfile::TempDir,
    config: GitPollerConfig,
    state: String,
    commits_per_poll: usize,
    n_commits: i64,
}

impl World {
    fn new(branches: BranchChoice) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = GitPollerConfig {
            repourl: directory.path().join("remote").display().to_string().into(),
            branches,
            workdir: None,
            poll_interval: Duration::from_secs(600),
            poll_random_delay_min: Duration::ZERO,
            poll_random_delay_max: Duration::ZERO,
            poll_at_launch: true,
            build_pushes_with_no_commits: false,
            only_tags: false,
            git_binary: "git".to_owned(),
            category: None,
            project: None,
            codebase: None,
            use_timestamps: true,
            encoding: "utf-8".to_owned(),
        };
        let world = Self { directory, config, state: "{}".to_owned(), commits_per_poll: 1000, n_commits: 0 };
        world.git(".", &["init", "--quiet", "--bare", "-b", "main", "remote"]);
        world.git(".", &["init", "--quiet", "-b", "main", "clone"]);
        world.git("clone", &["remote", "add", "origin", "../remote"]);
        world
    }

    fn git(&self, directory: &str, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@x", "-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.directory.path().join(directory))
            .env("GIT_COMMITTER_DATE", format!("@{} +0000", 1_700_000_000 + self.n_commits))
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Commits in the clone, and answers the commit's id.
    fn commit(&mut self, message: &str) -> String {
        self.n_commits += 1;
        let file = self.directory.path().join("clone").join(format!("{message}.txt"));
        std::fs::write(file, self.n_commits.to_string()).unwrap();
        self.git("clone", &["add", "--all"]);
        self.git("clone", &["commit", "--quiet", "-m", message]);
        self.git("clone", &["rev-parse", "HEAD"])
    }

    fn push(&self, what: &[&str]) {
        self.git("clone", &[&["push", "--quiet", "--force", "origin"], what].concat());
    }

    fn poller(&self) -> GitPoller {
        GitPoller::new(self.config.clone(), self.directory.path()).with_commits_per_poll(self.commits_per_poll)
    }

    /// Polls and stores, as if the master had been started just now.
    async fn poll(&mut self) -> Vec<NewChange> {
        let mut poller = self.poller();
        self.poll_with(&mut poller).await
    }

    async fn poll_with(&mut self, poller: &mut GitPoller) -> Vec<NewChange> {
        let polled = poller.poll(&self.state).await.unwrap();
        self.state = polled.state;
        polled.changes
    }
}

/// Branch and first line of each change.
fn told(changes: &[NewChange]) -> Vec<(&str, &str)> {
    let line = |change: &'_ NewChange| change.comments.lines().next().unwrap_or_default().len();
    changes.iter().map(|change| (change.branch.as_deref().unwrap(), &change.comments[..line(change)])).collect()
}

struct Named;

impl ScriptFunction for Named {
    fn call(&self, _: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        Ok(PropertyValue::Null)
    }

    fn name(&self) -> &str {
        "choose"
    }

    fn location(&self) -> &str {
        "master.cfg:1"
    }

    fn digest(&self) -> &str {
        "choose"
    }
}

#[tokio::test]
async fn the_first_poll_records_and_the_next_reports() {
    let mut world = World::new(BranchChoice::Default);
    world.commit("one");
    world.push(&["main"]);
    assert!(world.poll().await.is_empty());
    let (two, three) = (world.commit("two"), world.commit("three"));
    world.push(&["main"]);
    let changes = world.poll().await;
    assert_eq!(told(&changes), [("main", "two"), ("main", "three")]);
    assert_eq!(changes.iter().map(|change| change.revision.clone().unwrap()).collect::<Vec<_>>(), [two, three]);
    assert_eq!(changes[0].author, "Ann <ann@x>");
    assert_eq!(changes[0].committer.as_deref(), Some("Ann <ann@x>"));
    assert_eq!(changes[0].files, ["two.txt"]);
    assert_eq!(changes[0].when, Some(Timestamp::from_secs(1_700_000_002)));
    assert_eq!(changes[0].repository, world.config.repourl.shown());
    let state = world.state.clone();
    assert!(world.poll().await.is_empty());
    assert_eq!(world.state, state, "a poll that finds nothing leaves the state as it is");
}

#[tokio::test]
async fn a_poll_whose_outcome_was_lost_is_made_again() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    world.commit("two");
    world.push(&["main"]);
    let before = world.state.clone();
    let first = world.poll().await;
    world.state = before;
    let second = world.poll().await;
    assert_eq!(first.len(), 1);
    assert_eq!(first, second, "delivery keys included");
}

#[tokio::test]
async fn the_state_survives_the_loss_of_the_directory() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    std::fs::remove_dir_all(world.directory.path().join(WORKDIR)).unwrap();
    world.commit("two");
    world.push(&["main"]);
    assert_eq!(told(&world.poll().await), [("main", "two")]);
}

#[tokio::test]
async fn of_a_position_that_is_gone_only_the_tip_is_new() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    world.state = format!(r#"{{"main":"{}"}}"#, "1".repeat(40));
    world.commit("two");
    world.push(&["main"]);
    assert_eq!(told(&world.poll().await), [("main", "two")]);
    assert!(world.poll().await.is_empty());
}

#[tokio::test]
async fn a_new_branch_brings_what_no_other_branch_has() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    world.commit("two");
    world.push(&["main"]);
    world.git("clone", &["checkout", "--quiet", "-b", "dev"]);
    world.commit("three");
    world.push(&["dev", "dev:same"]);
    assert_eq!(told(&world.poll().await), [("main", "two"), ("dev", "three")]);
    world.git("clone", &["checkout", "--quiet", "main"]);
    world.git("clone", &["merge", "--quiet", "--no-ff", "-m", "merge", "dev"]);
    world.push(&["main"]);
    let changes = world.poll().await;
    assert_eq!(told(&changes), [("main", "merge")]);
    assert_eq!(changes[0].files, ["three.txt"], "what the merge brought to its first parent");
}

#[tokio::test]
async fn a_rewritten_history_repeats_nothing_and_misses_nothing() {
    let mut world = World::new(BranchChoice::Named(vec!["main".to_owned()]));
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    world.commit("two");
    world.commit("three");
    world.push(&["main"]);
    world.poll().await;
    world.git("clone", &["reset", "--quiet", "--hard", "HEAD~1"]);
    world.commit("four");
    world.push(&["main"]);
    assert_eq!(told(&world.poll().await), [("main", "four")]);
    world.git("clone", &["reset", "--quiet", "--hard", "HEAD~1"]);
    world.push(&["main"]);
    assert!(world.poll().await.is_empty(), "a branch that went back brings nothing");
    world.config.build_pushes_with_no_commits = true;
    world.git("clone", &["reset", "--quiet", "--hard", "HEAD~1"]);
    world.push(&["main"]);
    assert_eq!(told(&world.poll().await), [("main", "one")]);
}

#[tokio::test]
async fn a_commit_that_comes_back_is_delivered_anew() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    let two = world.commit("two");
    let mut keys = BTreeSet::new();
    for _ in 0..2 {
        world.push(&[&format!("{two}:refs/heads/main")]);
        let changes = world.poll().await;
        assert_eq!(told(&changes), [("main", "two")]);
        keys.insert(changes[0].delivery_key.clone());
        world.push(&["HEAD~1:refs/heads/main"]);
        assert!(world.poll().await.is_empty());
    }
    assert_eq!(keys.len(), 2);
}

#[tokio::test]
async fn a_branch_may_make_room_for_a_folder_of_branches() {
    let mut world = World::new(BranchChoice::All);
    world.commit("one");
    world.push(&["main", "main:a"]);
    world.poll().await;
    world.push(&[":a"]);
    world.commit("two");
    world.push(&["main:a/b"]);
    assert_eq!(told(&world.poll().await), [("a/b", "two")]);
    assert!(!world.state.contains("\"a\""), "{}", world.state);
}

#[tokio::test]
async fn a_long_history_comes_in_parts() {
    let mut world = World::new(BranchChoice::All);
    world.commit("base");
    world.push(&["main"]);
    world.poll().await;
    // Two lines of work that are merged, so that no single commit marks how far a part went.
    world.git("clone", &["checkout", "--quiet", "-b", "side"]);
    let mut expected = BTreeSet::from([world.commit("s1"), world.commit("s2"), world.commit("s3")]);
    world.git("clone", &["checkout", "--quiet", "main"]);
    expected.extend([world.commit("m1"), world.commit("m2"), world.commit("m3")]);
    world.git("clone", &["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    expected.insert(world.commit("end"));
    world.push(&["main"]);
    world.commits_per_poll = 2;
    let mut reported = Vec::new();
    let mut more = true;
    while more {
        let polled = world.poller().poll(&world.state).await.unwrap();
        assert!(polled.changes.len() <= 2);
        reported.extend(polled.changes.into_iter().map(|change| change.revision.unwrap()));
        (more, world.state) = (polled.more, polled.state);
    }
    assert_eq!(reported.len(), 8, "nothing comes twice");
    assert!(expected.iter().all(|commit| reported.contains(commit)));
    assert!(world.poll().await.is_empty());
}

#[tokio::test]
async fn only_named_branches_are_watched() {
    let mut world = World::new(BranchChoice::Named(vec!["main".to_owned(), "gone".to_owned()]));
    world.commit("one");
    // The remote lists this one too when asked for `refs/heads/main`.
    let alike = "main:refs/heads/refs/heads/main";
    world.push(&["main", alike]);
    world.poll().await;
    world.commit("two");
    world.push(&[alike]);
    assert!(world.poll().await.is_empty());
    world.git("remote", &["update-ref", "refs/heads/main", "refs/heads/refs/heads/main"]);
    assert_eq!(told(&world.poll().await), [("main", "two")]);
}

#[tokio::test]
async fn tags_are_watched_if_asked_for() {
    let mut world = World::new(BranchChoice::All);
    world.config.only_tags = true;
    world.commit("one");
    world.git("clone", &["tag", "v1"]);
    world.push(&["main", "v1"]);
    world.poll().await;
    world.commit("two");
    world.git("clone", &["tag", "-a", "-m", "second", "v2"]);
    world.push(&["main", "v2"]);
    assert_eq!(told(&world.poll().await), [("refs/tags/v2", "two")]);
    let state = world.state.clone();
    assert!(world.poll().await.is_empty());
    assert_eq!(world.state, state);
}

#[tokio::test]
async fn a_function_may_choose_branches_and_name_the_category() {
    let function = Callback(Arc::new(Named));
    let mut world = World::new(BranchChoice::Function(function.clone()));
    world.config.category = Some(ChangeText::Function(function));
    world.config.project = Some(ChangeText::Fixed("proj".to_owned()));
    let call: CallFunction = Arc::new(|_, arguments| {
        let answer = match &arguments[0] {
            ScriptValue::Data(PropertyValue::Str(reference)) => (reference == "refs/heads/main").into(),
            ScriptValue::Data(PropertyValue::Map(facts)) => facts["branch"].clone(),
            other => panic!("{other:?}"),
        };
        Box::pin(async move { Ok(answer) })
    });
    world.commit("one");
    world.push(&["main", "main:dev"]);
    let mut poller = world.poller().with_functions(call);
    world.poll_with(&mut poller).await;
    world.commit("two");
    world.push(&["main", "main:dev"]);
    let changes = world.poll_with(&mut poller).await;
    assert_eq!(told(&changes), [("main", "two")]);
    assert_eq!((changes[0].category.as_deref(), changes[0].project.as_str()), (Some("main"), "proj"));
    let error = world.poller().poll(&world.state).await.unwrap_err();
    assert_eq!(error, PollError::Function("choose cannot be called here".to_owned()));
}

#[tokio::test]
async fn strange_names_messages_and_renames_come_through() {
    let mut world = World::new(BranchChoice::Default);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    world.git("clone", &["mv", "one.txt", "a\nb \u{fc}.txt"]);
    world.git("clone", &["commit", "--quiet", "-m", "subject\n\nbody //\nend\n"]);
    world.git("clone", &["commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", ""]);
    world.push(&["main"]);
    let changes = world.poll().await;
    assert_eq!(changes[0].comments, "subject\n\nbody //\nend");
    assert_eq!(changes[0].files, ["a\nb \u{fc}.txt", "one.txt"]);
    assert_eq!((changes[1].comments.as_str(), changes[1].files.len()), ("", 0));
}

#[tokio::test]
async fn a_remote_that_is_away_is_an_error_and_loses_nothing() {
    let mut world = World::new(BranchChoice::Default);
    world.commit("one");
    world.push(&["main"]);
    world.poll().await;
    let remote = world.directory.path().join("remote");
    let aside = world.directory.path().join("aside");
    std::fs::rename(&remote, &aside).unwrap();
    let error = world.poller().poll(&world.state).await.unwrap_err();
    assert!(matches!(&error, PollError::Git { command, .. } if command == "ls-remote"), "{error}");
    assert_eq!(error.to_string().lines().count(), 1);
    std::fs::rename(&aside, &remote).unwrap();
    world.commit("two");
    world.push(&["main"]);
    assert_eq!(told(&world.poll().await), [("main", "two")]);
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_stands_still_while_git_works() {
    let mut world = World::new(BranchChoice::Default);
    world.commit("one");
    world.push(&["main"]);
    assert!(world.poll().await.is_empty());
    assert!(world.state.contains("main"));
}

#[tokio::test]
async fn an_empty_repository_is_no_error() {
    let mut world = World::new(BranchChoice::Default);
    assert!(world.poll().await.is_empty());
    assert_eq!(world.state, "{}");
}
