//! What a panic does to an actor, to its mail and to its work.

use tokio::time::Instant;

use super::super::{AskError, Backoff};
use super::*;

#[actix::test]
async fn a_panic_in_a_handler_closes_the_answer_and_the_next_message_meets_a_new_incarnation() {
    let stage = Stage::new(permanent());
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
    assert_eq!(stage.ask(panic_with("boom")).await, Err(AskError::Closed));
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    let figures = stage.puppet.figures();
    assert_eq!((figures.panics, figures.restarts, figures.last_failure.as_deref()), (1, 1, Some("boom")));
}

#[actix::test]
async fn mail_queued_behind_a_panic_is_handled_after_the_restart() {
    let stage = Stage::new(permanent());
    stage.tell(panic_with("boom"));
    for _ in 0..100 {
        stage.tell(act(|puppet, _| puppet.mark()));
    }
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.marks(), 100);
}

#[actix::test]
async fn a_panic_in_a_spawned_future_restarts_the_actor() {
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| ctx.spawn(async { panic!("in a future") }, |_, (), _| ())));
    tokio::time::sleep(SECOND).await;
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.puppet.figures().last_failure.as_deref(), Some("in a future"));
}

#[actix::test]
async fn a_panic_after_a_spawned_future_restarts_the_actor() {
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| ctx.spawn(async {}, |_, (), _| panic!("after a future"))));
    tokio::time::sleep(SECOND).await;
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
}

#[actix::test]
async fn a_panic_in_a_timer_restarts_the_actor() {
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| drop(ctx.later(SECOND, |_, _| panic!("in a timer")))));
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
}

#[actix::test]
async fn a_panic_in_a_later_reply_closes_the_answer_and_restarts_the_actor() {
    let stage = Stage::new(permanent());
    let code: Code = Box::new(|_, _| Reply::later(async { panic!("in an answer") }));
    assert_eq!(stage.ask(Act { subject: None, code }).await, Err(AskError::Closed));
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.puppet.figures().last_failure.as_deref(), Some("in an answer"));
}

#[actix::test]
async fn a_panic_in_the_factory_or_at_the_start_is_a_failure_like_any_other() {
    struct Stillborn;
    impl Child for Stillborn {
        fn started(&mut self, _: &mut ShellContext<'_, Self>) {
            panic!("at the start");
        }
    }
    tokio::time::pause();
    let (supervisor, _escalations) = Supervisor::new();
    let mut n_built = 0;
    let stillborn = supervisor.prepare(ChildSpec::temporary("stillborn", "one")).start(move || {
        n_built += 1;
        assert_eq!(n_built, 1, "it is temporary");
        Stillborn
    });
    assert_eq!(in_time(stillborn.ended()).await, super::super::End::Failed("at the start".to_owned()));
    let faulty = supervisor.prepare::<Stillborn>(ChildSpec::temporary("stillborn", "two"));
    let faulty = faulty.start(|| panic!("in the factory"));
    assert_eq!(in_time(faulty.ended()).await, super::super::End::Failed("in the factory".to_owned()));
}

#[actix::test]
async fn work_begun_before_a_restart_does_not_reach_the_new_incarnation() {
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| {
        ctx.later(HOUR, |puppet, _| puppet.mark());
        ctx.every(HOUR, |puppet, _| puppet.mark());
        ctx.spawn(tokio::time::sleep(HOUR), |puppet, (), _| puppet.mark());
    }));
    let pending = stage.puppet.ask(10 * HOUR).ask(Act {
        subject: None,
        code: Box::new(|_, _| {
            Reply::later(async {
                tokio::time::sleep(HOUR).await;
                0
            })
        }),
    });
    stage.tell(panic_with("boom"));
    assert_eq!(pending.await, Err(AskError::Closed));
    tokio::time::sleep(3 * HOUR).await;
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.marks(), 0);
}

#[actix::test]
async fn the_pause_before_a_restart_doubles_with_each_failure() {
    let backoff = Backoff { first: SECOND, max: 3 * SECOND };
    let stage = Stage::new(ChildSpec { backoff, ..permanent() });
    let mut pauses = Vec::new();
    for _ in 0..4 {
        stage.tell(panic_with("boom"));
        let began = Instant::now();
        stage.ask(incarnation()).await.unwrap();
        pauses.push(began.elapsed().as_secs());
    }
    assert_eq!(pauses, [1, 2, 3, 3]);
}

#[actix::test]
async fn what_panics_while_it_is_dropped_does_not_kill_the_shell() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let stage = Stage::new(permanent());
    stage.tell(act(|_, ctx| {
        let bomb = Bomb;
        let future = async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        };
        ctx.spawn(future, |_, (), _| ());
    }));
    stage.tell(panic_with("boom"));
    assert_eq!(stage.ask(incarnation()).await, Ok(2));
    assert_eq!(stage.puppet.figures().panics, 1);
}
