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
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Request {
    Status,
    /// Loads the configuration again; with `dry_run` it only says what that would change.
    Reconfig {
        dry_run: bool,
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
    /// The new configuration is, or would be, in force.
    Reconfigured(Reconfigured),
    /// The old configuration stays in force; all that is wrong with the new one, each with file and line.
    Rejected {
        errors: Vec<String>,
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

/// What a reload changed.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub struct Reconfigured {
    /// One line each, such as `builder runtests: changed`; empty when nothing differs.
    pub changes: Vec<String>,
    pub warnings: Vec<String>,
}

/// The master's side of the conversation.
#[async_trait]
pub trait ControlHandler: Send + Sync {
    async fn status(&self) -> Status;

    /// All or nothing; `Err` has every error of the new configuration.
    async fn reconfig(&self, dry_run: bool) -> Result<Reconfigured, Vec<String>>;

    /// Begins to stop and returns. `Err` says why it cannot.
    async fn stop(&self, clean: bool) -> Result<(), String>;
}
