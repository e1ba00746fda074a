//! `GitPoller`: notices commits in a git repository (manual section "GitPoller").
//!
//! - The first poll that finds a branch records where the branches are and reports nothing.
//! - A commit is reported on a branch if no watched branch had it at the poll before. Of a branch that is new only what
//!   no other branch has is reported. After a rewritten history the rewritten commits are new, the shared ones are not.
//! - `buildPushesWithNoCommits` reports the tip of a branch that moved without bringing anything new.
//! - Everything is computed from the state handed in, which is stored together with the changes; so after a crash the
//!   same poll is made again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::config::{BranchChoice, ChangeText, GitPollerConfig};
use super::git_command::{FETCH, Git, LOCAL};
use super::git_history::{self, Commit};
use super::git_position::{BranchPosition, Position};
use super::git_remote::{self, TAGS, Wanted};
use super::git_url::public_name;
use super::source::{CallFunction, ChangeSource, PollError, Polled};
use crate::domain::{Callback, NewChange, NewCommit, NewHistory, Properties, PropertyValue, ScriptValue};

/// Commits that one poll reports of a branch; the rest comes with the next poll, which is made at once.
const COMMITS_PER_POLL: usize = 1000;
/// Branches that one run of `git fetch` names: a command line has its limits.
const BRANCHES_PER_FETCH: usize = 200;
const WORKDIR: &str = "gitpoller-work";

/// Polls one repository.
pub struct GitPoller {
    config: GitPollerConfig,
    git: Git,
    /// Below this the poller keeps what it fetched; several pollers may share a directory.
    own_refs: String,
    call: Option<CallFunction>,
    commits_per_poll: usize,
}

impl GitPoller {
    /// A poller that works below the master's base directory.
    pub fn new(config: GitPollerConfig, base_dir: &Path) -> Self {
        let repository = base_dir.join(config.workdir.as_deref().unwrap_or(WORKDIR));
        let redactor = config.repourl.redactor();
        let git = Git { program: config.git_binary.clone(), repository, redactor };
        let own_refs = format!("refs/buildbot/{}", &hash(&[config.repourl.shown()])[..16]);
        Self { config, git, own_refs, call: None, commits_per_poll: COMMITS_PER_POLL }
    }

    /// Says how functions of the configuration are called; without it such a function counts as failed.
    #[must_use]
    pub fn with_functions(mut self, call: CallFunction) -> Self {
        self.call = Some(call);
        self
    }

    /// Reports at most this many commits of a branch in one poll.
    #[must_use]
    pub fn with_commits_per_poll(mut self, n_commits: usize) -> Self {
        self.commits_per_poll = n_commits;
        self
    }

    async fn call(&self, function: &Callback, argument: ScriptValue) -> Result<PropertyValue, String> {
        match &self.call {
            Some(call) => call(function.clone(), vec![argument]).await,
            None => Err(format!("{} cannot be called here", function.0.name())),
        }
    }

    fn url(&self) -> Result<&str, PollError> {
        self.config.repourl.expose().ok_or(PollError::UnknownUrl)
    }

    /// The wanted branches of the remote, and the commit each stands at.
    async fn list(&self) -> Result<BTreeMap<String, String>, PollError> {
        let wanted = match &self.config.branches {
            BranchChoice::Named(names) => Wanted::Named(names.iter().map(|name| self.reference(name)).collect()),
            _ if self.config.only_tags => Wanted::Tags,
            BranchChoice::Default => Wanted::Default,
            BranchChoice::All => Wanted::Branches,
            BranchChoice::Function(_) => Wanted::Everything,
        };
        let mut branches = BTreeMap::new();
        for (reference, commit) in git_remote::list(&self.git, self.url()?, &wanted).await? {
            if let BranchChoice::Function(function) = &self.config.branches {
                let argument = ScriptValue::Data(reference.as_str().into());
                if !self.call(function, argument).await.map_err(PollError::Function)?.is_truthy() {
                    continue;
                }
            }
            branches.insert(git_remote::branch_name(&reference).to_owned(), commit);
        }
        Ok(branches)
    }

    /// The full name of a reference of the configuration.
    fn reference(&self, name: &str) -> String {
        if self.config.only_tags && !name.starts_with("refs/") {
            format!("{TAGS}{name}")
        } else {
            git_remote::reference(name)
        }
    }

    /// The name of our copy of a branch: flat, so that a branch `a/b` can follow a branch `a` that is gone.
    fn copy_of(&self, branch: &str) -> String {
        format!("{}/{}", self.own_refs, hash(&[branch]))
    }

    /// Fetches branches, and answers the commit each stands at now, which may be newer than what was listed.
    async fn fetch(&self, branches: &[String]) -> Result<BTreeMap<String, String>, PollError> {
        let mut tips = BTreeMap::new();
        for part in branches.chunks(BRANCHES_PER_FETCH) {
            let specs: Vec<String> = part
                .iter()
                .map(|branch| format!("+{}:{}", git_remote::reference(branch), self.copy_of(branch)))
                .collect();
            let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--", self.url()?];
            arguments.extend(specs.iter().map(String::as_str));
            self.git.run(&arguments, Vec::new(), FETCH).await?;
            let copies: String = part.iter().map(|branch| format!("{}^{{commit}}\n", self.copy_of(branch))).collect();
            let output = self.git.run(&["cat-file", "--batch-check"], copies.into_bytes(), LOCAL).await?;
            let text = String::from_utf8_lossy(&output);
            // What is no commit, such as a tag of a file, cannot be built.
            let found = part.iter().zip(text.lines()).filter(|(_, line)| line.contains(" commit "));
            tips.extend(found.filter_map(|(branch, line)| Some((branch.clone(), line.split(' ').next()?.to_owned()))));
        }
        Ok(tips)
    }

    /// Reports what is new on one branch, and moves its position on.
    async fn report(&self, turn: &mut Turn, branch: &str, tip: &str) -> Result<(), PollError> {
        let old = turn.before.branches.get(branch).cloned().unwrap_or_default();
        let mut new = git_history::new_commits(&self.git, tip, &turn.known, &old.seen, self.commits_per_poll).await?;
        let moved = !old.is_complete_at(tip);
        let silent_push = moved && new.ids.is_empty() && self.config.build_pushes_with_no_commits;
        // Where nothing is left of the position, what is new cannot be told; that the tip is can.
        if silent_push || moved && turn.is_lost(&old) {
            new = git_history::NewCommits { ids: vec![tip.to_owned()], ..Default::default() };
        }
        if self.config.codebase.is_some() && !new.ids.is_empty() {
            let at = new.ids.last().map_or(tip, String::as_str);
            turn.history.branches.push((branch.to_owned(), at.to_owned()));
        }
        for commit in git_history::read_commits(&self.git, &new.ids).await? {
            if self.config.codebase.is_some() {
                turn.history.commits.push(new_commit(&commit));
            }
            let change = self.change(commit, branch, turn.number).await;
            turn.changes.push(change);
        }
        turn.more |= new.more;
        let position = match new.more {
            true => BranchPosition { at: old.at, seen: new.heads },
            false => BranchPosition::complete(tip),
        };
        turn.after.insert(branch.to_owned(), position);
        Ok(())
    }

    async fn change(&self, commit: Commit, branch: &str, turn: u64) -> NewChange {
        let repository = public_name(self.config.repourl.shown());
        let delivery_key = hash(&[&repository, branch, &commit.id, &turn.to_string()]);
        let mut change = NewChange {
            author: commit.author,
            committer: Some(commit.committer),
            comments: commit.message,
            files: commit.files,
            revision: Some(commit.id),
            branch: Some(branch.to_owned()),
            category: None,
            revlink: None,
            repository,
            project: String::new(),
            codebase: String::new(),
            properties: Properties::new(),
            when: self.config.use_timestamps.then_some(commit.committed_at),
            delivery_key: Some(delivery_key),
        };
        let project = self.text(self.config.project.as_ref(), &change).await;
        change.category = self.text(self.config.category.as_ref(), &change).await;
        change.project = project.unwrap_or_default();
        change
    }

    /// A configured text. A function that fails leaves it out: a change is worth more than its category.
    async fn text(&self, text: Option<&ChangeText>, change: &NewChange) -> Option<String> {
        match text? {
            ChangeText::Fixed(text) => Some(text.clone()),
            ChangeText::Function(function) => match self.call(function, facts(change)).await {
                Ok(PropertyValue::Null) => None,
                Ok(value) => Some(value.to_string()),
                Err(error) => {
                    let repository = change.repository.as_str();
                    tracing::warn!(change_source.repository = repository, "a function of a poller failed: {error}");
                    None
                }
            },
        }
    }

    /// Reports what is new on all branches that moved to these tips.
    async fn take_turn(&self, mut turn: Turn, tips: BTreeMap<String, String>) -> Result<Polled, PollError> {
        // New branches come last: what they share with a branch that moved is reported there.
        let (old, new): (BTreeMap<_, _>, BTreeMap<_, _>) =
            tips.into_iter().partition(|(branch, _)| turn.was_reported(branch));
        for (branch, tip) in &old {
            self.report(&mut turn, branch, tip).await?;
        }
        turn.known.extend(old.into_values());
        for (branch, tip) in new {
            self.report(&mut turn, &branch, &tip).await?;
            turn.known.insert(tip);
        }
        let position = Position { branches: turn.after, turn: turn.number };
        Ok(Polled { changes: turn.changes, history: turn.history, state: position.to_text(), more: turn.more })
    }
}

/// What is known while one poll is made.
struct Turn {
    number: u64,
    before: Position,
    after: BTreeMap<String, BranchPosition>,
    /// Commits that some branch had, and that the repository still has.
    known: BTreeSet<String>,
    changes: Vec<NewChange>,
    history: NewHistory,
    more: bool,
}

impl Turn {
    /// Whether all of the branch was reported once.
    fn was_reported(&self, branch: &str) -> bool {
        self.before.branches.get(branch).is_some_and(|old| old.at.is_some())
    }

    /// Whether a branch was somewhere, and the repository has nothing of it.
    fn is_lost(&self, old: &BranchPosition) -> bool {
        old.at.is_some() && !old.commits().any(|commit| self.known.contains(commit))
    }
}

#[async_trait]
impl ChangeSource for GitPoller {
    async fn poll(&mut self, state: &str) -> Result<Polled, PollError> {
        let before = Position::parse(state)?;
        self.git.prepare().await?;
        let listed = self.list().await?;
        let mut after = before.branches.clone();
        after.retain(|branch, position| listed.get(branch).is_some_and(|commit| position.is_complete_at(commit)));
        let moved: Vec<String> = listed.into_keys().filter(|branch| !after.contains_key(branch)).collect();
        if moved.is_empty() {
            let position = Position { branches: after, turn: before.turn };
            return Ok(Polled { state: position.to_text(), ..Polled::default() });
        }
        let tips = self.fetch(&moved).await?;
        if before.branches.is_empty() {
            let branches = tips.iter().map(|(branch, tip)| (branch.clone(), BranchPosition::complete(tip))).collect();
            let position = Position { branches, turn: before.turn };
            return Ok(Polled { state: position.to_text(), ..Polled::default() });
        }
        let known = git_history::existing(&self.git, before.commits().map(str::to_owned).collect()).await?;
        let number = before.turn.saturating_add(1);
        let (changes, history) = (Vec::new(), NewHistory::default());
        self.take_turn(Turn { number, before, after, known, changes, history, more: false }, tips).await
    }

    fn interval(&self) -> Duration {
        self.config.poll_interval
    }
}

fn new_commit(commit: &Commit) -> NewCommit {
    NewCommit {
        revision: commit.id.clone(),
        parent: commit.parent.clone(),
        author: commit.author.clone(),
        committer: Some(commit.committer.clone()),
        comments: commit.message.clone(),
        when: commit.committed_at,
    }
}

/// What a function of the configuration gets to know of a change.
fn facts(change: &NewChange) -> ScriptValue {
    let files = change.files.iter().map(|file| file.as_str().into()).collect();
    let pairs = [
        ("author", change.author.as_str().into()),
        ("committer", change.committer.clone().into()),
        ("comments", change.comments.as_str().into()),
        ("files", PropertyValue::List(files)),
        ("revision", change.revision.clone().into()),
        ("branch", change.branch.clone().into()),
        ("repository", change.repository.as_str().into()),
    ];
    ScriptValue::Data(PropertyValue::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

/// A short name for these texts.
fn hash(parts: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "git_poller_tests.rs"]
mod tests;
