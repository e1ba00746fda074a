//! Builder: begins the builds of one configured builder and records their end.
//!
//! - Hears: [`BeginBuild`] and [`InterruptBuild`] from its parent, [`BuildEnded`] from its builds.
//! - Tells: [`SlotTaken`] and [`SlotFreed`] to its parent; [`ReleaseLocks`] to the lock keeper; its builds; for what a
//!   dead build waited for, [`super::buildset_keeper::CancelBuildRequest`] and [`super::builders::StopBuild`].
//! - Writes: claims, builds, requests, buildsets (`start_build`, `finish_build`), and what its builds teach.
//! - Restart: permanent. Its builds end with it; what the database says is running without an actor is requeued, at
//!   every start.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use super::applied::AppliedConfig;
use super::build::{Build, BuildDeps, BuildPlan, Ended, RepeatLocks, StopRunning, build_properties};
use super::builders::{SlotFreed, SlotTaken};
use super::learning::learn_from;
use super::lock_keeper::ReleaseLocks;
use super::owned::Owned;
use super::supervisor::{Ask, AskError, Child, ChildSpec, End, Handle, Reply, ShellContext, Supervisor, Tell};
use super::virtual_builder::virtual_builder;
use super::workers::DescribeWorkers;
use crate::db::transitions::{FinishBuild, FinishCause, StartBuild, StartBuildOutcome};
use crate::db::views::{builds, cancelling, deciders};
use crate::db::{Db, DbError};
use crate::domain::{BuildId, BuildRequestId, BuilderId, Properties, Results, WorkerId};
use crate::locks::LockWish;
use crate::wire::LinkError;

/// Starts one build for these requests, the first leading. Answered when it has begun or could not; if the builder dies
/// before that, nothing has begun.
#[derive(Message)]
#[rtype(result = "()")]
pub struct BeginBuild {
    pub requests: Vec<BuildRequestId>,
    pub worker: WorkerId,
    /// What the build takes before its first step.
    pub locks: Vec<LockWish>,
    /// Of the request that leads.
    pub priority: i32,
}

/// Stops a build because somebody asked for it.
#[derive(Message)]
#[rtype(result = "()")]
pub struct InterruptBuild {
    pub build: BuildId,
    pub reason: String,
    pub results: Results,
}

/// A build has run to its end, which is not stored yet.
#[derive(Message)]
#[rtype(result = "()")]
pub struct BuildEnded {
    pub build: BuildId,
    pub ended: Ended,
}

/// The reason a build did not begin.
#[derive(Debug, thiserror::Error)]
enum BeginError {
    #[error("the worker is not attached any more")]
    WorkerGone,
    #[error("the worker does not answer")]
    Silent(#[source] LinkError),
    #[error("the worker did not answer within {} s", PING_DEADLINE.as_secs())]
    PingDeadline,
    #[error("the builder left the configuration")]
    NotConfigured,
    #[error("another master or plan was faster")]
    Lost,
    #[error("an actor did not answer")]
    Ask(#[from] AskError),
    #[error("the database failed")]
    Database(#[from] DbError),
}

#[derive(Clone)]
pub struct BuilderDeps {
    pub db: Db,
    pub config: AppliedConfig,
    pub supervisor: Supervisor,
    pub workers: Ask<DescribeWorkers>,
    pub taken: Tell<SlotTaken>,
    pub freed: Tell<SlotFreed>,
    pub release_locks: Tell<ReleaseLocks>,
    pub build: BuildDeps,
}

/// One build that runs.
struct RunningBuild {
    child: Owned<Build>,
    worker: WorkerId,
}

pub struct Builder {
    id: BuilderId,
    name: String,
    deps: BuilderDeps,
    builds: BTreeMap<BuildId, RunningBuild>,
}

/// A worker that takes longer to answer is taken for lost.
const PING_DEADLINE: Duration = Duration::from_secs(10);
/// Wait before a failed write is tried again.
const WRITE_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// A request waits this long after a build could not begin, so that a broken worker does not spin.
const FREE_SLOT_AFTER: Duration = Duration::from_secs(1);

impl Builder {
    pub fn new(id: BuilderId, name: String, deps: BuilderDeps) -> Self {
        Self { id, name, deps, builds: BTreeMap::new() }
    }

    fn begin(&mut self, message: BeginBuild, over: oneshot::Sender<()>, ctx: &mut ShellContext<'_, Self>) {
        let worker = message.worker;
        let begin = begin(self.id, self.name.clone(), self.deps.clone(), message);
        ctx.spawn(begin, move |this, outcome, ctx| {
            match outcome {
                Ok(plan) => this.run(plan, worker, ctx),
                Err(error) => {
                    warn!(error = &error as &dyn Error, builder.name = this.name, "a build did not begin");
                    ctx.later(FREE_SLOT_AFTER, move |this, _| {
                        this.deps.freed.tell(SlotFreed { builder: this.id, worker });
                    });
                }
            }
            // Nobody waits for it any more if that took an hour.
            let _ = over.send(());
        });
    }

    fn run(&mut self, plan: BuildPlan, worker: WorkerId, ctx: &mut ShellContext<'_, Self>) {
        let build = plan.build.id;
        info!(builder.name = self.name, build.id = build.0, build.number = plan.build.number, "build started");
        self.deps.taken.tell(SlotTaken { builder: self.id, worker, build });
        let spec = ChildSpec::temporary("build", format!("{}/{}", self.name, plan.build.number));
        let deps = self.deps.build.clone();
        let ended = ctx.tell_self::<BuildEnded>();
        let plan = Arc::new(plan);
        let child = self
            .deps
            .supervisor
            .prepare(spec)
            .start(move || Build::new(Arc::clone(&plan), deps.clone(), ended.clone()));
        ctx.spawn(child.ended(), move |this, end, ctx| {
            if let End::Failed(text) = end {
                this.abandon(build, ctx);
                this.finish(build, Ended::died(&text), ctx);
            }
        });
        self.builds.insert(build, RunningBuild { child: Owned(child), worker });
    }

    fn finish(&mut self, build: BuildId, ended: Ended, ctx: &mut ShellContext<'_, Self>) {
        let db = self.deps.db.clone();
        let write = FinishBuild {
            build,
            results: ended.results,
            state_string: ended.state_string.clone(),
            properties: ended.properties.clone(),
            cause: ended.cause,
        };
        ctx.spawn(async move { db.write(write).await }, move |this, outcome, ctx| {
            if let Err(error) = outcome {
                error!(error = &error as &dyn Error, build.id = build.0, "cannot record the end of a build");
                ctx.later(WRITE_AGAIN_AFTER, move |this, ctx| this.finish(build, ended, ctx));
                return;
            }
            this.deps.release_locks.tell(ReleaseLocks { build });
            this.learn(build, ended.results, ctx);
            info!(builder.name = this.name, build.id = build.0, results = %ended.results, "build finished");
            if let Some(running) = this.builds.remove(&build) {
                this.deps.freed.tell(SlotFreed { builder: this.id, worker: running.worker });
            }
        });
    }

    /// Cancels what a build waited for that can do so itself no more.
    fn abandon(&mut self, build: BuildId, ctx: &mut ShellContext<'_, Self>) {
        let (db, cancel) = (self.deps.db.clone(), self.deps.build.cancel.clone());
        let abandon = async move {
            let requests = db.read(move |conn| cancelling::waited_for_by(conn, build)).await?;
            if !requests.is_empty() {
                cancel.all(requests, "the build that triggered it has died").await;
            }
            Ok::<_, DbError>(())
        };
        ctx.spawn(abandon, move |_, outcome, _| {
            if let Err(error) = outcome {
                error!(error = &error as &dyn Error, build.id = build.0, "cannot cancel what a dead build waited for");
            }
        });
    }

    /// What is not learned from one build is learned from the next.
    fn learn(&mut self, build: BuildId, results: Results, ctx: &mut ShellContext<'_, Self>) {
        let db = self.deps.db.clone();
        let learn = async move { learn_from(&db, build, results).await };
        ctx.spawn(learn, move |_, outcome, _| {
            if let Err(error) = outcome {
                warn!(error = &error as &dyn Error, build.id = build.0, "cannot learn how long a build takes");
            }
        });
    }

    /// Requeues what a predecessor left running.
    fn requeue_orphans(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let (db, id) = (self.deps.db.clone(), self.id);
        let mine = db.master().id;
        let read = async move { db.read(move |conn| builds::running_of(conn, mine, id)).await };
        ctx.spawn(read, move |this, builds, ctx| match builds {
            Ok(builds) => {
                for orphan in
                    builds.into_iter().filter(|build| !this.builds.contains_key(&build.id)).collect::<Vec<_>>()
                {
                    warn!(build.id = orphan.id.0, "a build ran without an actor and is tried again");
                    let ended = Ended {
                        results: Results::Retry,
                        state_string: "the builder was restarted".to_owned(),
                        properties: Properties::new(),
                        cause: FinishCause::MasterStopped,
                    };
                    this.abandon(orphan.id, ctx);
                    this.finish(orphan.id, ended, ctx);
                    this.deps.freed.tell(SlotFreed { builder: id, worker: orphan.worker_id });
                }
            }
            Err(error) => {
                error!(error = &error as &dyn Error, "cannot read the running builds");
                ctx.later(WRITE_AGAIN_AFTER, Self::requeue_orphans);
            }
        });
    }
}

/// Everything between a plan and a running build; the claim is the last step, so that failing costs nothing.
async fn begin(id: BuilderId, name: String, deps: BuilderDeps, message: BeginBuild) -> Result<BuildPlan, BeginError> {
    let workers = deps.workers.ask(DescribeWorkers).await?;
    let worker = workers.into_iter().find(|worker| worker.id == message.worker).ok_or(BeginError::WorkerGone)?;
    let link = worker.ready().cloned().ok_or(BeginError::WorkerGone)?;
    match tokio::time::timeout(PING_DEADLINE, link.ping()).await {
        Ok(answer) => answer.map_err(BeginError::Silent)?,
        Err(_) => {
            link.close("it did not answer a ping");
            return Err(BeginError::PingDeadline);
        }
    }
    let applied = Arc::clone(&deps.config.borrow());
    let config =
        applied.config.builders.iter().find(|builder| builder.name == name).ok_or(BeginError::NotConfigured)?;
    let requests = message.requests.clone();
    let inputs = deps.db.read(move |conn| deciders::build_inputs(conn, &requests)).await?;
    let properties = build_properties(&applied, (id, config), &worker, &inputs, &link);
    let start = StartBuild {
        builder: id,
        shown_at: virtual_builder(&properties, config),
        requests: message.requests,
        worker: message.worker,
        properties: properties.clone(),
        state_string: "building".to_owned(),
    };
    match deps.db.write(start).await? {
        StartBuildOutcome::Started(build) => Ok(BuildPlan {
            build,
            config: Arc::new(config.clone()),
            logs: applied.config.logs,
            max_worker_losses: applied.config.max_worker_losses,
            properties,
            source_stamps: inputs.source_stamps,
            changes: inputs.changes.into_iter().map(Arc::new).collect(),
            locks: message.locks,
            priority: message.priority,
            worker: (worker.id, worker.config.name.clone()),
            link,
        }),
        StartBuildOutcome::Lost => Err(BeginError::Lost),
    }
}

impl Child for Builder {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.requeue_orphans(ctx);
    }
}

impl Handle<BeginBuild> for Builder {
    fn handle(&mut self, message: BeginBuild, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        let (over, is_over) = oneshot::channel();
        self.begin(message, over, ctx);
        Reply::later(async move {
            // It is sent unless this incarnation dies, and then nobody polls this.
            let _ = is_over.await;
        })
    }

    fn subject(message: &BeginBuild) -> Option<BuildRequestId> {
        message.requests.first().copied()
    }
}

impl Handle<InterruptBuild> for Builder {
    fn handle(&mut self, message: InterruptBuild, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        if let Some(running) = self.builds.get(&message.build) {
            running.child.tell().tell(StopRunning { reason: message.reason, results: message.results });
        }
        Reply::Now(())
    }
}

impl Handle<RepeatLocks> for Builder {
    fn handle(&mut self, _: RepeatLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for running in self.builds.values() {
            running.child.tell().tell(RepeatLocks);
        }
        Reply::Now(())
    }
}

impl Handle<BuildEnded> for Builder {
    fn handle(&mut self, message: BuildEnded, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.finish(message.build, message.ended, ctx);
        Reply::Now(())
    }
}
