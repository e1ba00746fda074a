//! The same commands, carried out by a real git on a real repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::domain::{Patch, PropertyValue, Results};
use crate::steps::config::{GitConfig, GitMode, StepConfig, StepKind};
use crate::steps::{BuildEnv, StepContext, make};
use crate::testing::local_executor::local_executor;
use crate::testing::plain_steps::{plain_common, plain_git, plain_stamp};
use crate::testing::scripted_context::ScriptedContext;

/// A repository to clone from and a builder directory to clone to.
struct Lab {
    root: tempfile::TempDir,
}

impl Lab {
    /// With one commit on `main`: files `a` and `.gitignore`, which ignores `*.o`.
    fn new() -> Self {
        let lab = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir_all(lab.upstream()).unwrap();
        fs::create_dir_all(lab.root.path().join("builder")).unwrap();
        lab.git(&["init", "-q", "-b", "main"]);
        fs::write(lab.upstream().join(".gitignore"), "*.o\n").unwrap();
        lab.commit("a", "one");
        lab
    }

    fn upstream(&self) -> PathBuf {
        self.root.path().join("upstream")
    }

    fn tree(&self) -> PathBuf {
        self.root.path().join("builder/build")
    }

    fn environment(&self) -> BTreeMap<String, String> {
        let none = self.root.path().join("none").display().to_string();
        let who = ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"];
        let files = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "HOME"].map(|name| (name.to_owned(), none.clone()));
        who.map(|name| (name.to_owned(), "x".to_owned())).into_iter().chain(files).collect()
    }

    fn git(&self, words: &[&str]) -> String {
        git_in(&self.upstream(), &self.environment(), words)
    }

    /// Commits a file and returns the revision.
    fn commit(&self, file: &str, text: &str) -> String {
        fs::write(self.upstream().join(file), text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", text]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn config(&self, mode: GitMode) -> GitConfig {
        GitConfig { mode, ..plain_git(&format!("file://{}", self.upstream().display())) }
    }

    /// Runs the step for a branch and a revision; returns its result and `got_revision`.
    async fn check_out(&self, config: GitConfig, branch: Option<&str>, revision: Option<&str>) -> (Results, String) {
        let context = self.context(branch, revision);
        let results = step(config, &context).await;
        let got = context.properties().get("got_revision").map(PropertyValue::to_string).unwrap_or_default();
        (results, got)
    }

    fn context(&self, branch: Option<&str>, revision: Option<&str>) -> ScriptedContext {
        let builder = self.root.path().join("builder").display().to_string();
        ScriptedContext::new()
            .with_stamp(plain_stamp("", branch, revision))
            .with_executor(&builder, local_executor(self.environment()))
    }

    fn write(&self, file: &str) {
        fs::write(self.tree().join(file), "left over").unwrap();
    }

    /// Contents of a file of the tree; empty if it is not there.
    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.tree().join(file)).unwrap_or_default()
    }
}

async fn step(config: GitConfig, context: &ScriptedContext) -> Results {
    let config = StepConfig { common: plain_common("git"), kind: StepKind::Git(config) };
    make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await.unwrap()
}

fn git_in(directory: &Path, env: &BTreeMap<String, String>, words: &[&str]) -> String {
    let output = Command::new("git").args(words).current_dir(directory).envs(env).output().unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[tokio::test]
async fn incremental_clones_and_then_follows() {
    let lab = Lab::new();
    let first = lab.git(&["rev-parse", "HEAD"]);
    let config = lab.config(GitMode::Incremental);
    assert_eq!(lab.check_out(config.clone(), None, None).await, (Results::Success, first));
    assert_eq!(lab.read("a"), "one");
    lab.write("a");
    lab.write("untracked");
    lab.write("x.o");
    let second = lab.commit("a", "two");
    assert_eq!(lab.check_out(config, None, None).await, (Results::Success, second));
    assert_eq!([lab.read("a"), lab.read("untracked"), lab.read("x.o")], ["two", "left over", "left over"]);
}

#[tokio::test]
async fn clean_keeps_ignored_files_and_fresh_does_not() {
    let lab = Lab::new();
    for (mode, ignored) in [(GitMode::Clean, "left over"), (GitMode::Fresh, "")] {
        let config = lab.config(mode);
        assert_eq!(lab.check_out(config.clone(), None, None).await.0, Results::Success);
        lab.write("untracked");
        lab.write("x.o");
        let newest = lab.commit("a", &format!("{mode:?}"));
        assert_eq!(lab.check_out(config, None, None).await, (Results::Success, newest));
        assert_eq!([lab.read("untracked"), lab.read("x.o")], [String::new(), ignored.to_owned()], "{mode:?}");
    }
}

#[tokio::test]
async fn clobber_leaves_nothing_behind() {
    let lab = Lab::new();
    let config = lab.config(GitMode::Clobber);
    lab.check_out(config.clone(), None, None).await;
    lab.write(".git/marker");
    assert_eq!(lab.check_out(config, None, None).await.0, Results::Success);
    assert_eq!([lab.read(".git/marker"), lab.read("a")], ["", "one"]);
}

#[tokio::test]
async fn copy_keeps_the_source_apart() {
    let lab = Lab::new();
    let config = lab.config(GitMode::Copy);
    lab.check_out(config.clone(), None, None).await;
    lab.write("built");
    let second = lab.commit("a", "two");
    assert_eq!(lab.check_out(config, None, None).await, (Results::Success, second));
    assert_eq!([lab.read("built"), lab.read("a")], ["", "two"]);
    assert!(lab.root.path().join("builder/source/.git").is_dir());
    assert!(lab.tree().join(".git").is_dir());
}

#[tokio::test]
async fn branches_are_switched_and_named() {
    let lab = Lab::new();
    lab.git(&["checkout", "-q", "-b", "dev"]);
    let dev = lab.commit("a", "on dev");
    lab.git(&["checkout", "-q", "main"]);
    let main = lab.git(&["rev-parse", "HEAD"]);
    let config = lab.config(GitMode::Incremental);
    for (branch, revision, text) in [("dev", &dev, "on dev"), ("main", &main, "one"), ("dev", &dev, "on dev")] {
        let ended = lab.check_out(config.clone(), Some(branch), None).await;
        assert_eq!(ended, (Results::Success, revision.clone()));
        assert_eq!(lab.read("a"), text);
        let name = git_in(&lab.tree(), &lab.environment(), &["rev-parse", "--abbrev-ref", "HEAD"]);
        assert_eq!(name, branch);
    }
}

#[tokio::test]
async fn revisions_and_tags_are_found() {
    let lab = Lab::new();
    let first = lab.git(&["rev-parse", "HEAD"]);
    lab.git(&["tag", "v1"]);
    let second = lab.commit("a", "two");
    for mode in [GitMode::Incremental, GitMode::Clobber, GitMode::Fresh, GitMode::Copy] {
        let config = lab.config(mode);
        assert_eq!(lab.check_out(config.clone(), None, Some(&first)).await, (Results::Success, first.clone()));
        assert_eq!(lab.check_out(config.clone(), None, Some("v1")).await, (Results::Success, first.clone()));
        assert_eq!(lab.check_out(config.clone(), Some("v1"), None).await, (Results::Success, first.clone()));
        assert_eq!(lab.check_out(config, None, None).await, (Results::Success, second.clone()));
    }
}

#[tokio::test]
async fn a_name_given_as_revision_is_followed() {
    let lab = Lab::new();
    let config = lab.config(GitMode::Incremental);
    assert_eq!(lab.check_out(config.clone(), Some("main"), None).await.0, Results::Success);
    let newest = lab.commit("a", "two");
    assert_eq!(lab.check_out(config, None, Some("main")).await, (Results::Success, newest));
}

#[tokio::test]
async fn a_revision_outside_of_a_shallow_clone_is_fetched() {
    let lab = Lab::new();
    let first = lab.git(&["rev-parse", "HEAD"]);
    lab.commit("a", "two");
    let third = lab.commit("a", "three");
    let config = GitConfig { shallow: Some(1), ..lab.config(GitMode::Incremental) };
    assert_eq!(lab.check_out(config.clone(), None, Some(&first)).await, (Results::Success, first));
    assert_eq!(lab.check_out(config, None, None).await, (Results::Success, third));
    let n_commits = git_in(&lab.tree(), &lab.environment(), &["rev-list", "--count", "HEAD"]);
    assert_eq!(n_commits, "1");
}

#[tokio::test]
async fn a_revision_survives_the_deletion_of_its_branch() {
    let lab = Lab::new();
    lab.git(&["checkout", "-q", "-b", "topic"]);
    let topic = lab.commit("a", "topic");
    let config = lab.config(GitMode::Incremental);
    assert_eq!(lab.check_out(config.clone(), Some("topic"), None).await, (Results::Success, topic.clone()));
    lab.git(&["checkout", "-q", "main"]);
    lab.git(&["update-ref", "refs/pull/7/head", &topic]);
    lab.git(&["branch", "-q", "-D", "topic"]);
    let ended = lab.check_out(config.clone(), Some("topic"), Some(&topic)).await;
    assert_eq!(ended, (Results::Success, topic.clone()));
    assert_eq!(lab.check_out(config.clone(), Some("topic"), None).await.0, Results::Failure);
    let clobber = lab.config(GitMode::Clobber);
    assert_eq!(lab.check_out(clobber, Some("refs/pull/7/head"), None).await, (Results::Success, topic));
}

#[tokio::test]
async fn a_lock_left_by_a_killed_git_is_overcome_where_allowed() {
    let lab = Lab::new();
    let allowed = GitConfig { clobber_on_failure: true, ..lab.config(GitMode::Incremental) };
    for config in [allowed, lab.config(GitMode::Fresh), lab.config(GitMode::Clean)] {
        lab.check_out(config.clone(), None, None).await;
        lab.write(".git/index.lock");
        let newest = lab.commit("a", &format!("{:?} again", config.mode));
        assert_eq!(lab.check_out(config, None, None).await, (Results::Success, newest));
    }
    lab.write(".git/index.lock");
    let context = lab.context(None, None);
    assert_eq!(step(lab.config(GitMode::Incremental), &context).await, Results::Failure);
    assert!(context.logs()[0].text.contains("index.lock"), "{}", context.logs()[0].text);
}

#[tokio::test]
async fn a_broken_repository_is_not_taken_for_the_one_around_it() {
    let lab = Lab::new();
    git_in(lab.root.path(), &lab.environment(), &["init", "-q", "builder"]);
    lab.check_out(lab.config(GitMode::Incremental), None, None).await;
    fs::remove_file(lab.tree().join(".git/HEAD")).unwrap();
    lab.write("precious");
    let context = lab.context(None, None);
    assert_eq!(step(lab.config(GitMode::Incremental), &context).await, Results::Failure);
    assert!(context.logs()[0].text.contains("not a git repository"), "{}", context.logs()[0].text);
    assert_eq!(lab.read("precious"), "left over");
    assert_eq!(lab.check_out(lab.config(GitMode::Fresh), None, None).await.0, Results::Success);
}

#[tokio::test]
async fn a_directory_that_is_no_repository_is_replaced() {
    let lab = Lab::new();
    fs::create_dir_all(lab.tree()).unwrap();
    lab.write("junk");
    assert_eq!(lab.check_out(lab.config(GitMode::Incremental), None, None).await.0, Results::Success);
    assert_eq!([lab.read("junk"), lab.read("a")], ["", "one"]);
}

#[tokio::test]
async fn submodules_come_along_and_follow() {
    let lab = Lab::new();
    let env = lab.environment();
    let library = lab.root.path().join("library");
    fs::create_dir_all(&library).unwrap();
    git_in(&library, &env, &["init", "-q", "-b", "main"]);
    fs::write(library.join("lib"), "one").unwrap();
    git_in(&library, &env, &["add", "-A"]);
    git_in(&library, &env, &["commit", "-q", "-m", "one"]);
    let url = library.display().to_string();
    lab.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "lib"]);
    lab.git(&["commit", "-q", "-m", "with library"]);
    let allow = BTreeMap::from([("protocol.file.allow".to_owned(), "always".into())]);
    let config = GitConfig { submodules: true, config: allow, ..lab.config(GitMode::Fresh) };
    assert_eq!(lab.check_out(config.clone(), None, None).await.0, Results::Success);
    assert_eq!(lab.read("lib/lib"), "one");
    lab.write("lib/untracked");
    assert_eq!(lab.check_out(config, None, None).await.0, Results::Success);
    assert_eq!([lab.read("lib/lib"), lab.read("lib/untracked")], ["one", ""]);
}

#[tokio::test]
async fn the_commit_is_described_by_the_nearest_tag() {
    let lab = Lab::new();
    lab.git(&["tag", "v1"]);
    lab.commit("a", "two");
    let options = BTreeMap::from([("tags".to_owned(), true.into()), ("abbrev".to_owned(), 0.into())]);
    let config = GitConfig { get_description: Some(options), ..lab.config(GitMode::Incremental) };
    let context = lab.context(None, None);
    assert_eq!(step(config, &context).await, Results::Success);
    assert_eq!(context.properties().get("commit-description"), Some(&"v1".into()));
}

#[tokio::test]
async fn a_worker_without_listdir_clones_and_updates_too() {
    let lab = Lab::new();
    assert_eq!(
        step(lab.config(GitMode::Incremental), &lab.context(None, None).without_listdir()).await,
        Results::Success
    );
    lab.write("untracked");
    lab.commit("a", "two");
    assert_eq!(
        step(lab.config(GitMode::Incremental), &lab.context(None, None).without_listdir()).await,
        Results::Success
    );
    assert_eq!([lab.read("a"), lab.read("untracked")], ["two", "left over"]);
}

/// Changes `a`, and adds and removes a file.
const PATCH: &str = "\
diff --git a/a b/a
--- a/a
+++ b/a
@@ -1 +1 @@
-one
\\ No newline at end of file
+patched
diff --git a/.gitignore b/.gitignore
deleted file mode 100644
--- a/.gitignore
+++ /dev/null
@@ -1 +0,0 @@
-*.o
diff --git a/new/b b/new/b
new file mode 100644
--- /dev/null
+++ b/new/b
@@ -0,0 +1 @@
+added
";

fn patch(body: &str, subdir: &str) -> Patch {
    let (author, comment) = (String::new(), String::new());
    Patch { body: body.as_bytes().to_vec(), level: 1, subdir: subdir.to_owned(), author, comment }
}

impl Lab {
    fn patched(&self, patch: Patch) -> ScriptedContext {
        let builder = self.root.path().join("builder").display().to_string();
        let mut stamp = plain_stamp("", None, None);
        stamp.spec.patch = Some(patch);
        ScriptedContext::new().with_stamp(stamp).with_executor(&builder, local_executor(self.environment()))
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.tree()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn a_patch_is_applied_and_the_next_build_starts_without_it() {
    for mode in [GitMode::Incremental, GitMode::Clean, GitMode::Fresh, GitMode::Clobber, GitMode::Copy] {
        let lab = Lab::new();
        lab.check_out(lab.config(mode), None, None).await;
        let context = lab.patched(patch(PATCH, ""));
        assert_eq!(step(lab.config(mode), &context).await, Results::Success, "{:?}", context.logs());
        assert_eq!(fs::read_to_string(lab.tree().join("a")).unwrap(), "patched\n");
        assert_eq!(fs::read_to_string(lab.tree().join("new/b")).unwrap(), "added\n");
        assert_eq!(lab.names(), [".buildbot-patched", ".git", "a", "new"], "after {mode:?}");
        assert!(context.logs().iter().any(|log| log.name == "patch" && log.text == PATCH));
        let (results, _) = lab.check_out(lab.config(mode), None, None).await;
        assert_eq!(results, Results::Success);
        assert_eq!(fs::read_to_string(lab.tree().join("a")).unwrap(), "one");
        assert_eq!(lab.names(), [".git", ".gitignore", "a"], "after {mode:?}");
    }
}

#[tokio::test]
async fn a_patch_may_begin_in_a_directory() {
    let lab = Lab::new();
    fs::create_dir(lab.upstream().join("sub")).unwrap();
    lab.commit("sub/a", "one");
    let context = lab.patched(patch(PATCH.split("diff --git a/.gitignore").next().unwrap(), "./sub/"));
    assert_eq!(step(lab.config(GitMode::Incremental), &context).await, Results::Success, "{:?}", context.logs());
    let text = |name: &str| fs::read_to_string(lab.tree().join(name)).unwrap();
    assert_eq!((text("a"), text("sub/a")), ("one".to_owned(), "patched\n".to_owned()));
}

#[tokio::test]
async fn a_patch_that_does_not_fit_is_a_failure_that_git_explains() {
    let lab = Lab::new();
    let context = lab.patched(patch(&PATCH.replace("-one", "-two"), ""));
    assert_eq!(step(lab.config(GitMode::Incremental), &context).await, Results::Failure);
    let logs = context.logs();
    assert!(logs.iter().any(|log| log.text.contains("patch does not apply")), "{logs:?}");
    assert!(!lab.tree().join(".buildbot-diff").exists());
    let (results, _) = lab.check_out(lab.config(GitMode::Incremental), None, None).await;
    assert_eq!(results, Results::Success);
}

#[tokio::test]
async fn a_patch_does_not_reach_out_of_the_tree() {
    let lab = Lab::new();
    let outside = PATCH.replace("new/b", "../../outside");
    let context = lab.patched(patch(&outside, ""));
    assert_eq!(step(lab.config(GitMode::Incremental), &context).await, Results::Failure);
    assert!(!lab.root.path().join("outside").exists() && !lab.root.path().join("builder/outside").exists());
    let context = lab.patched(patch(PATCH, "sub/../.."));
    let config = StepConfig { common: plain_common("git"), kind: StepKind::Git(lab.config(GitMode::Incremental)) };
    let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
    let fault = make(&config, &env).run(&context).await.unwrap_err();
    assert!(fault.to_string().contains("outside of the source tree"));
}
