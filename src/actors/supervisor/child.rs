//! What an actor implements: [`Child`] once, and [`Handle`] for each message it hears.

use std::future::Future;
use std::pin::Pin;

use actix::Message;

use super::context::ShellContext;
use crate::domain::BuildRequestId;

/// A message that may cross threads, together with its answer.
pub trait Mail: Message<Result: Send> + Send + 'static {}

impl<M> Mail for M where M: Message<Result: Send> + Send + 'static {}

/// An actor that the supervisor builds, watches and rebuilds.
pub trait Child: Sized + Unpin + 'static {
    /// Called after every start and restart, before any message. Recovers from the database by the same path as every
    /// later tick; nothing of an earlier incarnation is left.
    fn started(&mut self, _ctx: &mut ShellContext<'_, Self>) {}
}

/// Hears messages of one type.
pub trait Handle<M: Mail>: Child {
    /// Unpacks, decides, acts. A panic in here is caught: the asker's answer is closed and the actor is rebuilt.
    fn handle(&mut self, message: M, ctx: &mut ShellContext<'_, Self>) -> Reply<M::Result>;

    /// The build request which the message is about. Two panics over one request end that request and are not held
    /// against the actor.
    fn subject(_message: &M) -> Option<BuildRequestId> {
        None
    }
}

/// An answer, at once or in a while.
pub enum Reply<T> {
    Now(T),
    /// Runs beside the actor while that handles other messages. It is lost on a restart, and a panic in it counts as
    /// a failure of the actor; in both cases the asker's answer is closed.
    Later(Pin<Box<dyn Future<Output = T>>>),
}

impl<T> Reply<T> {
    /// Boxes the future of a [`Reply::Later`].
    pub fn later(answer: impl Future<Output = T> + 'static) -> Self {
        Self::Later(Box::pin(answer))
    }
}
