//! The one door through which web and command line reach the actors: plain data in and out.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::MasterConfig;
use crate::domain::{BuildId, BuildRequestId, BuilderId, BuildsetId, ChangeId, NewChange, PropertyValue};

/// What a person filled into a force form.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceRequest {
    pub scheduler: String,
    /// Empty means all builders of the scheduler.
    pub builders: Vec<BuilderId>,
    /// Full field name to value, as sent.
    pub values: BTreeMap<String, PropertyValue>,
    /// Who asks, if known from a session.
    pub owner: Option<String>,
}

/// The outcome of a force or rebuild.
#[derive(Clone, Debug, PartialEq)]
pub struct Forced {
    pub buildset: BuildsetId,
    pub requests: Vec<(BuilderId, BuildRequestId)>,
}

/// The reason a command was not carried out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CommandError {
    #[error("{0}")]
    NotFound(String),
    /// Field name to what is wrong with it.
    #[error("invalid values: {0:?}")]
    Invalid(BTreeMap<String, String>),
    /// Too much is waiting already; try again later.
    #[error("the master is overloaded")]
    Overloaded,
    #[error("{0}")]
    Failed(String),
}

/// Whether the master can do its work.
#[derive(Clone, Debug, PartialEq)]
pub struct Health {
    /// `None` is healthy; otherwise what is wrong.
    pub degraded: Option<String>,
}

/// What the supervisor counted for one actor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ActorFigures {
    pub kind: &'static str,
    pub name: String,
    /// `prepared`, `running`, `restarting`, `quarantined`, `stopped`.
    pub state: &'static str,
    pub mailbox_depth: u64,
    pub handled: u64,
    /// Messages that came while the actor was quarantined.
    pub refused: u64,
    pub waiting_seconds: f64,
    pub handling_seconds: f64,
    pub longest_handling_seconds: f64,
    pub panics: u64,
    pub restarts: u64,
    pub last_failure: Option<String>,
}

/// Cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct MasterHandle {
    config: Arc<MasterConfig>,
}

impl MasterHandle {
    pub async fn force(&self, _request: ForceRequest) -> Result<Forced, CommandError> {
        Err(CommandError::Failed("not wired".to_owned()))
    }

    pub async fn rebuild(&self, _build: BuildId) -> Result<Forced, CommandError> {
        Err(CommandError::Failed("not wired".to_owned()))
    }

    pub async fn stop_build(&self, _build: BuildId, _reason: String) -> Result<(), CommandError> {
        Err(CommandError::Failed("not wired".to_owned()))
    }

    pub async fn cancel_request(&self, _request: BuildRequestId, _reason: String) -> Result<(), CommandError> {
        Err(CommandError::Failed("not wired".to_owned()))
    }

    /// Stores changes from a hook; `source` names the hook, and together with a delivery key makes them idempotent.
    pub async fn add_changes(&self, _source: &str, _changes: Vec<NewChange>) -> Result<Vec<ChangeId>, CommandError> {
        Err(CommandError::Failed("not wired".to_owned()))
    }

    pub fn config(&self) -> Arc<MasterConfig> {
        Arc::clone(&self.config)
    }

    pub async fn health(&self) -> Health {
        Health { degraded: None }
    }

    pub fn figures(&self) -> Vec<ActorFigures> {
        Vec::new()
    }
}
