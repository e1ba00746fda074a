//! Turns panics into values, around a call and around a future.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::telemetry;

/// Runs `code`; `Err` is the text of its panic.
///
/// What a panic leaves half-changed is never used again: the caller throws the actor away.
pub(super) fn catch<R>(code: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(code)).map_err(|payload| text_of(payload.as_ref()))
}

/// Drops a value that is not trusted to do so quietly.
pub(super) fn discard<T>(value: T) {
    if let Err(text) = catch(move || drop(value)) {
        tracing::warn!("dropping what a failed actor left behind panicked: {text}");
    }
}

fn text_of(payload: &(dyn Any + Send)) -> String {
    let text = if let Some(text) = payload.downcast_ref::<&'static str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "panicked with a value that is not text".to_owned()
    };
    match telemetry::take_panic_place() {
        Some(place) => format!("{text} (at {place})"),
        None => text,
    }
}

/// A future whose panics, also those of its drop, go no further than its output.
pub(super) struct Guard<F: Future>(Option<Pin<Box<F>>>);

impl<F: Future> Guard<F> {
    pub(super) fn new(future: F) -> Self {
        Self(Some(Box::pin(future)))
    }
}

impl<F: Future> Future for Guard<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = self.0.as_mut() else {
            return Poll::Ready(Err("polled after its end".to_owned()));
        };
        let outcome = match catch(|| future.as_mut().poll(cx)) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Ok(value),
            Err(text) => Err(text),
        };
        discard(self.0.take());
        Poll::Ready(outcome)
    }
}

impl<F: Future> Drop for Guard<F> {
    fn drop(&mut self) {
        if let Some(future) = self.0.take() {
            discard(future);
        }
    }
}
