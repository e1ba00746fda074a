//! The control socket: how the command line speaks to a running master.
//!
//! A Unix socket `control.sock` in the base directory, for the master's own user and root. One JSON object per line;
//! each [`Request`] is answered by one [`Response`], in order. Both sides live here, so that the form is said once.

pub mod client;
pub mod server;
mod socket_path;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// Longest line that either side reads, in bytes.
const MAX_LINE: u64 = 1 << 20;

/// What may be asked.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Request {
    Status,
    /// What a person wants to know at a glance.
    Overview,
    /// Loads the configuration again; with `dry_run` it only says what that would change.
    Reconfig {
        dry_run: bool,
    },
    /// Puts an earlier version of the configuration in force again; answered as `Reconfig` is.
    GoBack {
        version: i64,
        dry_run: bool,
    },
    /// The configurations that were in force.
    Versions,
    /// Removes what the policies of the configuration free; with `dry_run` it only says what that is.
    CleanUp {
        dry_run: bool,
    },
    /// A line that somebody typed into `buildbot shell`.
    Command {
        line: String,
        /// Who, as the reason of a build shows them.
        asker: String,
    },
    /// Ends the master; `clean` lets running builds finish first. Answered when the stop has begun.
    Stop {
        clean: bool,
    },
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    Status(Status),
    Overview(Overview),
    /// The new configuration is, or would be, in force.
    Reconfigured(Reconfigured),
    /// The old configuration stays in force; all that is wrong with the new one, each with file and line.
    Rejected {
        errors: Vec<String>,
    },
    /// The newest first; at most some hundred.
    Versions {
        versions: Vec<VersionLine>,
    },
    CleanedUp(CleanedUp),
    /// What a command answered.
    Said {
        lines: Vec<String>,
    },
    Stopping,
    /// The request was not understood or could not be carried out.
    Failed {
        reason: String,
    },
}

/// How the master is.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Status {
    pub pid: u32,
    pub version: String,
    /// False until workers and web are served.
    pub is_up: bool,
    pub is_stopping: bool,
    /// What is wrong, when the master cannot do all of its work.
    pub degraded: Option<String>,
    pub n_builders: u64,
    pub n_running_builds: u64,
    pub n_waiting_requests: u64,
    pub n_attached_workers: u64,
    pub n_workers: u64,
    /// Names of actors that were switched off after repeated failures, with the reason.
    pub quarantined: Vec<String>,
}

/// What is broken, runs and waits. Lists are cut off at some hundred rows; the numbers are of all.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Overview {
    pub status: Status,
    /// The master's idea of now, in seconds since 1970.
    pub now: i64,
    /// Where the web interface can be reached from this machine; nothing if there is none.
    pub url: Option<String>,
    /// The newest builds of builders whose newest build went wrong.
    pub broken: Vec<BuildLine>,
    pub n_broken: u64,
    pub running: Vec<BuildLine>,
    pub waiting: Vec<RequestLine>,
    pub workers: Vec<WorkerLine>,
    /// Why the lists are empty, if they could not be read.
    pub trouble: Option<String>,
}

/// A build in a list. Dates are in seconds since 1970.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct BuildLine {
    pub builder: String,
    pub number: i64,
    /// Code of the result; nothing while it runs.
    pub results: Option<i32>,
    pub state: String,
    pub worker: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
    pub started_at: i64,
    pub complete_at: Option<i64>,
    /// Of a running build, about how many seconds it will still take, as far as earlier ones tell.
    #[serde(default)]
    pub left_s: Option<u64>,
    /// By how many seconds it exceeds what earlier ones took.
    #[serde(default)]
    pub overdue_s: Option<u64>,
}

/// A build request that waits.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct RequestLine {
    pub id: i64,
    pub builder: String,
    pub reason: String,
    pub priority: i32,
    /// In seconds since 1970.
    pub submitted_at: i64,
    /// Why it waits, of the first ones.
    #[serde(default)]
    pub why: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct WorkerLine {
    pub name: String,
    pub is_attached: bool,
    pub is_paused: bool,
    pub pause_reason: Option<String>,
    /// It ends when its builds are done.
    pub is_graceful: bool,
}

/// What a reload changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Reconfigured {
    /// One line each, such as `builder runtests: changed`; empty when nothing differs.
    pub changes: Vec<String>,
    pub warnings: Vec<String>,
    /// The version that is in force now; nothing after a dry run.
    #[serde(default)]
    pub version: Option<i64>,
}

/// A configuration that was in force.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct VersionLine {
    pub number: i64,
    /// In seconds since 1970.
    pub applied_at: i64,
    /// `start`, `reconfig`, `back to 3`.
    pub cause: String,
    /// What it changed, a line each.
    pub changes: Vec<String>,
}

/// What a clean-up found, and did.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct CleanedUp {
    /// What the policies free, one line each.
    pub frees: Vec<String>,
    /// What was removed; nothing after a dry run.
    pub removed: Option<String>,
}

/// The master's side of the conversation.
#[async_trait]
pub trait ControlHandler: Send + Sync {
    async fn status(&self) -> Status;

    async fn overview(&self) -> Overview;

    /// All or nothing; `Err` has every error of the new configuration.
    async fn reconfig(&self, dry_run: bool) -> Result<Reconfigured, Vec<String>>;

    /// As `reconfig`, with an earlier version instead of the file.
    async fn go_back(&self, version: i64, dry_run: bool) -> Result<Reconfigured, Vec<String>>;

    /// `Err` says why the versions cannot be read.
    async fn versions(&self) -> Result<Vec<VersionLine>, String>;

    /// Returns when everything is done. `Err` says what went wrong.
    async fn clean_up(&self, dry_run: bool) -> Result<CleanedUp, String>;

    /// Carries out a line of `buildbot shell`. `Err` says why it was not.
    async fn command(&self, line: &str, asker: String) -> Result<Vec<String>, String>;

    /// Begins to stop and returns. `Err` says why it cannot.
    async fn stop(&self, clean: bool) -> Result<(), String>;
}
