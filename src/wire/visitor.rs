//! Clients that are no workers, and whom they talk to in the rest of the master.
//!
//! Everything here is called on threads of the wire and must not block.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildbot_protocol::Value;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use crate::domain::{TryJob, TryStatus};

/// What a client came for; its name decides.
#[derive(Clone)]
pub enum Visitor {
    /// To send changes.
    Changes(Arc<dyn ChangeSink>),
    /// To have something built, and to watch it.
    Try(Arc<dyn TryDesk>),
    /// To administrate users.
    Users(Arc<dyn UserDesk>),
    /// To watch what happens.
    Status(Arc<dyn StatusDesk>),
}

/// Takes changes that clients send.
pub trait ChangeSink: Send + Sync {
    /// Stores a change, told in the client's own words; the error is for the client.
    fn add_change(&self, change: BTreeMap<String, Value>) -> BoxFuture<'static, Result<(), String>>;
}

/// Takes try jobs.
pub trait TryDesk: Send + Sync {
    /// What jobs can be sent to.
    fn builder_names(&self) -> Vec<String>;

    /// Stores a job and follows its builds; nothing if the job names a builder that it may not. The error is for the
    /// client.
    fn submit(&self, job: TryJob) -> BoxFuture<'static, Result<Option<watch::Receiver<TryStatus>>, String>>;
}

/// What `buildbot user` asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserCommand {
    /// `add`, `remove`, `update` or `get`.
    pub operation: String,
    pub bb_username: Option<String>,
    /// As a hash.
    pub bb_password: Option<String>,
    /// Whom to remove or show.
    pub ids: Vec<String>,
    /// Whom to add or change: attribute to value, one of which is `identifier`; in the order of the client.
    pub info: Vec<Vec<(String, String)>>,
}

/// Administrates users.
pub trait UserDesk: Send + Sync {
    /// Does it, and says what was done; the error is for the client.
    fn carry_out(&self, command: UserCommand) -> BoxFuture<'static, Result<String, String>>;
}

/// One thing that happened: keys such as `event`, `builder`, `number`, `results`.
pub type StatusNotice = BTreeMap<&'static str, Value>;

/// Tells what happens.
pub trait StatusDesk: Send + Sync {
    /// What happens from now on, until the receiver is dropped. Whoever is too slow misses something.
    fn watch(&self) -> mpsc::Receiver<StatusNotice>;
}
