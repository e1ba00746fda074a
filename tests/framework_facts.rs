//! What the supervision and the virtual time of tests rely on in actix and tokio, so that no upgrade changes it silently.
//!
//! Each fact was found by experiment; some are the reason why we do not use what the framework offers.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use actix::fut::wrap_future;
use actix::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

const HOUR: Duration = Duration::from_secs(3600);

/// Counts what it hears; the count shows whether a value survived.
#[derive(Default)]
struct Counter {
    n_heard: u32,
    n_ticks: u32,
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Count;

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

/// Has the actor wait for this long before it handles anything else.
#[derive(Message)]
#[rtype(result = "()")]
struct Wait(Duration);

#[derive(Message)]
#[rtype(result = "()")]
struct TickEvery(Duration);

#[derive(Message)]
#[rtype(result = "u32")]
struct Ticks;

impl Actor for Counter {
    type Context = Context<Self>;
}

impl Supervised for Counter {}

impl Handler<Count> for Counter {
    type Result = u32;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> u32 {
        self.n_heard += 1;
        self.n_heard
    }
}

impl Handler<Panic> for Counter {
    type Result = ();

    #[expect(clippy::panic, reason = "what a panic does is what is tested")]
    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("as told");
    }
}

impl Handler<Stop> for Counter {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<Wait> for Counter {
    type Result = ();

    fn handle(&mut self, Wait(pause): Wait, ctx: &mut Self::Context) {
        ctx.wait(wrap_future(tokio::time::sleep(pause)));
    }
}

impl Handler<TickEvery> for Counter {
    type Result = ();

    fn handle(&mut self, TickEvery(interval): TickEvery, ctx: &mut Self::Context) {
        ctx.run_interval(interval, |counter, _| counter.n_ticks += 1);
    }
}

impl Handler<Ticks> for Counter {
    type Result = u32;

    fn handle(&mut self, _: Ticks, _: &mut Self::Context) -> u32 {
        self.n_ticks
    }
}

#[actix::test]
async fn the_supervisor_of_actix_restarts_a_stopped_actor_and_keeps_its_value() {
    let counter = Supervisor::start(|_| Counter::default());
    assert_eq!(counter.send(Count).await, Ok(1));
    counter.send(Stop).await.unwrap();
    assert_eq!(counter.send(Count).await, Ok(2));
}

#[actix::test]
async fn the_supervisor_of_actix_does_not_restart_after_a_panic() {
    let counter = Supervisor::start(|_| Counter::default());
    assert_eq!(counter.send(Panic).await, Err(MailboxError::Closed));
    assert_eq!(counter.send(Count).await, Err(MailboxError::Closed));
    assert!(!counter.connected());
}

#[actix::test]
async fn a_panic_kills_only_its_own_actor() {
    let (victim, neighbour) = (Counter::default().start(), Counter::default().start());
    assert_eq!(victim.send(Panic).await, Err(MailboxError::Closed));
    assert!(!victim.connected());
    assert_eq!(neighbour.send(Count).await, Ok(1));
}

#[actix::test]
async fn do_send_ignores_the_bound_of_the_mailbox() {
    let context = Context::<Counter>::new();
    let counter = context.address();
    for _ in 0..1000 {
        counter.do_send(Count);
    }
    assert!(counter.try_send(Count).is_ok());
    context.run(Counter::default());
    assert_eq!(counter.clone().send(Count).await, Ok(1002));
}

#[actix::test]
async fn a_question_ignores_the_bound_of_the_mailbox_too() {
    tokio::time::pause();
    let context = Context::<Counter>::new();
    let counter = context.address();
    let mut questions: Vec<_> = (0..100).map(|_| actix::spawn(counter.send(Count).timeout(HOUR))).collect();
    tokio::task::yield_now().await;
    context.run(Counter::default());
    let last = questions.pop().unwrap();
    assert_eq!(last.await.unwrap(), Ok(100));
}

#[actix::test]
async fn an_actor_that_waits_keeps_its_address_and_its_mail() {
    tokio::time::pause();
    let counter = Counter::default().start();
    counter.do_send(Wait(HOUR));
    let asked = Instant::now();
    assert_eq!(counter.send(Count).await, Ok(1));
    assert!(HOUR <= asked.elapsed());
}

#[actix::test]
async fn a_context_has_an_address_before_its_actor_runs() {
    let context = Context::<Counter>::new();
    let counter = context.address();
    counter.do_send(Count);
    context.run(Counter::default());
    assert_eq!(counter.send(Count).await, Ok(2));
}

#[actix::test]
async fn paused_time_drives_the_timers_of_actix() {
    tokio::time::pause();
    let counter = Counter::default().start();
    counter.do_send(TickEvery(HOUR));
    tokio::time::sleep(24 * HOUR + HOUR / 2).await;
    assert_eq!(counter.send(Ticks).await, Ok(24));
}

#[actix::test]
async fn paused_time_stands_still_during_spawn_blocking() {
    tokio::time::pause();
    let began = Instant::now();
    let (release, released) = mpsc::channel::<()>();
    let blocking = tokio::task::spawn_blocking(move || released.recv());
    tokio::spawn(async move {
        // Many turns of the runtime, each of which could let the time jump.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        release.send(()).unwrap();
    });
    assert!(timeout(HOUR, blocking).await.is_ok());
    assert!(began.elapsed() < Duration::from_millis(2));
}

#[actix::test]
async fn paused_time_runs_away_while_a_plain_thread_works() {
    tokio::time::pause();
    let (release, released) = mpsc::channel::<()>();
    let (done, is_done) = tokio::sync::oneshot::channel();
    let worker = thread::spawn(move || {
        released.recv().unwrap();
        done.send(())
    });
    assert!(timeout(HOUR, is_done).await.is_err());
    release.send(()).unwrap();
    assert!(worker.join().unwrap().is_err());
}

#[actix::test]
async fn paused_time_stands_still_while_a_duplex_pipe_is_read() {
    tokio::time::pause();
    let (mut near, mut far) = tokio::io::duplex(16);
    let began = Instant::now();
    tokio::spawn(async move {
        for _ in 0..100 {
            far.write_all(&[0; 100]).await.unwrap();
        }
    });
    let mut received = Vec::new();
    timeout(HOUR, near.read_to_end(&mut received)).await.unwrap().unwrap();
    assert_eq!(received.len(), 10_000);
    assert!(began.elapsed() < Duration::from_millis(2));
}

#[actix::test]
async fn timers_never_fire_early_and_at_most_a_millisecond_late() {
    tokio::time::pause();
    let began = Instant::now();
    tokio::time::sleep(Duration::from_micros(1500)).await;
    let elapsed = began.elapsed();
    assert!(Duration::from_micros(1500) <= elapsed && elapsed < Duration::from_micros(2501), "{elapsed:?}");
}
