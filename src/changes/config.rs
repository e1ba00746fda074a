//! What the configuration says of change sources.

use std::time::Duration;

use crate::domain::Callback;
use crate::secrets::LateText;

/// One change source of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSourceConfig {
    /// Unique; the repository's URL if none is given.
    pub name: String,
    pub kind: ChangeSourceKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ChangeSourceKind {
    Git(GitPollerConfig),
    /// Waits for clients instead of asking.
    Pb(PbChangeSourceConfig),
}

/// `changes.PBChangeSource`: who may send changes to the port of the workers.
#[derive(Clone, Debug, PartialEq)]
pub struct PbChangeSourceConfig {
    pub user: String,
    pub password: LateText,
    /// Files whose name does not begin with it are left out, and it is taken off the others.
    pub prefix: Option<String>,
}

/// `changes.GitPoller`.
#[derive(Clone, Debug, PartialEq)]
pub struct GitPollerConfig {
    pub repourl: LateText,
    pub branches: BranchChoice,
    /// Relative to the master's base directory; `gitpoller-work` if not given.
    pub workdir: Option<String>,
    pub poll_interval: Duration,
    /// Longest random delay before the first poll and between polls.
    pub poll_random_delay_min: Duration,
    pub poll_random_delay_max: Duration,
    pub poll_at_launch: bool,
    pub build_pushes_with_no_commits: bool,
    pub only_tags: bool,
    pub git_binary: String,
    pub category: Option<ChangeText>,
    pub project: Option<ChangeText>,
    /// The codebase whose history it keeps: the names of its project and its own.
    pub codebase: Option<(String, String)>,
    /// Take the commit's own time instead of the time it was noticed.
    pub use_timestamps: bool,
    pub encoding: String,
}

/// Which branches a poller watches.
#[derive(Clone, Debug, PartialEq)]
pub enum BranchChoice {
    /// The remote's default branch.
    Default,
    Named(Vec<String>),
    All,
    /// Called with each ref name; true keeps it.
    Function(Callback),
}

/// A fixed text, or a function of the change's facts.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeText {
    Fixed(String),
    Function(Callback),
}
