//! The routing keys under which an event is sent, in Buildbot's order.

use crate::domain::Event;

/// Stands for the slug of a log that has not been read yet. No slug contains it.
pub const UNKNOWN: &str = "?";

/// All keys of an event; `slug` is that of the log it is about, for other events anything.
pub fn of(event: &Event, slug: &str) -> Vec<String> {
    match event {
        Event::ChangeAdded { change } => vec![format!("changes/{change}/new")],
        Event::BuildsetAdded { buildset } => vec![format!("buildsets/{buildset}/new")],
        Event::BuildsetCompleted { buildset } => vec![format!("buildsets/{buildset}/complete")],
        Event::BuildRequestAdded { .. } => of_request(event, "new"),
        Event::BuildRequestClaimed { .. } => of_request(event, "claimed"),
        Event::BuildRequestUnclaimed { .. } => of_request(event, "unclaimed"),
        Event::BuildRequestUpdated { .. } => of_request(event, "update"),
        Event::BuildRequestCompleted { .. } => of_request(event, "complete"),
        Event::BuildRequestCancelled { .. } => of_request(event, "cancelled"),
        Event::BuildStarted { .. } => of_build(event, "new"),
        Event::BuildUpdated { .. } => of_build(event, "update"),
        Event::BuildFinished { .. } => of_build(event, "finished"),
        Event::BuildPropertiesChanged { build } => vec![format!("builds/{build}/properties/update")],
        Event::StepAdded { .. } => of_step(event, "new"),
        Event::StepStarted { .. } => of_step(event, "started"),
        Event::StepUpdated { .. } => of_step(event, "updated"),
        Event::StepFinished { .. } => of_step(event, "finished"),
        Event::BuildEstimated { build } => vec![format!("builds/{build}/estimate/update")],
        Event::LogAdded { .. } => of_log(event, slug, "new"),
        Event::LogAppended { .. } => of_log(event, slug, "append"),
        Event::LogFinished { .. } => of_log(event, slug, "finished"),
        Event::WorkerConnected { worker } => vec![format!("workers/{worker}/connected")],
        Event::WorkerDisconnected { worker } => vec![format!("workers/{worker}/disconnected")],
        Event::WorkerStateUpdated { worker } => vec![format!("workers/{worker}/state_updated")],
        Event::WorkerMissing { worker } => vec![format!("workers/{worker}/missing")],
        Event::SchedulerUpdated { scheduler } => vec![format!("schedulers/{scheduler}/updated")],
        Event::BuilderStarted { builder } => vec![format!("builders/{builder}/started")],
        Event::BuilderStopped { builder } => vec![format!("builders/{builder}/stopped")],
        Event::BuilderUpdated { builder } => vec![format!("builders/{builder}/update")],
        Event::ProjectUpdated { project } => vec![format!("projects/{project}/update")],
        Event::CodebaseUpdated { codebase } => vec![format!("codebases/{codebase}/update")],
        Event::CommitAdded { commit, codebase } => {
            vec![format!("commits/{commit}/new"), format!("codebases/{codebase}/commits/{commit}/new")]
        }
        Event::BranchUpdated { branch } => vec![format!("branches/{branch}/update")],
    }
}

fn of_request(event: &Event, action: &str) -> Vec<String> {
    let (Event::BuildRequestAdded { request, buildset, builder }
    | Event::BuildRequestClaimed { request, buildset, builder }
    | Event::BuildRequestUnclaimed { request, buildset, builder }
    | Event::BuildRequestUpdated { request, buildset, builder }
    | Event::BuildRequestCompleted { request, buildset, builder }
    | Event::BuildRequestCancelled { request, buildset, builder }) = event
    else {
        return Vec::new();
    };
    vec![
        format!("buildsets/{buildset}/builders/{builder}/buildrequests/{request}/{action}"),
        format!("buildrequests/{request}/{action}"),
        format!("builders/{builder}/buildrequests/{request}/{action}"),
    ]
}

fn of_build(event: &Event, action: &str) -> Vec<String> {
    let (Event::BuildStarted { build, builder, number, worker }
    | Event::BuildUpdated { build, builder, number, worker }
    | Event::BuildFinished { build, builder, number, worker }) = event
    else {
        return Vec::new();
    };
    vec![
        format!("builders/{builder}/builds/{number}/{action}"),
        format!("builds/{build}/{action}"),
        format!("workers/{worker}/builds/{build}/{action}"),
    ]
}

fn of_step(event: &Event, action: &str) -> Vec<String> {
    let (Event::StepAdded { step, build }
    | Event::StepStarted { step, build }
    | Event::StepUpdated { step, build }
    | Event::StepFinished { step, build }) = event
    else {
        return Vec::new();
    };
    vec![format!("builds/{build}/steps/{step}/{action}"), format!("steps/{step}/{action}")]
}

fn of_log(event: &Event, slug: &str, action: &str) -> Vec<String> {
    let (Event::LogAdded { log, step } | Event::LogAppended { log, step, .. } | Event::LogFinished { log, step }) =
        event
    else {
        return Vec::new();
    };
    vec![format!("logs/{log}/{action}"), format!("steps/{step}/logs/{slug}/{action}")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BuildId, BuildRequestId, BuilderId, BuildsetId, LogId, StepId, WorkerId};

    #[test]
    fn an_event_is_sent_under_every_key_that_buildbot_has_for_it() {
        let (build, builder, worker) = (BuildId(14), BuilderId(5), WorkerId(2));
        let finished = Event::BuildFinished { build, builder, number: 7, worker };
        assert_eq!(
            of(&finished, ""),
            ["builders/5/builds/7/finished", "builds/14/finished", "workers/2/builds/14/finished"]
        );

        let request = Event::BuildRequestClaimed { request: BuildRequestId(13), buildset: BuildsetId(12), builder };
        let expected = [
            "buildsets/12/builders/5/buildrequests/13/claimed",
            "buildrequests/13/claimed",
            "builders/5/buildrequests/13/claimed",
        ];
        assert_eq!(of(&request, ""), expected);

        let step = Event::StepUpdated { step: StepId(97), build };
        assert_eq!(of(&step, ""), ["builds/14/steps/97/updated", "steps/97/updated"]);

        let log = Event::LogAppended { log: LogId(90), step: StepId(98), n_lines: 5 };
        assert_eq!(of(&log, "stdio"), ["logs/90/append", "steps/98/logs/stdio/append"]);

        assert_eq!(of(&Event::BuildPropertiesChanged { build }, ""), ["builds/14/properties/update"]);
    }
}
