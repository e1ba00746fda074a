//! Build: runs the steps of one build, one after the other, and those of a group at the same time.
//!
//! - Hears: [`StopRunning`] and [`RepeatLocks`] from its builder, [`LocksDecided`] from the lock keeper.
//! - Tells: [`BuildEnded`] to its builder, once; what it wants and gives back to the lock keeper; [`TriggerBuilds`] to the
//!   schedulers, and [`CancelBuildRequest`] and [`StopBuild`] for what it triggered; [`FetchSecret`] to the secret keeper.
//! - Writes: steps, logs and properties of its build; its end is recorded by the builder.
//! - Restart: none. Its death is seen by the builder, and ends the build in EXCEPTION.

mod condition;
mod course;
mod lazy_log;
mod locks;
mod master_command;
mod one_step;
mod properties;
mod rows;
mod run;
mod secrets;
mod step_context;
mod step_locks;
mod stop_if_dropped;
mod trigger;
mod turn;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use actix::Message;

pub use self::locks::LockDeps;
pub use self::properties::build_properties;
pub use self::rows::BuildRows;
use self::run::BuildRun;
use super::applied::AppliedConfig;
use super::builder::BuildEnded;
use super::cancel::Cancel;
use super::live_feed::LiveFeed;
use super::lock_keeper::LocksDecided;
use super::schedulers::TriggerBuilds;
use super::scripts::CallToRender;
use super::secret_keeper::FetchSecret;
use super::supervisor::{Ask, Child, Handle, Reply, ShellContext, Tell};
use crate::clock::Clock;
use crate::config::{BuilderConfig, LogLimits};
use crate::db::transitions::FinishCause;
use crate::domain::{Build as BuildRow, Change, Properties, Results, SourceStamp, WorkerId};
use crate::locks::LockWish;
use crate::steps::function::FunctionThreads;
use crate::wire::{LogSink, WorkerLink};

/// Ends the running step and all that follow, but for those that always run.
#[derive(Message)]
#[rtype(result = "()")]
pub struct StopRunning {
    pub reason: String,
    /// What the build's result will be: CANCELLED, or RETRY to have it built again.
    pub results: Results,
}

/// Tells the lock keeper, which has forgotten it, what the build holds and wants.
#[derive(Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct RepeatLocks;

/// Everything that was fixed when the build began.
pub struct BuildPlan {
    pub build: BuildRow,
    pub config: Arc<BuilderConfig>,
    pub logs: LogLimits,
    pub max_worker_losses: i32,
    pub properties: Properties,
    pub source_stamps: Vec<SourceStamp>,
    /// Oldest first.
    pub changes: Vec<Arc<Change>>,
    /// Taken together before the first step.
    pub locks: Vec<LockWish>,
    /// Of the request that leads.
    pub priority: i32,
    /// Id and name.
    pub worker: (WorkerId, String),
    pub link: WorkerLink,
}

/// How a build ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub results: Results,
    pub state_string: String,
    pub properties: Properties,
    pub cause: FinishCause,
}

impl Ended {
    /// The end of a build whose actor panicked.
    pub fn died(text: &str) -> Self {
        Self {
            results: Results::Exception,
            state_string: format!("the build died of an internal error: {text}"),
            properties: Properties::new(),
            cause: FinishCause::Normal,
        }
    }
}

#[derive(Clone)]
pub struct BuildDeps {
    /// Where relative paths of the master begin.
    pub base_dir: PathBuf,
    pub rows: BuildRows,
    pub clock: Clock,
    pub scripts: Ask<CallToRender>,
    pub secrets: Ask<FetchSecret>,
    pub log_sink: Arc<dyn LogSink>,
    pub live: LiveFeed,
    /// Where logs are compressed.
    pub wire_runtime: tokio::runtime::Handle,
    pub command_ids: super::command_ids::CommandIds,
    pub locks: LockDeps,
    pub config: AppliedConfig,
    pub trigger: Ask<TriggerBuilds>,
    pub cancel: Cancel,
    /// Threads for steps that are functions.
    pub functions: FunctionThreads,
    /// The environment of the master.
    pub environ: Arc<BTreeMap<String, String>>,
}

pub struct Build {
    run: Rc<BuildRun>,
    ended: Tell<BuildEnded>,
}

impl Build {
    pub fn new(plan: Arc<BuildPlan>, deps: BuildDeps, ended: Tell<BuildEnded>) -> Self {
        Self { run: Rc::new(BuildRun::new(plan, deps)), ended }
    }

    fn report(&self, ended: Ended) {
        self.ended.tell(BuildEnded { build: self.run.build_id(), ended });
    }
}

impl Child for Build {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let run = Rc::clone(&self.run);
        run.locks.decided_to(ctx.tell_self());
        ctx.spawn(async move { course::run_build(&run).await }, |this, ended, ctx| {
            this.report(ended);
            ctx.stop();
        });
    }
}

impl Handle<LocksDecided> for Build {
    fn handle(&mut self, message: LocksDecided, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.run.locks.decide(message);
        Reply::Now(())
    }
}

impl Handle<RepeatLocks> for Build {
    fn handle(&mut self, _: RepeatLocks, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.run.locks.restate();
        Reply::Now(())
    }
}

impl Handle<StopRunning> for Build {
    fn handle(&mut self, message: StopRunning, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.run.stop(message);
        Reply::Now(())
    }
}
