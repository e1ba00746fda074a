//! The demo's Git repository: a bare one that everybody may push to, and the clone in which its people work.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, bail};
use tokio::fs;
use tokio::process::Command;

use super::story::{Commit, MAIN, SHOUT, history};
use crate::clock::Clock;

const DAY: i64 = 24 * 60 * 60;

/// The repository and the people's clone of it.
#[derive(Clone, Debug)]
pub(super) struct Repository {
    /// What the master watches and visitors clone.
    pub(super) origin: PathBuf,
    clone: PathBuf,
}

impl Repository {
    /// Makes both below `place`, with a history.
    pub(super) async fn create(place: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let this = Self { origin: place.join("greet.git"), clone: place.join("people") };
        fs::create_dir(&this.clone).await.with_context(|| format!("cannot make {}", this.clone.display()))?;
        this.git(&["init", "--quiet", "--bare", &this.origin.display().to_string()]).await?;
        this.git(&["--git-dir", &this.origin.display().to_string(), "symbolic-ref", "HEAD", "refs/heads/main"]).await?;
        this.git(&["init", "--quiet", "."]).await?;
        this.git(&["symbolic-ref", "HEAD", "refs/heads/main"]).await?;
        this.git(&["remote", "add", "origin", &this.origin.display().to_string()]).await?;
        let commits = history();
        let (now, n_commits) = (clock.now().secs(), i64::try_from(commits.len()).unwrap_or(0));
        for (days, commit) in (0..n_commits).rev().zip(&commits) {
            this.enter(commit.branch).await?;
            this.commit(commit, Some(now - days * DAY - DAY / 3)).await?;
        }
        this.git(&["push", "--quiet", "origin", MAIN, SHOUT]).await?;
        Ok(this)
    }

    /// How the master and its workers call it.
    pub(super) fn url(&self) -> String {
        format!("file://{}", self.origin.display())
    }

    /// Makes a commit on top of what is there by now, and pushes it. Answers its revision.
    pub(super) async fn push(&self, commit: &Commit) -> anyhow::Result<String> {
        self.git(&["fetch", "--quiet", "origin"]).await?;
        self.git(&["checkout", "--quiet", "-B", commit.branch, &format!("origin/{}", commit.branch)]).await?;
        self.commit(commit, None).await?;
        self.git(&["push", "--quiet", "origin", commit.branch]).await?;
        self.git(&["rev-parse", "HEAD"]).await
    }

    /// Checks out a branch, which begins where `HEAD` is if it is new.
    async fn enter(&self, branch: &str) -> anyhow::Result<()> {
        if self.git(&["symbolic-ref", "--short", "HEAD"]).await? == branch {
            return Ok(());
        }
        let is_known = !self.git(&["branch", "--list", branch]).await?.is_empty();
        let arguments: &[&str] = if is_known { &["checkout", "-q", branch] } else { &["checkout", "-q", "-b", branch] };
        self.git(arguments).await.map(drop)
    }

    async fn commit(&self, commit: &Commit, at: Option<i64>) -> anyhow::Result<()> {
        for edit in &commit.edits {
            let path = self.clone.join(edit.path());
            let text = fs::read_to_string(&path).await.unwrap_or_default();
            let directory = path.parent().unwrap_or(&self.clone);
            fs::create_dir_all(directory).await.with_context(|| format!("cannot make {}", directory.display()))?;
            let written = fs::write(&path, edit.apply(&text)).await;
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
        self.git(&["add", "--all"]).await?;
        let mut command = self.command(&["commit", "--quiet", "--allow-empty", "-m", &commit.message]);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), commit.author.name);
            command.env(format!("GIT_{role}_EMAIL"), commit.author.email);
            if let Some(at) = at {
                command.env(format!("GIT_{role}_DATE"), format!("{at} +0000"));
            }
        }
        run(command).await.map(drop)
    }

    async fn git(&self, arguments: &[&str]) -> anyhow::Result<String> {
        run(self.command(arguments)).await
    }

    /// Git without the settings of this user and machine: hooks, signatures and the like are theirs.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.args(arguments).current_dir(&self.clone).stdin(Stdio::null()).kill_on_drop(true);
        for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
            command.env(variable, "/dev/null");
        }
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(variable);
        }
        command.env("GIT_TERMINAL_PROMPT", "0");
        command
    }
}

/// The number of branches that the poller of the master has fetched so far into its clone.
pub(super) async fn n_branches_seen(poller: &Path) -> usize {
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(poller).args(["for-each-ref", "--format=%(refname)", "refs/buildbot"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    // Until the poller has made its clone there is nothing to ask.
    run(command).await.map_or(0, |text| text.lines().count())
}

/// Runs a command to its end; its output without the last line break.
async fn run(mut command: Command) -> anyhow::Result<String> {
    let output = command.output().await.context("cannot run git; is it installed?")?;
    if !output.status.success() {
        let shown = format!("{:?}", command.as_std());
        bail!("{shown} failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::story::next;

    #[tokio::test]
    async fn the_history_has_two_branches_and_pushes_keep_what_others_pushed() {
        let place = tempfile::tempdir().unwrap();
        let repository = Repository::create(place.path(), &Clock::system()).await.unwrap();
        let log = repository.git(&["log", "--format=%an", "main"]).await.unwrap();
        assert_eq!(log.lines().count(), 8, "{log}");
        let visitor = Repository { origin: repository.origin.clone(), clone: place.path().join("visitor") };
        repository.git(&["clone", "-q", &visitor.origin.display().to_string(), "../visitor"]).await.unwrap();
        let mut theirs = next(0);
        theirs.edits = vec![super::super::story::Edit::Set("greetings.txt", "xx", "mine")];
        let first = visitor.push(&theirs).await.unwrap();
        let second = repository.push(&next(0)).await.unwrap();
        assert_ne!(first, second);
        let text = repository.git(&["show", "main:greetings.txt"]).await.unwrap();
        assert!(text.contains("xx=mine") && text.contains("es=Hola"), "{text}");
    }
}
