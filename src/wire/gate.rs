//! What the wire asks and tells the rest of the master.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::link::WorkerLink;

/// Decides who may attach, and hears who did. Called on threads of the wire; must not block.
pub trait Gate: Send + Sync {
    /// Whether a worker with this name and password may come in, and what awaits it.
    fn admit<'a>(&'a self, name: &'a str, password: &'a str) -> BoxFuture<'a, Result<Admission, Refusal>>;

    /// A worker is ready to run commands. Follows the `detached` of an earlier session of the same name.
    fn attached(&self, link: WorkerLink);

    /// A worker that was attached is gone.
    fn detached(&self, name: &str, session: u64, why: &str);
}

/// What awaits an admitted worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Directories of its builders below its base directory; made if missing.
    pub builder_dirs: Vec<String>,
    /// Its builders.
    pub builder_names: Vec<String>,
    /// How often to look whether it lives; zero for never.
    pub keepalive: Duration,
}

/// The reason a worker may not attach. The worker only learns that it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no worker of this name")]
    UnknownWorker,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("{0}")]
    NotNow(String),
}
