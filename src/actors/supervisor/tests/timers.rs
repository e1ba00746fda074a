//! Timers fire when due, and not when cancelled.

use std::sync::Mutex;

use super::super::Timer;
use super::*;

#[actix::test]
async fn a_timer_fires_once_when_it_is_due() {
    let stage = Stage::new(permanent());
    stage.ask(act(|_, ctx| drop(ctx.later(HOUR, |puppet, _| puppet.mark())))).await.unwrap();
    tokio::time::sleep(HOUR - SECOND).await;
    assert_eq!(stage.marks(), 0);
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(stage.marks(), 1);
}

#[actix::test]
async fn a_cancelled_timer_does_not_fire() {
    let stage = Stage::new(permanent());
    stage.ask(act(|_, ctx| ctx.later(HOUR, |puppet, _| puppet.mark()).cancel())).await.unwrap();
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(stage.marks(), 0);
}

#[actix::test]
async fn rounding_does_not_make_ticks_drift() {
    let stage = Stage::new(permanent());
    let interval = Duration::from_micros(1500);
    stage.ask(act(move |_, ctx| drop(ctx.every(interval, |puppet, _| puppet.mark())))).await.unwrap();
    tokio::time::sleep(15 * SECOND).await;
    assert!((9_999..=10_001).contains(&stage.marks()), "{} ticks", stage.marks());
}

#[actix::test]
async fn an_hourly_tick_comes_every_hour_of_a_month() {
    let stage = Stage::new(permanent());
    stage.ask(act(|_, ctx| drop(ctx.every(HOUR, |puppet, _| puppet.mark())))).await.unwrap();
    tokio::time::sleep(31 * 24 * HOUR + SECOND).await;
    assert_eq!(stage.marks(), 31 * 24);
}

#[actix::test]
async fn a_tick_can_cancel_its_own_timer() {
    let stage = Stage::new(permanent());
    let slot: Arc<Mutex<Option<Timer>>> = Arc::default();
    stage
        .ask(act(move |_, ctx| {
            let own = Arc::clone(&slot);
            let timer = ctx.every(HOUR, move |puppet, _| {
                puppet.mark();
                if let Some(timer) = own.lock().unwrap().take() {
                    timer.cancel();
                }
            });
            *slot.lock().unwrap() = Some(timer);
        }))
        .await
        .unwrap();
    tokio::time::sleep(24 * HOUR).await;
    assert_eq!(stage.marks(), 1);
}

#[actix::test]
async fn of_two_timers_due_at_once_that_cancel_each_other_one_fires() {
    let stage = Stage::new(permanent());
    let slots: [Arc<Mutex<Option<Timer>>>; 2] = Default::default();
    stage
        .ask(act(move |_, ctx| {
            for n in 0..2 {
                let other = Arc::clone(&slots[1 - n]);
                let timer = ctx.later(HOUR, move |puppet, _| {
                    puppet.mark();
                    other.lock().unwrap().take().unwrap().cancel();
                });
                *slots[n].lock().unwrap() = Some(timer);
            }
        }))
        .await
        .unwrap();
    tokio::time::sleep(2 * HOUR).await;
    assert_eq!(stage.marks(), 1);
}

#[actix::test]
async fn an_interval_of_nothing_leaves_the_actor_time_for_others() {
    let stage = Stage::new(permanent());
    stage.ask(act(|_, ctx| drop(ctx.every(Duration::ZERO, |puppet, _| puppet.mark())))).await.unwrap();
    tokio::time::sleep(SECOND).await;
    assert_eq!(stage.ask(incarnation()).await, Ok(1));
    assert!(stage.marks() <= 1001, "{} ticks", stage.marks());
}
