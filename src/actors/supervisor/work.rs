//! What one incarnation of an actor has going beside its messages: spawned futures, timers, answers to come.
//!
//! It is dropped as a whole when the actor fails, so that nothing begun before a restart can touch what comes after.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::address::Answer;
use super::child::Child;
use super::context::ShellContext;
use super::guard::{Guard, catch};
use crate::domain::BuildRequestId;

/// What is to be done with the actor when a piece of work is over.
pub(super) type Then<A> = Box<dyn FnOnce(&mut A, &mut ShellContext<'_, A>)>;

/// A piece of work that is over.
pub(super) struct Finished<A: Child> {
    /// The request on whose behalf the work was begun.
    pub(super) subject: Option<BuildRequestId>,
    /// `Ok(None)` asks for nothing more; `Err` is the text of a panic.
    pub(super) outcome: Result<Option<Then<A>>, String>,
}

type Job<A> = Pin<Box<dyn Future<Output = Finished<A>>>>;

pub(super) struct Work<A: Child> {
    jobs: FuturesUnordered<Job<A>>,
}

impl<A: Child> Work<A> {
    pub(super) fn new() -> Self {
        Self { jobs: FuturesUnordered::new() }
    }

    /// Runs `future`, then gives what `conclude` makes of its output.
    pub(super) fn push<F, C>(&mut self, subject: Option<BuildRequestId>, future: F, conclude: C)
    where
        F: Future + 'static,
        C: FnOnce(F::Output) -> Option<Then<A>> + 'static,
    {
        let guarded = Guard::new(future);
        self.jobs.push(Box::pin(async move {
            let outcome = guarded.await.and_then(|output| catch(|| conclude(output)));
            Finished { subject, outcome }
        }));
    }

    /// Runs `future` and sends its output to the asker, if there is one.
    pub(super) fn push_answer<F>(&mut self, subject: Option<BuildRequestId>, future: F, to: Option<Answer<F::Output>>)
    where
        F: Future + 'static,
    {
        self.push(subject, future, |value| {
            if let Some(to) = to {
                // The asker may have given up; then nobody misses the answer.
                let _ = to.send(Ok(value));
            }
            None
        });
    }

    /// The next piece that is over; pending while nothing is, also when there is no work.
    pub(super) fn poll_finished(&mut self, cx: &mut Context<'_>) -> Poll<Finished<A>> {
        match self.jobs.poll_next_unpin(cx) {
            Poll::Ready(Some(finished)) => Poll::Ready(finished),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}
