//! Worker: one configured worker and its session.
//!
//! - Hears: [`ReconsiderSession`] from its parent.
//! - Tells: [`WorkerChanged`] to its parent, once the change is stored.
//! - Writes: its row (`set_worker_state`).
//! - Restart: permanent. Looks at the living session, as on every message.

use std::error::Error;
use std::time::Duration;

use actix::Message;
use tracing::{error, info};

use super::sessions::Sessions;
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use super::workers::WorkerChanged;
use crate::db::Db;
use crate::db::transitions::SetWorkerState;
use crate::domain::WorkerId;
use crate::wire::WorkerLink;

/// Says that the worker's session may be another one.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderSession {
    pub why: Option<String>,
}

#[derive(Clone)]
pub struct WorkerDeps {
    pub db: Db,
    pub sessions: Sessions,
    pub parent: Tell<WorkerChanged>,
}

pub struct Worker {
    id: WorkerId,
    name: String,
    deps: WorkerDeps,
    /// The session that was stored and told last.
    told: Option<u64>,
}

impl Worker {
    pub fn new(id: WorkerId, name: String, deps: WorkerDeps) -> Self {
        Self { id, name, deps, told: None }
    }

    fn look(&mut self, why: Option<String>, ctx: &mut ShellContext<'_, Self>) {
        let link = self.deps.sessions.current(&self.name);
        let session = link.as_ref().map(WorkerLink::session);
        if session == self.told {
            return;
        }
        match &link {
            Some(link) => info!(worker.name = self.name, version = link.facts().info.version, "worker attached"),
            None => info!(worker.name = self.name, why, "worker detached"),
        }
        self.told = session;
        self.store(link, ctx);
    }

    /// Stores whether the worker is there, then tells.
    fn store(&self, link: Option<WorkerLink>, ctx: &mut ShellContext<'_, Self>) {
        let write = SetWorkerState {
            worker: self.id,
            connected: link.is_some(),
            info: link.as_ref().map(|link| link.facts().info.clone()),
        };
        let db = self.deps.db.clone();
        ctx.spawn(async move { db.write(write).await }, |this, outcome, ctx| {
            if let Err(error) = outcome {
                error!(error = &error as &dyn Error, worker.name = this.name, "cannot store a worker's state");
                this.told = None;
                ctx.later(STORE_AGAIN_AFTER, |this, ctx| this.look(None, ctx));
                return;
            }
            this.deps.parent.tell(WorkerChanged { worker: this.id, link });
        });
    }
}

/// Wait before a failed write is tried again.
const STORE_AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Child for Worker {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.look(None, ctx);
    }
}

impl Handle<ReconsiderSession> for Worker {
    fn handle(&mut self, message: ReconsiderSession, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.look(message.why, ctx);
        Reply::Now(())
    }
}
