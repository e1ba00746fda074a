//! Workers as the database knows them.

use super::{BuilderId, WorkerId};

/// What a worker said of itself when it attached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkerInfo {
    pub admin: Option<String>,
    pub host: Option<String>,
    pub access_uri: Option<String>,
    pub version: Option<String>,
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
}
