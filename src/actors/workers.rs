//! Workers: one child per configured worker; knows which of them can take a build.
//!
//! - Hears: [`ReconsiderConfiguration`], [`ReconsiderWorker`] from the wire, [`WorkerChanged`] from its children,
//!   [`DescribeWorkers`].
//! - Tells: its children; [`ReconsiderRequests`] to the distributor.
//! - Writes: nothing; each child writes its own row.
//! - Restart: permanent. Rebuilds its children from the configuration and the sessions that live.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::Message;
use tracing::warn;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::distributor::ReconsiderRequests;
use super::owned::Owned;
use super::sessions::Sessions;
use super::supervisor::{Child, ChildSpec, Handle, Reply, ShellContext, Supervisor, Tell};
use super::worker::{ReconsiderSession, Worker, WorkerDeps};
use crate::config::WorkerConfig;
use crate::db::Db;
use crate::domain::WorkerId;
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
}

impl Workers {
    pub fn new(deps: WorkersDeps) -> Self {
        Self { deps, children: BTreeMap::new(), snapshots: BTreeMap::new() }
    }

    /// Makes the children those of the configuration in force.
    fn apply_configuration(&mut self) {
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
        self.deps.distributor.tell(ReconsiderRequests);
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
        self.snapshots.insert(id, WorkerSnapshot { id, config, link: None });
    }
}

impl Child for Workers {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Workers {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
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
    fn handle(&mut self, message: WorkerChanged, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        if let Some(known) = self.snapshots.get_mut(&message.worker) {
            known.link = message.link;
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
