//! Intensity, quarantine, escalation, and requests that make actors fail.

use super::super::{AskError, End, Escalation, SubjectFailed};
use super::*;
use crate::testing::probe;

async fn kill(stage: &Stage, text: &'static str) {
    for _ in 0..=stage_max() {
        assert_eq!(stage.ask(panic_with(text)).await, Err(AskError::Closed));
    }
}

fn stage_max() -> u32 {
    permanent().intensity.max
}

fn panic_over(request: i64) -> Act {
    Act { subject: Some(BuildRequestId(request)), ..panic_with("bad request") }
}

#[actix::test]
async fn a_child_that_keeps_failing_is_quarantined_and_its_mail_refused() {
    let stage = Stage::new(permanent());
    kill(&stage, "hopeless").await;
    assert_eq!(stage.puppet.figures().state, "quarantined");
    assert_eq!(stage.ask(incarnation()).await, Err(AskError::Quarantined("hopeless".to_owned())));
    stage.tell(act(|puppet, _| puppet.mark()));
    tokio::time::sleep(HOUR).await;
    let figures = stage.puppet.figures();
    assert_eq!((figures.refused, figures.mailbox_depth, stage.marks()), (2, 0, 0));
}

#[actix::test]
async fn a_quarantined_child_can_be_tried_again() {
    let stage = Stage::new(permanent());
    kill(&stage, "hopeless").await;
    assert!(!stage.supervisor.retry("puppet", "nobody"));
    assert!(stage.supervisor.retry("puppet", "one"));
    assert_eq!(stage.ask(incarnation()).await, Ok(stage_max() + 2));
    assert_eq!(stage.ask(panic_with("once")).await, Err(AskError::Closed));
    assert_eq!(stage.ask(incarnation()).await, Ok(stage_max() + 3), "the sheet is clean");
}

#[actix::test]
async fn trying_again_a_child_that_runs_does_nothing() {
    let stage = Stage::new(permanent());
    stage.puppet.retry();
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
}

#[actix::test]
async fn failures_far_apart_never_lead_to_quarantine() {
    let stage = Stage::new(permanent());
    for n in 1..=20 {
        assert_eq!(stage.ask(incarnation()).await, Ok(n));
        stage.tell(panic_with("now and then"));
        tokio::time::sleep(HOUR).await;
    }
}

#[actix::test]
async fn a_vital_child_that_keeps_failing_is_escalated() {
    let mut stage = Stage::new(ChildSpec::vital("puppet", "one"));
    kill(&stage, "hopeless").await;
    let expected = Escalation { kind: "puppet", name: "one".to_owned(), text: "hopeless".to_owned() };
    assert_eq!(in_time(stage.escalations.next()).await, expected);
    assert_eq!(in_time(stage.puppet.ended()).await, End::Failed("hopeless".to_owned()));
    assert_eq!(stage.ask(incarnation()).await, Err(AskError::Closed));
}

#[actix::test]
async fn intensity_counts_per_child() {
    let stage = Stage::new(permanent());
    let other = start(stage.supervisor.prepare(ChildSpec::permanent("puppet", "two")), &stage.marks);
    for _ in 0..stage_max() {
        assert_eq!(stage.ask(panic_with("boom")).await, Err(AskError::Closed));
        assert_eq!(other.ask(HOUR).ask(panic_with("boom")).await, Err(AskError::Closed));
    }
    assert_eq!(stage.ask(incarnation()).await, Ok(stage_max() + 1));
    assert_eq!(other.ask(HOUR).ask(incarnation()).await, Ok(stage_max() + 1));
}

#[actix::test]
async fn two_panics_over_one_request_report_it_and_are_not_held_against_the_child() {
    let stage = Stage::new(permanent());
    let (failed, mut inbox) = probe::<SubjectFailed>();
    stage.supervisor.report_failed_subjects_to(failed);
    for request in 0..20 {
        assert_eq!(stage.ask(panic_over(request)).await, Err(AskError::Closed));
        assert_eq!(inbox.try_next(), None);
        assert_eq!(stage.ask(panic_over(request)).await, Err(AskError::Closed));
        let expected = SubjectFailed { request: BuildRequestId(request), text: "bad request".to_owned() };
        assert_eq!(inbox.next().await, expected);
    }
    assert_eq!(stage.ask(incarnation()).await, Ok(41));
}

#[actix::test]
async fn two_different_actors_that_panic_over_one_request_report_it() {
    let stage = Stage::new(permanent());
    let other = start(stage.supervisor.prepare(ChildSpec::permanent("puppet", "two")), &stage.marks);
    let (failed, mut inbox) = probe::<SubjectFailed>();
    stage.supervisor.report_failed_subjects_to(failed);
    stage.tell(panic_over(7));
    other.tell().tell(panic_over(7));
    assert_eq!(inbox.next().await.request, BuildRequestId(7));
}

#[actix::test]
async fn work_begun_for_a_request_is_done_on_its_behalf() {
    let stage = Stage::new(permanent());
    let (failed, mut inbox) = probe::<SubjectFailed>();
    stage.supervisor.report_failed_subjects_to(failed);
    let spawned = act(|_, ctx| ctx.spawn(async {}, |_, (), ctx| drop(ctx.later(SECOND, |_, _| panic!("late")))));
    stage.tell(Act { subject: Some(BuildRequestId(7)), ..spawned });
    tokio::time::sleep(HOUR).await;
    stage.tell(panic_over(7));
    assert_eq!(inbox.next().await.request, BuildRequestId(7));
}
