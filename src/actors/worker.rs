//! Worker: one configured worker, its session, and whether it is given builds.
//!
//! - Hears: [`ReconsiderSession`] and [`ChangeMode`] from its parent.
//! - Tells: [`WorkerChanged`] to its parent, once the change is stored.
//! - Writes: its row (`set_worker_state`, `set_worker_mode`).
//! - Restart: permanent. Reads its row and looks at the living session, as on every message.

use std::error::Error;
use std::time::Duration;

use actix::Message;
use tokio::sync::oneshot;
use tracing::{error, info};

use super::sessions::Sessions;
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use super::workers::{ControlError, WorkerChanged};
use crate::db::transitions::{SetWorkerMode, SetWorkerState};
use crate::db::views::keys::WorkerKey;
use crate::db::views::workers;
use crate::db::{Db, DbError};
use crate::domain::{WorkerAction, WorkerId, WorkerMode};
use crate::wire::WorkerLink;

/// Says that the worker's session may be another one.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderSession {
    pub why: Option<String>,
}

/// Gives the worker builds, or none; answers once that is stored.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<(), ControlError>")]
pub struct ChangeMode {
    pub action: WorkerAction,
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
    /// Unknown until the row has been read.
    mode: Option<WorkerMode>,
    /// What was asked for before it was known.
    early: Vec<(WorkerAction, Answer)>,
}

/// Whoever asked for a change hears that it is stored.
type Answer = oneshot::Sender<Result<(), DbError>>;

impl Worker {
    pub fn new(id: WorkerId, name: String, deps: WorkerDeps) -> Self {
        Self { id, name, deps, told: None, mode: None, early: Vec::new() }
    }

    /// Reads the row, then looks at the session.
    fn recall(&self, ctx: &mut ShellContext<'_, Self>) {
        let (db, key) = (self.deps.db.clone(), WorkerKey::Id(self.id.0));
        ctx.spawn(async move { db.read(move |conn| workers::find(conn, &key)).await }, |this, outcome, ctx| {
            match outcome {
                Ok(row) => {
                    this.mode = Some(row.map(|row| row.mode()).unwrap_or_default());
                    for (action, answer) in std::mem::take(&mut this.early) {
                        this.change(action, answer, ctx);
                    }
                }
                Err(error) => {
                    error!(error = &error as &dyn Error, worker.name = this.name, "cannot read a worker's state");
                    ctx.later(STORE_AGAIN_AFTER, |this, ctx| this.recall(ctx));
                    return;
                }
            }
            this.look(None, ctx);
        });
    }

    fn look(&mut self, why: Option<String>, ctx: &mut ShellContext<'_, Self>) {
        let Some(mode) = self.mode.as_mut() else { return };
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
        // Who comes again has not left.
        let has_returned = link.is_some() && std::mem::take(&mut mode.graceful);
        let mode = has_returned.then(|| mode.clone());
        self.store(link, mode, ctx);
    }

    /// Stores whether the worker is there, and its mode if that has changed, then tells.
    fn store(&self, link: Option<WorkerLink>, mode: Option<WorkerMode>, ctx: &mut ShellContext<'_, Self>) {
        let worker = self.id;
        let info = link.as_ref().map(|link| link.facts().info.clone());
        let state = SetWorkerState { worker, connected: link.is_some(), info };
        let mode = mode.map(|mode| SetWorkerMode { worker, mode });
        let db = self.deps.db.clone();
        let write = async move {
            if let Some(mode) = mode {
                db.write(mode).await?;
            }
            db.write(state).await
        };
        ctx.spawn(write, |this, outcome, ctx| {
            if let Err(error) = outcome {
                error!(error = &error as &dyn Error, worker.name = this.name, "cannot store a worker's state");
                this.told = None;
                ctx.later(STORE_AGAIN_AFTER, |this, ctx| this.look(None, ctx));
                return;
            }
            this.tell(link);
        });
    }

    fn tell(&self, link: Option<WorkerLink>) {
        let mode = self.mode.clone().unwrap_or_default();
        self.deps.parent.tell(WorkerChanged { worker: self.id, link, mode });
    }

    /// What an action makes of a mode.
    fn changed(mode: &WorkerMode, action: WorkerAction) -> WorkerMode {
        match action {
            WorkerAction::Pause { reason } => WorkerMode { paused: true, pause_reason: reason, ..mode.clone() },
            WorkerAction::Unpause => WorkerMode { paused: false, pause_reason: None, ..mode.clone() },
            WorkerAction::Leave => WorkerMode { graceful: true, ..mode.clone() },
            WorkerAction::Kill => mode.clone(),
        }
    }

    /// The mode holds from now on; it goes back if it cannot be stored.
    fn change(&mut self, action: WorkerAction, answer: Answer, ctx: &mut ShellContext<'_, Self>) {
        let before = self.mode.clone();
        let mode = Self::changed(&before.clone().unwrap_or_default(), action);
        info!(worker.name = self.name, paused = mode.paused, graceful = mode.graceful, "a worker's mode is changed");
        self.mode = Some(mode.clone());
        let (db, write) = (self.deps.db.clone(), SetWorkerMode { worker: self.id, mode });
        ctx.spawn(async move { db.write(write).await }, |this, outcome, _| {
            if outcome.is_err() {
                this.mode = before;
            }
            this.tell(this.deps.sessions.current(&this.name));
            // An asker that lost interest is none of our business.
            let _ = answer.send(outcome);
        });
    }
}

/// Wait before a failed write is tried again.
const STORE_AGAIN_AFTER: Duration = Duration::from_secs(5);

impl Child for Worker {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.recall(ctx);
    }
}

impl Handle<ReconsiderSession> for Worker {
    fn handle(&mut self, message: ReconsiderSession, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.look(message.why, ctx);
        Reply::Now(())
    }
}

impl Handle<ChangeMode> for Worker {
    fn handle(&mut self, message: ChangeMode, ctx: &mut ShellContext<'_, Self>) -> Reply<Result<(), ControlError>> {
        let (answer, stored) = oneshot::channel();
        match self.mode {
            Some(_) => self.change(message.action, answer, ctx),
            None => self.early.push((message.action, answer)),
        }
        Reply::later(async move { Ok(stored.await.map_err(|_| ControlError::NotYet)??) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_is_resumed_forgets_why_it_was_paused_and_still_leaves() {
        let leaving = Worker::changed(&WorkerMode::default(), WorkerAction::Leave);
        let paused = Worker::changed(&leaving, WorkerAction::Pause { reason: Some("new disk".to_owned()) });
        assert_eq!(paused.pause_reason.as_deref(), Some("new disk"));
        assert!(!paused.takes_builds());
        assert_eq!(Worker::changed(&paused, WorkerAction::Unpause), leaving);
        assert!(!leaving.takes_builds());
    }
}
