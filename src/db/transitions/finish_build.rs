//! A build ends: its open steps and logs are closed, its requests end or wait again, its buildsets complete.

use diesel::prelude::*;

use super::build_state;
use crate::db::schema::{build_build_requests, build_requests, builds, buildsets, logs, steps};
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{
    BuildId, BuildRequestId, BuilderId, BuildsetId, Event, LogId, Properties, Results, StepId, WorkerId,
};

/// Records the end of a build; a second time changes nothing.
pub struct FinishBuild {
    pub build: BuildId,
    /// RETRY makes its requests wait again.
    pub results: Results,
    pub state_string: String,
    /// Properties that are not stored yet.
    pub properties: Properties,
    pub cause: FinishCause,
}

/// Why a build ended; decides whether a retried request has lost its worker once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishCause {
    Normal,
    /// After this many losses a request ends in EXCEPTION, so that a build that kills its worker does not loop.
    WorkerLost {
        max_losses: i32,
    },
    /// A restart of the master is not a loss.
    MasterStopped,
}

/// What the end led to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FinishedBuild {
    pub requeued: Vec<BuildRequestId>,
    pub completed: Vec<(BuildRequestId, Results)>,
    pub buildsets: Vec<BuildsetId>,
}

impl Transition for FinishBuild {
    type Outcome = FinishedBuild;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<FinishedBuild, DbError> {
        let now = tx.now_us();
        let ended: Option<(i64, i64, i64)> =
            diesel::update(builds::table.find(self.build.0).filter(builds::complete_at_us.is_null()))
                .set((
                    builds::complete_at_us.eq(now),
                    builds::results.eq(self.results.code()),
                    builds::state_string.eq(&self.state_string),
                ))
                .returning((builds::builder_id, builds::number, builds::worker_id))
                .get_result(tx.conn())
                .optional()?;
        let Some((builder, number, worker)) = ended else { return Ok(FinishedBuild::default()) };
        build_state::store_properties(tx, self.build, &self.properties)?;
        self.close_steps(tx)?;
        tx.emit(Event::BuildFinished {
            build: self.build,
            builder: BuilderId(builder),
            number,
            worker: WorkerId(worker),
        });
        self.end_requests(tx)
    }
}

impl FinishBuild {
    /// Steps and logs that a lost or dead build left open.
    fn close_steps(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let open_logs: Vec<(i64, i64)> = logs::table
            .inner_join(steps::table)
            .filter(steps::build_id.eq(self.build.0))
            .filter(logs::complete.eq(0))
            .select((logs::id, logs::step_id))
            .load(tx.conn())?;
        let ids = open_logs.iter().map(|(id, _)| *id);
        diesel::update(logs::table.filter(logs::id.eq_any(ids))).set(logs::complete.eq(1)).execute(tx.conn())?;
        for (log, step) in open_logs {
            tx.emit(Event::LogFinished { log: LogId(log), step: StepId(step) });
        }
        let now = tx.now_us();
        let closed: Vec<i64> = diesel::update(
            steps::table.filter(steps::build_id.eq(self.build.0)).filter(steps::complete_at_us.is_null()),
        )
        .set((steps::complete_at_us.eq(now), steps::results.eq(self.results.code())))
        .returning(steps::id)
        .get_results(tx.conn())?;
        for step in closed {
            tx.emit(Event::StepFinished { step: StepId(step), build: self.build });
        }
        Ok(())
    }

    fn end_requests(&self, tx: &mut Transaction<'_>) -> Result<FinishedBuild, DbError> {
        let requests: Vec<(i64, i64, i64, i32)> = build_build_requests::table
            .inner_join(build_requests::table.on(build_requests::id.eq(build_build_requests::request_id)))
            .filter(build_build_requests::build_id.eq(self.build.0))
            .filter(build_requests::complete_at_us.is_null())
            .select((
                build_requests::id,
                build_requests::buildset_id,
                build_requests::builder_id,
                build_requests::worker_losses,
            ))
            .load(tx.conn())?;
        let mut finished = FinishedBuild::default();
        for (request, buildset, builder, losses) in requests {
            let (request, buildset, builder) = (BuildRequestId(request), BuildsetId(buildset), BuilderId(builder));
            let losses = match self.cause {
                FinishCause::WorkerLost { .. } => losses.saturating_add(1),
                FinishCause::Normal | FinishCause::MasterStopped => losses,
            };
            match self.end_of(losses) {
                None => {
                    requeue(tx, request, losses)?;
                    tx.emit(Event::BuildRequestUnclaimed { request, buildset, builder });
                    finished.requeued.push(request);
                }
                Some(results) => {
                    complete(tx, request, results, losses)?;
                    tx.emit(Event::BuildRequestCompleted { request, buildset, builder });
                    finished.completed.push((request, results));
                    if complete_buildset(tx, buildset)? {
                        finished.buildsets.push(buildset);
                    }
                }
            }
        }
        Ok(finished)
    }

    /// The result of a request that has now lost its worker this often; `None` has it wait again.
    fn end_of(&self, losses: i32) -> Option<Results> {
        match (self.results, self.cause) {
            (Results::Retry, FinishCause::WorkerLost { max_losses }) if max_losses <= losses => {
                Some(Results::Exception)
            }
            (Results::Retry, _) => None,
            (results, _) => Some(results),
        }
    }
}

fn requeue(tx: &mut Transaction<'_>, request: BuildRequestId, losses: i32) -> Result<(), DbError> {
    diesel::update(build_requests::table.find(request.0))
        .set((
            build_requests::claimed_by.eq(None::<i64>),
            build_requests::claimed_epoch.eq(None::<i64>),
            build_requests::claimed_at_us.eq(None::<i64>),
            build_requests::worker_losses.eq(losses),
        ))
        .execute(tx.conn())?;
    Ok(())
}

fn complete(tx: &mut Transaction<'_>, request: BuildRequestId, results: Results, losses: i32) -> Result<(), DbError> {
    let now = tx.now_us();
    diesel::update(build_requests::table.find(request.0))
        .set((
            build_requests::complete_at_us.eq(now),
            build_requests::results.eq(results.code()),
            build_requests::worker_losses.eq(losses),
        ))
        .execute(tx.conn())?;
    Ok(())
}

/// Completes a buildset whose last request has ended, with the worst of their results.
pub(super) fn complete_buildset(tx: &mut Transaction<'_>, buildset: BuildsetId) -> Result<bool, DbError> {
    let codes: Vec<Option<i32>> = build_requests::table
        .filter(build_requests::buildset_id.eq(buildset.0))
        .select(build_requests::results)
        .load(tx.conn())?;
    let mut worst = Results::Success;
    for code in codes {
        match code.and_then(Results::from_code) {
            Some(results) => worst = worst.worst(results),
            None => return Ok(false),
        }
    }
    let now = tx.now_us();
    let changed = diesel::update(buildsets::table.find(buildset.0).filter(buildsets::complete_at_us.is_null()))
        .set((buildsets::complete_at_us.eq(now), buildsets::results.eq(worst.code())))
        .execute(tx.conn())?;
    if changed != 0 {
        tx.emit(Event::BuildsetCompleted { buildset });
    }
    Ok(changed != 0)
}
