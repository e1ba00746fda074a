//! Workers: one child per configured worker; knows which of them can take a build.
//!
//! - Hears: [`ReconsiderConfiguration`], [`ReconsiderWorker`] from the wire, [`WorkerChanged`] from its children,
//!   [`ControlWorker`], [`DismissWorkers`] from the distributor, [`DescribeWorkers`], [`DescribeLeaving`].
//! - Tells: its children; [`ReconsiderRequests`] to the distributor; attached workers which builders they have.
//! - Writes: nothing; each child writes its own row.
//! - Restart: permanent. Rebuilds its children from the configuration and the sessions that live.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{info, warn};

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::distributor::ReconsiderRequests;
use super::owned::Owned;
use super::sessions::Sessions;
use super::supervisor::{Child, ChildSpec, Handle, Reply, ShellContext, Supervisor, Tell};
use super::worker::{ChangeMode, ReconsiderSession, Worker, WorkerDeps};
use crate::config::WorkerConfig;
use crate::db::{Db, DbError};
use crate::domain::{WorkerAction, WorkerId, WorkerMode};
use crate::wire::WorkerLink;

/// Says that a session of this worker began or ended.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderWorker {
    pub name: String,
    /// Why the last session ended, if one did.
    pub why: Option<String>,
}

/// A child's state is different now.
#[derive(Message)]
#[rtype(result = "()")]
pub struct WorkerChanged {
    pub worker: WorkerId,
    pub link: Option<WorkerLink>,
    pub mode: WorkerMode,
}

/// Pauses a worker or has it end; answers once that is stored.
#[derive(Clone, Debug, Message)]
#[rtype(result = "Result<(), ControlError>")]
pub struct ControlWorker {
    pub worker: WorkerId,
    pub action: WorkerAction,
}

/// The reason a worker stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("there is no such worker in the configuration")]
    NoSuch,
    #[error("the worker's state is not known yet; try again")]
    NotYet,
    #[error("the database failed: {0}")]
    Database(#[from] DbError),
}

/// Asks which attached workers wait for their last build to end.
#[derive(Message)]
#[rtype(result = "Vec<WorkerId>")]
pub struct DescribeLeaving;

/// Shuts down those of these workers that still wish to leave: nothing runs on them any more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct DismissWorkers {
    pub workers: Vec<WorkerId>,
}

/// Asks for all configured workers.
#[derive(Message)]
#[rtype(result = "Vec<WorkerSnapshot>")]
pub struct DescribeWorkers;

/// What the distributor and the builders look at.
#[derive(Clone)]
pub struct WorkerSnapshot {
    pub id: WorkerId,
    pub config: Arc<WorkerConfig>,
    /// Set while the worker is attached.
    pub link: Option<WorkerLink>,
    pub mode: WorkerMode,
}

impl WorkerSnapshot {
    /// The session of a worker that may be given a build.
    pub fn ready(&self) -> Option<&WorkerLink> {
        self.link.as_ref().filter(|_| self.mode.takes_builds())
    }
}

#[derive(Clone)]
pub struct WorkersDeps {
    pub db: Db,
    pub config: AppliedConfig,
    pub sessions: Sessions,
    pub supervisor: Supervisor,
    pub distributor: Tell<ReconsiderRequests>,
    /// Its own address, for the children.
    pub changed: Tell<WorkerChanged>,
}

pub struct Workers {
    deps: WorkersDeps,
    children: BTreeMap<WorkerId, Owned<Worker>>,
    snapshots: BTreeMap<WorkerId, WorkerSnapshot>,
    /// Sessions that were shut down and have not ended yet.
    dismissed: BTreeMap<WorkerId, u64>,
}

impl Workers {
    pub fn new(deps: WorkersDeps) -> Self {
        Self { deps, children: BTreeMap::new(), snapshots: BTreeMap::new(), dismissed: BTreeMap::new() }
    }

    /// Makes the children those of the configuration in force.
    fn apply_configuration(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let applied = Arc::clone(&self.deps.config.borrow());
        let wanted: BTreeMap<_, _> = applied
            .config
            .workers
            .iter()
            .filter_map(|config| Some((*applied.ids.workers.get(&config.name)?, Arc::new(config.clone()))))
            .collect();
        self.children.retain(|id, _| wanted.contains_key(id));
        self.snapshots.retain(|id, snapshot| {
            let keep = wanted.contains_key(id);
            if !keep && let Some(link) = &snapshot.link {
                link.close("the worker is no longer configured");
            }
            keep
        });
        for (id, config) in wanted {
            match self.snapshots.get_mut(&id) {
                Some(snapshot) => snapshot.config = config,
                None => self.add(id, config),
            }
        }
        self.snapshots.values().filter_map(|snapshot| snapshot.link.clone()).for_each(|link| self.introduce(link, ctx));
        self.deps.distributor.tell(ReconsiderRequests);
    }

    /// Tells a worker its builders if it was told others: when it attached, an older configuration was in force.
    fn introduce(&self, link: WorkerLink, ctx: &mut ShellContext<'_, Self>) {
        let builders = self.deps.config.borrow().config.builders_on(link.name());
        if link.knows_builders(&builders) {
            return;
        }
        let prepare = async move { (link.prepare_builders(builders).await, link) };
        ctx.spawn(prepare, |_, (outcome, link), _| {
            if let Err(error) = outcome {
                warn!(worker.name = link.name(), "cannot tell a worker its builders: {error}");
            }
        });
    }

    /// Shuts a worker down, once in each session.
    fn dismiss(&mut self, worker: WorkerId) {
        let Some(link) = self.snapshots.get(&worker).and_then(|known| known.link.clone()) else { return };
        if self.dismissed.insert(worker, link.session()) != Some(link.session()) {
            info!(worker.name = link.name(), "shutting a worker down");
            link.shutdown();
        }
        // It is given nothing more on its way out.
        if let Some(known) = self.snapshots.get_mut(&worker) {
            known.link = None;
        }
    }

    fn add(&mut self, id: WorkerId, config: Arc<WorkerConfig>) {
        let deps = WorkerDeps {
            db: self.deps.db.clone(),
            sessions: self.deps.sessions.clone(),
            parent: self.deps.changed.clone(),
        };
        let name = config.name.clone();
        let child = self
            .deps
            .supervisor
            .prepare(ChildSpec::permanent("worker", name.clone()))
            .start(move || Worker::new(id, name.clone(), deps.clone()));
        self.children.insert(id, Owned(child));
        self.snapshots.insert(id, WorkerSnapshot { id, config, link: None, mode: WorkerMode::default() });
    }
}

/// A worker's row is written within this time, or the asker is told that it was not.
const CHILD_DEADLINE: Duration = Duration::from_secs(60);

impl Child for Workers {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.apply_configuration(ctx);
    }
}

impl Handle<ReconsiderConfiguration> for Workers {
    fn handle(&mut self, _: ReconsiderConfiguration, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration(ctx);
        Reply::Now(())
    }
}

impl Handle<ReconsiderWorker> for Workers {
    fn handle(&mut self, message: ReconsiderWorker, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let id = self.snapshots.values().find(|known| known.config.name == message.name).map(|known| known.id);
        match id.and_then(|id| self.children.get(&id)) {
            Some(child) => child.tell().tell(ReconsiderSession { why: message.why }),
            None => {
                warn!(worker.name = message.name, "a worker that is not configured came or went");
                if let Some(link) = self.deps.sessions.current(&message.name) {
                    link.close("the worker is no longer configured");
                }
            }
        }
        Reply::Now(())
    }
}

impl Handle<WorkerChanged> for Workers {
    fn handle(&mut self, message: WorkerChanged, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        if let Some(known) = self.snapshots.get_mut(&message.worker) {
            known.link = message.link.clone();
            known.mode = message.mode;
            if let Some(link) = message.link {
                self.introduce(link, ctx);
            }
            self.deps.distributor.tell(ReconsiderRequests);
        }
        Reply::Now(())
    }
}

impl Handle<DescribeWorkers> for Workers {
    fn handle(&mut self, _: DescribeWorkers, _: &mut ShellContext<'_, Self>) -> Reply<Vec<WorkerSnapshot>> {
        Reply::Now(self.snapshots.values().cloned().collect())
    }
}

impl Handle<ControlWorker> for Workers {
    fn handle(&mut self, message: ControlWorker, _: &mut ShellContext<'_, Self>) -> Reply<Result<(), ControlError>> {
        let Some(child) = self.children.get(&message.worker) else { return Reply::Now(Err(ControlError::NoSuch)) };
        if message.action == WorkerAction::Kill {
            self.dismiss(message.worker);
            return Reply::Now(Ok(()));
        }
        let changed = child.ask(CHILD_DEADLINE).ask(ChangeMode { action: message.action });
        Reply::later(async move { changed.await.unwrap_or(Err(ControlError::NotYet)) })
    }
}

impl Handle<DescribeLeaving> for Workers {
    fn handle(&mut self, _: DescribeLeaving, _: &mut ShellContext<'_, Self>) -> Reply<Vec<WorkerId>> {
        let is_leaving = |known: &&WorkerSnapshot| {
            let session = known.link.as_ref().map(WorkerLink::session);
            known.mode.graceful && session.is_some() && self.dismissed.get(&known.id).copied() != session
        };
        Reply::Now(self.snapshots.values().filter(is_leaving).map(|known| known.id).collect())
    }
}

impl Handle<DismissWorkers> for Workers {
    fn handle(&mut self, message: DismissWorkers, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for worker in message.workers {
            if self.snapshots.get(&worker).is_some_and(|known| known.mode.graceful) {
                self.dismiss(worker);
            }
        }
        Reply::Now(())
    }
}
