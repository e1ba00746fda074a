//! What a build triggers: it asks the schedulers, waits for the end, and cancels what nobody waits for any more.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tracing::warn;

use super::run::BuildRun;
use super::step_context::database;
use crate::actors::builders::StopBuild;
use crate::actors::buildset_keeper::CancelBuildRequest;
use crate::actors::schedulers::TriggerBuilds;
use crate::db::views::triggered;
use crate::domain::{BuildsetId, Event, Results, TriggerOrder, Triggered, TriggeredEnd};
use crate::steps::Fault;

/// The rows are looked at this often even if no event comes.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Has a scheduler build something.
pub async fn order(run: &BuildRun, scheduler: &str, order: TriggerOrder) -> Result<Triggered, Fault> {
    // Whoever looks at the new builds may look at the properties of this one.
    run.save_properties().await.map_err(database)?;
    let trigger = TriggerBuilds { scheduler: scheduler.to_owned(), order };
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
            cancel(run, triggered, &format!("the build that triggered it was stopped: {reason}")).await;
            Err(Fault::Interrupted(reason))
        }
        () = run.plan.link.ended() => {
            cancel(run, triggered, "the build that triggered it lost its worker").await;
            Err(Fault::WorkerLost("while it waited for what it triggered".to_owned()))
        }
    }
}

async fn end_of(run: &BuildRun, buildset: BuildsetId) -> Result<TriggeredEnd, Fault> {
    // First listen, then look: an end in between is not missed.
    let mut events = run.deps.live.subscribe();
    loop {
        let end = run.deps.db.read(move |conn| triggered::end(conn, buildset)).await.map_err(database)?;
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

/// Cancels requests that wait, and stops builds that run.
async fn cancel(run: &BuildRun, triggered: &Triggered, reason: &str) {
    for request in triggered.requests.iter().copied() {
        let cancel = CancelBuildRequest { request, reason: reason.to_owned() };
        match run.deps.cancel_request.ask(cancel).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => warn!(error = &error as &dyn Error, request.id = request.0, "cannot cancel a request"),
            Err(error) => warn!(error = &error as &dyn Error, request.id = request.0, "cannot cancel a request"),
        }
    }
    let requests = triggered.requests.clone();
    let running = match run.deps.db.read(move |conn| triggered::running(conn, &requests)).await {
        Ok(running) => running,
        Err(error) => {
            warn!(error = &error as &dyn Error, "cannot find the builds that were triggered");
            return;
        }
    };
    for build in running {
        let stop = StopBuild { build, reason: reason.to_owned(), results: Results::Cancelled };
        if let Err(error) = run.deps.stop_build.ask(stop).await {
            warn!(error = &error as &dyn Error, build.id = build.0, "cannot stop a build");
        }
    }
}
