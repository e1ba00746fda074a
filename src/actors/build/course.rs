//! The course of a build, from its locks to its last step: what runs, what is skipped, and what the result is.

use std::pin::pin;

use futures_util::FutureExt;
use tracing::warn;

use super::Ended;
use super::condition;
use super::locks;
use super::run::BuildRun;
use super::secrets::Masked;
use super::turn::{self, TurnEnd};
use crate::actors::lock_keeper::Refused;
use crate::db::transitions::FinishCause;
use crate::domain::Results;
use crate::steps::BuildProgress;

/// Runs all steps; never fails, as a build that cannot go on has a result too.
pub async fn run_build(run: &BuildRun) -> Ended {
    if let Some((results, state)) = condition::refusal(run).await {
        return ended(run, results, run.secrets.mask(&state), FinishCause::Normal);
    }
    if let Err(early) = take_locks(run).await {
        return early;
    }
    let mut progress = BuildProgress::default();
    let mut worst = None;
    let mut number = 0;
    while let Some(steps) = run.next_turn() {
        let first = number;
        number += i32::try_from(steps.len()).unwrap_or(i32::MAX);
        for TurnEnd { step, end } in turn::run(run, &mut progress, first, &steps).await {
            if end.worker_lost {
                let cause = FinishCause::WorkerLost { max_losses: run.plan.max_worker_losses };
                return ended(run, Results::Retry, end.state, cause);
            }
            let before = progress.results();
            progress.add(&step.common, end.results);
            if progress.results() != before || worst.is_none() {
                worst = Some(end.state);
            }
        }
    }
    let results = run.stop_results().unwrap_or_else(|| progress.results());
    let state = build_state(run, results, worst);
    ended(run, results, state, FinishCause::Normal)
}

/// Waits for the locks of the build; the end of the build, if it is not to begin.
async fn take_locks(run: &BuildRun) -> Result<(), Ended> {
    let stops_before = run.stops_before();
    let mut taking = pin!(run.locks.take_for_build());
    if let Some(outcome) = taking.as_mut().now_or_never() {
        return locks_decided(run, outcome);
    }
    say(run, run.secrets.mask(&format!("waiting for locks: {}", locks::names(run.locks.of_build())))).await;
    tokio::select! {
        biased;
        outcome = taking => {
            say(run, Masked::words("building")).await;
            locks_decided(run, outcome)
        }
        _ = run.stopped_since(stops_before) => {
            let results = run.stop_results().unwrap_or(Results::Cancelled);
            let state = build_state(run, results, None);
            Err(ended(run, results, state, FinishCause::Normal))
        }
        () = run.plan.link.ended() => {
            let cause = FinishCause::WorkerLost { max_losses: run.plan.max_worker_losses };
            Err(ended(run, Results::Retry, Masked::words("lost the worker while waiting for locks"), cause))
        }
    }
}

fn locks_decided(run: &BuildRun, outcome: Result<(), Refused>) -> Result<(), Ended> {
    let Err(why) = outcome else { return Ok(()) };
    let results = match why {
        Refused::TooSmall(_) => Results::Exception,
        Refused::Cycle(_) => Results::Retry,
    };
    Err(ended(run, results, run.secrets.mask(&why.to_string()), FinishCause::Normal))
}

/// Shows a line for the whole build; that it could not be stored is no reason to fail.
async fn say(run: &BuildRun, state: Masked<String>) {
    if let Err(error) = run.deps.rows.set_state(run.build_id(), state).await {
        warn!(error = &error as &dyn std::error::Error, "cannot store the state of a build");
    }
}

/// The line that pages show for the whole build.
fn build_state(run: &BuildRun, results: Results, worst: Option<Masked<String>>) -> Masked<String> {
    let detail = worst.map(Masked::into_inner).unwrap_or_default();
    let text = match (results, run.stop_reason()) {
        (_, Some(reason)) => format!("stopped: {reason}"),
        (Results::Success | Results::Skipped, _) => "build successful".to_owned(),
        (Results::Warnings, _) => format!("warnings {detail}"),
        (Results::Exception, _) => format!("exception {detail}"),
        _ => format!("failed {detail}"),
    };
    run.secrets.mask(&text)
}

fn ended(run: &BuildRun, results: Results, state: Masked<String>, cause: FinishCause) -> Ended {
    Ended { results, state_string: state.into_inner(), properties: run.take_unsaved().into_inner(), cause }
}
