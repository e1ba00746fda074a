//! Wiring, figures, deadlines, and the end.

use std::thread;

use super::super::{AskError, Backoff, End};
use super::*;

#[actix::test]
async fn mail_told_before_the_start_is_handled_after_it() {
    tokio::time::pause();
    let (supervisor, _escalations) = Supervisor::new();
    let prepared = supervisor.prepare(permanent());
    let marks = Arc::new(AtomicU32::new(0));
    prepared.tell().tell(act(|puppet, _| puppet.mark()));
    let answer = prepared.ask(HOUR).ask(incarnation());
    assert_eq!((supervisor.figures()[0].state, supervisor.figures()[0].mailbox_depth), ("prepared", 2));
    let _running = start(prepared, &marks);
    assert_eq!(answer.await, Ok(1));
    assert_eq!(marks.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn figures_count_messages_waiting_and_mail_that_was_dropped() {
    let stage = Stage::new(permanent());
    for _ in 0..3 {
        stage.tell(incarnation());
    }
    assert_eq!(stage.puppet.figures().mailbox_depth, 3);
    stage.ask(incarnation()).await.unwrap();
    let figures = stage.puppet.figures();
    assert_eq!((figures.mailbox_depth, figures.handled, figures.state), (0, 4, "running"));
    stage.tell(act(|_, ctx| ctx.stop()));
    stage.tell(incarnation());
    assert_eq!(in_time(stage.puppet.ended()).await, End::Stopped);
    assert_eq!(stage.puppet.figures().mailbox_depth, 0);
}

#[actix::test]
async fn waiting_time_includes_the_back_off() {
    let backoff = Backoff { first: 10 * SECOND, max: HOUR };
    let stage = Stage::new(ChildSpec { backoff, ..permanent() });
    stage.tell(panic_with("boom"));
    stage.ask(incarnation()).await.unwrap();
    let waited = stage.puppet.figures().waiting_seconds;
    assert!((10.0..10.1).contains(&waited), "waited {waited} s");
}

#[actix::test]
async fn figures_are_readable_and_mail_is_sendable_from_another_thread() {
    let stage = Stage::new(permanent());
    let (supervisor, tell) = (stage.supervisor.clone(), stage.puppet.tell());
    let names = thread::spawn(move || {
        tell.tell(act(|puppet, _| puppet.mark()));
        supervisor.figures().into_iter().map(|figures| figures.name).collect::<Vec<_>>()
    });
    assert_eq!(names.join().unwrap(), ["one"]);
    stage.ask(incarnation()).await.unwrap();
    assert_eq!(stage.marks(), 1);
}

#[actix::test]
async fn the_figures_of_ended_children_are_summed_by_kind() {
    let stage = Stage::new(permanent());
    stage.ask(incarnation()).await.unwrap();
    in_time(stage.puppet.stop()).await;
    let figures = stage.supervisor.figures();
    let rows: Vec<_> = figures.iter().map(|row| (row.name.as_str(), row.state, row.handled)).collect();
    assert_eq!(rows, [("(ended)", "stopped", 1)]);
}

#[actix::test]
async fn an_ask_gives_up_at_its_deadline_and_the_actor_goes_on() {
    let stage = Stage::new(permanent());
    let code: Code = Box::new(|_, _| Reply::later(std::future::pending()));
    let answer = stage.puppet.ask(SECOND).ask(Act { subject: None, code });
    assert_eq!(answer.await, Err(AskError::Deadline));
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
}

#[actix::test]
async fn a_question_whose_deadline_passed_in_the_mailbox_is_not_handled() {
    let backoff = Backoff { first: 10 * SECOND, max: HOUR };
    let stage = Stage::new(ChildSpec { backoff, ..permanent() });
    stage.tell(panic_with("boom"));
    let answer = stage.puppet.ask(SECOND).ask(act(|puppet, _| puppet.mark()));
    assert_eq!(answer.await, Err(AskError::Deadline));
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.marks(), 0);
}

#[actix::test]
async fn an_actor_answers_others_while_a_later_reply_is_pending() {
    let stage = Stage::new(permanent());
    let code: Code = Box::new(|_, _| {
        Reply::later(async {
            tokio::time::sleep(SECOND).await;
            42
        })
    });
    let later = stage.puppet.ask(HOUR).ask(Act { subject: None, code });
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
    assert_eq!(later.await, Ok(42));
}

#[actix::test]
async fn stopping_handles_the_mail_that_waits() {
    let stage = Stage::new(permanent());
    for _ in 0..100 {
        stage.tell(act(|puppet, _| puppet.mark()));
    }
    assert_eq!(in_time(stage.puppet.stop()).await, End::Stopped);
    assert_eq!((stage.marks(), stage.puppet.figures().state), (100, "stopped"));
    assert_eq!(stage.ask(incarnation()).await, Err(AskError::Closed));
}

#[actix::test]
async fn stopping_cuts_a_back_off_short() {
    let backoff = Backoff { first: 100 * HOUR, max: 100 * HOUR };
    let stage = Stage::new(ChildSpec { backoff, ..permanent() });
    assert_eq!(stage.ask(panic_with("boom")).await, Err(AskError::Closed));
    let began = tokio::time::Instant::now();
    assert_eq!(in_time(stage.puppet.stop()).await, End::Stopped);
    assert!(began.elapsed() < SECOND);
}

#[actix::test]
async fn the_first_failure_of_a_temporary_child_is_its_end() {
    let stage = Stage::new(ChildSpec::temporary("puppet", "one"));
    stage.tell(panic_with("boom"));
    assert_eq!(in_time(stage.puppet.ended()).await, End::Failed("boom".to_owned()));
}

#[actix::test]
async fn an_actor_tells_itself_behind_the_mail_that_waits() {
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| {
        ctx.tell_self::<Act>().tell(act(|puppet, _| {
            let before = puppet.marks.swap(7, Ordering::Relaxed);
            assert_eq!(before, 1);
        }));
    }));
    stage.tell(act(|puppet, _| puppet.mark()));
    stage.ask(incarnation()).await.unwrap();
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
    assert_eq!(stage.marks(), 7);
}
