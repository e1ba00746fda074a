//! What one step does about its locks, from the names in the configuration until they are held.

use std::pin::pin;

use futures_util::FutureExt;

use super::StopRunning;
use super::locks::names;
use super::run::BuildRun;
use super::step_context::{ActorStepContext, database};
use crate::actors::lock_keeper::Refused;
use crate::domain::lock::{LockItem, known_accesses, lock_functions};
use crate::domain::{Results, ScriptValue};
use crate::locks::{self, LockWish, returned};
use crate::steps::{Fault, StepContext, call};

/// Starts the step once it holds all its locks; the row says what it waits for meanwhile.
pub async fn start_with_locks(run: &BuildRun, context: &ActorStepContext<'_>, items: &[LockItem]) -> Result<(), Fault> {
    let wishes = wishes(run, context, items).await?;
    let step = context.step();
    let start = |locks_acquired| run.deps.rows.start_step(step, locks_acquired);
    if wishes.is_empty() {
        return start(true).await.map_err(database);
    }
    let waiting_for = names(&wishes);
    let mut taking = pin!(run.locks.take_for_step(step, wishes));
    // Asks now, so that free locks are held when the row is written.
    let asked = taking.as_mut().now_or_never();
    start(false).await.map_err(database)?;
    let outcome = match asked.or_else(|| taking.as_mut().now_or_never()) {
        Some(outcome) => outcome,
        None => {
            context.show_state(&format!("waiting for locks: {waiting_for}")).await?;
            tokio::select! {
                biased;
                reason = context.stopped() => return Err(Fault::Interrupted(reason)),
                () = run.plan.link.ended() => {
                    return Err(Fault::WorkerLost("while a step waited for locks".to_owned()));
                }
                outcome = taking => outcome,
            }
        }
    };
    if let Err(why) = outcome {
        return Err(refused(run, context, why).await);
    }
    context.note_state("");
    run.deps.rows.acquire_step_locks(step).await.map_err(database)
}

/// What is wanted besides what the build holds.
async fn wishes(run: &BuildRun, context: &ActorStepContext<'_>, items: &[LockItem]) -> Result<Vec<LockWish>, Fault> {
    let mut accesses: Vec<_> = known_accesses(items).cloned().collect();
    for function in lock_functions(items) {
        let value = call(function, vec![ScriptValue::Properties(context.properties())], context).await?;
        let more = returned::from_value(&value).map_err(|error| {
            let (name, location) = (function.0.name(), function.0.location());
            Fault::Config(format!("{name} ({location}) is to name locks: {error}"))
        })?;
        accesses.extend(more);
    }
    let (worker, worker_name) = &run.plan.worker;
    let wanted = locks::wishes(&accesses, (*worker, worker_name));
    locks::beyond(run.locks.of_build(), wanted).map_err(|error| Fault::Config(error.to_string()))
}

async fn refused(run: &BuildRun, context: &ActorStepContext<'_>, why: Refused) -> Fault {
    match why {
        Refused::TooSmall(_) => Fault::Config(why.to_string()),
        Refused::Cycle(reason) => {
            context.write_error(&reason).await;
            run.stop(StopRunning { reason: reason.clone(), results: Results::Retry });
            Fault::Interrupted(reason)
        }
    }
}
