//! Workers as the database knows them.

use super::{BuilderId, Timestamp, WorkerId};

/// What a worker said of itself when it attached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkerInfo {
    pub admin: Option<String>,
    pub host: Option<String>,
    pub access_uri: Option<String>,
    pub version: Option<String>,
}

/// Whether a worker is given builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerMode {
    pub paused: bool,
    pub pause_reason: Option<String>,
    /// Whether it shuts down once its builds are done.
    pub graceful: bool,
}

impl WorkerMode {
    pub fn takes_builds(&self) -> bool {
        !self.paused && !self.graceful
    }
}

/// What can be done to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WorkerAction {
    /// No new builds until it is resumed, also after a restart of either side.
    Pause {
        reason: Option<String>,
    },
    Unpause,
    /// No new builds, and it ends when those that run have.
    Leave,
    /// It ends now; what runs on it is lost.
    Kill,
}

/// A stored worker.
#[derive(Clone, Debug, PartialEq)]
pub struct Worker {
    pub id: WorkerId,
    pub name: String,
    pub info: WorkerInfo,
    pub connected: bool,
    pub configured_on: Vec<BuilderId>,
    pub paused: bool,
    pub pause_reason: Option<String>,
    /// Whether it shuts down once its builds are done.
    pub graceful: bool,
    /// Since when it is connected, or away. Nothing if it was never connected.
    pub connection_changed_at: Option<Timestamp>,
}

impl Worker {
    pub fn mode(&self) -> WorkerMode {
        WorkerMode { paused: self.paused, pause_reason: self.pause_reason.clone(), graceful: self.graceful }
    }
}
