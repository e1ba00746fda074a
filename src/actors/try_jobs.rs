//! Try jobs: stores what developers want built before they commit it, and looks for it in the directories of jobs.
//!
//! - Hears: [`SubmitTry`] from clients, [`ReconsiderConfiguration`], and its own timer.
//! - Tells: [`CallFunction`] to the scripts, for a priority; `Event::BuildsetAdded` goes to the writer together with its
//!   rows.
//! - Writes: buildsets and requests, the rows of `Try_Jobdir` schedulers (`fire_scheduler`).
//! - Restart: permanent. Which files have been stored stands in the row of their scheduler, written together with their
//!   buildsets: a file that was stored and not moved is only moved.

mod job_dir;
mod job_file;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{info, warn};

use self::job_dir::Sweep;
use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::handle::CommandError;
use super::priority_question::prioritised;
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, Handle, Reply, ShellContext};
use crate::db::transitions::{FireScheduler, Fired};
use crate::db::views::deciders;
use crate::db::{Db, DbError};
use crate::domain::{BuilderId, SchedulerId, TryJob};
use crate::schedulers::config::{SchedulerConfig, SchedulerKind, TryConfig};
use crate::schedulers::try_build;

/// Stores a job; nothing if it names a builder that its scheduler may not start.
#[derive(Message)]
#[rtype(result = "Result<Option<Fired>, CommandError>")]
pub struct SubmitTry {
    pub scheduler: String,
    pub job: TryJob,
}

#[derive(Clone)]
pub struct TryJobsDeps {
    pub db: Db,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
    /// Relative directories of jobs are below it.
    pub base_dir: PathBuf,
}

pub struct TryJobs {
    deps: TryJobsDeps,
    /// Whether directories are being looked through.
    busy: bool,
    /// What was wrong with them the last time, so that it is not said again and again.
    complaints: BTreeSet<String>,
}

/// How often directories are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(3);

impl TryJobs {
    pub fn new(deps: TryJobsDeps) -> Self {
        Self { deps, busy: false, complaints: BTreeSet::new() }
    }

    fn sweep(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let sweeps = self.sweeps();
        if self.busy || sweeps.is_empty() {
            return;
        }
        self.busy = true;
        let all = async move {
            let mut complaints = BTreeSet::new();
            for sweep in sweeps {
                complaints.extend(sweep.run().await);
            }
            complaints
        };
        ctx.spawn(all, |this, complaints, _| {
            this.busy = false;
            for complaint in complaints.difference(&this.complaints) {
                warn!("{complaint}");
            }
            this.complaints = complaints;
        });
    }

    fn sweeps(&self) -> Vec<Sweep> {
        let applied = Arc::clone(&self.deps.config.borrow());
        let jobdirs = applied.config.schedulers.iter().filter_map(|config| {
            let SchedulerKind::Try(TryConfig::Jobdir(jobdir)) = &config.kind else { return None };
            let id = applied.ids.schedulers.get(&config.name).copied()?;
            let dir = self.deps.base_dir.join(jobdir);
            Some(Sweep { id, config: config.clone(), dir, deps: self.deps.clone() })
        });
        jobdirs.collect()
    }
}

/// The scheduler of this name, if it is one for jobs.
fn find(config: &AppliedConfig, name: &str) -> Option<(SchedulerId, SchedulerConfig)> {
    let applied = config.borrow();
    let scheduler = applied.config.schedulers.iter().find(|scheduler| scheduler.name == name)?;
    let id = applied.ids.schedulers.get(name).copied()?;
    matches!(scheduler.kind, SchedulerKind::Try(_)).then(|| (id, scheduler.clone()))
}

/// The ids of the job's builders; none if it may not have them.
fn builders_of(config: &AppliedConfig, scheduler: &SchedulerConfig, job: &TryJob) -> Option<Vec<BuilderId>> {
    let names = try_build::builders_of(scheduler, job)?;
    Some(config.borrow().builder_ids(&names)).filter(|ids| !ids.is_empty())
}

async fn is_enabled(db: &Db, id: SchedulerId) -> Result<bool, DbError> {
    Ok(db.read(move |conn| deciders::scheduler_record(conn, id)).await?.enabled)
}

async fn submit(deps: TryJobsDeps, message: SubmitTry) -> Result<Option<Fired>, CommandError> {
    let SubmitTry { scheduler, job } = message;
    let failed = |error: DbError| CommandError::Failed(error.to_string());
    let Some((id, config)) = find(&deps.config, &scheduler) else {
        return Err(CommandError::NotFound(format!("there is no try scheduler named {scheduler:?} any more")));
    };
    if !is_enabled(&deps.db, id).await.map_err(failed)? {
        return Err(CommandError::Failed(format!("the scheduler {scheduler:?} is switched off")));
    }
    let Some(builders) = builders_of(&deps.config, &config, &job) else {
        info!(scheduler, builders = ?job.builder_names, "a try job names a builder that it may not start");
        return Ok(None);
    };
    let buildset = try_build::buildset(&config, job, builders);
    let buildset = prioritised((&deps.db, &deps.config, &deps.scripts), &config, buildset).await;
    let fire = FireScheduler {
        scheduler: id,
        classified: Vec::new(),
        last_change: None,
        consumed: Vec::new(),
        state: None,
        buildset: Some(buildset),
    };
    let fired = deps.db.write(fire).await.map_err(failed)?;
    if let Some(fired) = &fired {
        info!(scheduler, buildset.id = fired.buildset.0, "try job submitted");
    }
    Ok(fired)
}

impl Child for TryJobs {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.sweep(ctx);
        ctx.every(SWEEP_EVERY, Self::sweep);
    }
}

impl Handle<ReconsiderConfiguration> for TryJobs {
    fn handle(&mut self, _: ReconsiderConfiguration, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.sweep(ctx);
        Reply::Now(())
    }
}

impl Handle<SubmitTry> for TryJobs {
    fn handle(
        &mut self,
        message: SubmitTry,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Option<Fired>, CommandError>> {
        Reply::later(submit(self.deps.clone(), message))
    }
}
