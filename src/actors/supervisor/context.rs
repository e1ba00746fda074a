//! What an actor's code may ask of its surroundings.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{ActorContext, Context};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::address::Tell;
use super::child::{Child, Handle, Mail};
use super::running::ActorAddress;
use super::shell::Shell;
use super::work::Work;
use crate::domain::BuildRequestId;

/// What tokio's timers can tell apart; with less an actor would do nothing but tick.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

/// Lent to the actor while its code runs.
///
/// Everything begun here ends with this incarnation of the actor: a restart drops it. What is begun while a message is
/// handled is done on behalf of that message's subject.
pub struct ShellContext<'a, A: Child> {
    work: &'a mut Work<A>,
    actix: &'a mut Context<Shell<A>>,
    own_address: &'a ActorAddress<A>,
    subject: Option<BuildRequestId>,
}

impl<'a, A: Child> ShellContext<'a, A> {
    pub(super) fn new(
        work: &'a mut Work<A>,
        actix: &'a mut Context<Shell<A>>,
        own_address: &'a ActorAddress<A>,
        subject: Option<BuildRequestId>,
    ) -> Self {
        Self { work, actix, own_address, subject }
    }

    /// Runs `future` beside the actor, which goes on handling messages; then `then` with its output.
    /// A panic in either counts as a failure of the actor.
    pub fn spawn<F: Future + 'static>(
        &mut self,
        future: F,
        then: impl FnOnce(&mut A, F::Output, &mut ShellContext<'_, A>) + 'static,
    ) {
        self.work.push(self.subject, future, |output| Some(Box::new(|actor, ctx| then(actor, output, ctx))));
    }

    /// Runs `then` once, `after` from now.
    pub fn later(&mut self, after: Duration, then: impl FnOnce(&mut A, &mut ShellContext<'_, A>) + 'static) -> Timer {
        let timer = Timer::new();
        self.arm(&timer, Instant::now() + after, then);
        timer
    }

    /// Runs `tick` every `interval`, the first time one `interval` from now. Ticks that were missed are left out.
    /// An interval below a millisecond is taken for one.
    pub fn every(&mut self, interval: Duration, tick: impl FnMut(&mut A, &mut ShellContext<'_, A>) + 'static) -> Timer {
        let interval = interval.max(SHORTEST_INTERVAL);
        let timer = Timer::new();
        let repeat = Repeat { interval, due: Instant::now() + interval, timer: timer.clone(), tick: Box::new(tick) };
        self.rearm(repeat);
        timer
    }

    /// Ends the actor for good after the present message, without handling what still waits in its mailbox.
    pub fn stop(&mut self) {
        self.actix.stop();
    }

    /// Tells this actor a message, which queues behind those that wait already.
    pub fn tell_self<M: Mail>(&self) -> Tell<M>
    where
        A: Handle<M>,
    {
        self.own_address.tell()
    }

    fn arm(&mut self, timer: &Timer, due: Instant, then: impl FnOnce(&mut A, &mut ShellContext<'_, A>) + 'static) {
        let (waiting, concluding) = (timer.clone(), timer.clone());
        self.work.push(self.subject, async move { waiting.wait_until(due).await }, move |()| {
            Some(Box::new(move |actor, ctx| {
                // Checked here and not before: it may have been cancelled between its end and now.
                if !concluding.is_cancelled() {
                    then(actor, ctx);
                }
            }))
        });
    }

    fn rearm(&mut self, mut repeat: Repeat<A>) {
        let timer = repeat.timer.clone();
        self.arm(&timer, repeat.due, move |actor, ctx| {
            (repeat.tick)(actor, ctx);
            // An actor that is late does not catch up by ticking in a row.
            repeat.due = (repeat.due + repeat.interval).max(Instant::now());
            ctx.rearm(repeat);
        });
    }
}

type Tick<A> = Box<dyn FnMut(&mut A, &mut ShellContext<'_, A>)>;

struct Repeat<A: Child> {
    interval: Duration,
    due: Instant,
    timer: Timer,
    tick: Tick<A>,
}

/// Cancels what it stands for. Dropping it does not.
#[derive(Clone, Debug)]
pub struct Timer(Arc<TimerState>);

#[derive(Debug)]
struct TimerState {
    cancelled: AtomicBool,
    wake: Notify,
}

impl Timer {
    fn new() -> Self {
        Self(Arc::new(TimerState { cancelled: AtomicBool::new(false), wake: Notify::new() }))
    }

    /// From now on nothing is run; what has been run stays done.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::Release);
        // Stores a permit if nobody waits yet, so that the wait is over either way.
        self.0.wake.notify_one();
    }

    fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    async fn wait_until(&self, due: Instant) {
        tokio::select! {
            () = tokio::time::sleep_until(due) => (),
            () = self.0.wake.notified() => (),
        }
    }
}
