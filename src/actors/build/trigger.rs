//! What a build triggers: it asks the schedulers, waits for the end, and cancels what nobody waits for any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;

use super::run::BuildRun;
use super::secrets::Masked;
use super::step_context::database;
use crate::actors::schedulers::TriggerBuilds;
use crate::domain::{BuildsetId, Event, TriggerOrder, Triggered, TriggeredEnd};
use crate::steps::Fault;

/// The rows are looked at this often even if no event comes.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Has a scheduler build something.
pub async fn order(run: &BuildRun, scheduler: &str, order: Masked<TriggerOrder>) -> Result<Triggered, Fault> {
    // Whoever looks at the new builds may look at the properties of this one.
    run.save_properties().await.map_err(database)?;
    let trigger = TriggerBuilds { scheduler: scheduler.to_owned(), order: order.into_inner() };
    let answer = run.deps.trigger.ask(trigger).await.map_err(|error| Fault::World(error.to_string()))?;
    answer.map_err(|error| Fault::World(format!("cannot trigger '{scheduler}': {error}")))
}

/// Waits for the end; `stopped` resolves, with the reason, when this build is to stop.
pub async fn wait(
    run: &BuildRun,
    triggered: &Triggered,
    stopped: impl Future<Output = String>,
) -> Result<TriggeredEnd, Fault> {
    let Some(buildset) = triggered.buildset else {
        return Err(Fault::World("nothing was triggered that could be waited for".to_owned()));
    };
    tokio::select! {
        end = end_of(run, buildset) => end,
        reason = stopped => {
            let why = format!("the build that triggered it was stopped: {reason}");
            run.deps.cancel.all(triggered.requests.clone(), &why).await;
            Err(Fault::Interrupted(reason))
        }
        () = run.plan.link.ended() => {
            run.deps.cancel.all(triggered.requests.clone(), "the build that triggered it lost its worker").await;
            Err(Fault::WorkerLost("while it waited for what it triggered".to_owned()))
        }
    }
}

async fn end_of(run: &BuildRun, buildset: BuildsetId) -> Result<TriggeredEnd, Fault> {
    // First listen, then look: an end in between is not missed.
    let mut events = run.deps.live.subscribe();
    loop {
        let end = run.deps.rows.triggered_end(buildset).await.map_err(database)?;
        if let Some(end) = end {
            return Ok(end);
        }
        // Either way it is time to look.
        let _ = tokio::time::timeout(LOOK_EVERY, completed(&mut events, buildset)).await;
    }
}

/// Resolves when the buildset may be complete.
async fn completed(events: &mut Receiver<Arc<[Event]>>, buildset: BuildsetId) {
    let is_end = |event: &Event| matches!(event, Event::BuildsetCompleted { buildset: ended } if *ended == buildset);
    while let Ok(events) = events.recv().await {
        if events.iter().any(is_end) {
            return;
        }
    }
    // Some events were missed, or there will be no more.
}
