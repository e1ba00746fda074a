//! [`Tell`] and [`Ask`]: all that actors know of each other.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::child::Mail;

/// The reason a question got no answer. After `Closed` and `Deadline` the message may or may not have been handled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The actor has ended, or failed while it was handling the message.
    #[error("the actor gave no answer")]
    Closed,
    #[error("the actor did not answer in time")]
    Deadline,
    /// The actor is switched off; the text is what kept failing.
    #[error("the actor is switched off after repeated failures: {0}")]
    Quarantined(String),
}

/// A message that the actor did not want; the text is the reason.
pub(crate) struct Refused(pub(crate) String);

pub(crate) type Answer<T> = oneshot::Sender<Result<T, Refused>>;

/// Where messages of one type go.
pub(crate) trait Destination<M: Mail>: Send + Sync {
    /// Never blocks; a message that nobody will read is dropped.
    fn put(&self, message: M, answer: Option<Answer<M::Result>>);

    /// Messages that wait there now.
    fn depth(&self) -> u64;
}

/// Tells an actor an event, or a command whose answer nobody needs. Usable from every thread.
pub struct Tell<M: Mail>(Arc<dyn Destination<M>>);

impl<M: Mail> Tell<M> {
    pub(crate) fn new(destination: Arc<dyn Destination<M>>) -> Self {
        Self(destination)
    }

    /// Hands each message to a function, which must be quick and must not block.
    pub fn to_function(function: impl Fn(M) + Send + Sync + 'static) -> Self {
        Self(Arc::new(FunctionDestination(function)))
    }

    /// Never fails and never waits. A message to an actor that has ended or is quarantined is dropped.
    pub fn tell(&self, message: M) {
        self.0.put(message, None);
    }

    /// Messages of all types that wait in the actor's mailbox; for admission at the doors to the outside.
    pub fn depth(&self) -> u64 {
        self.0.depth()
    }
}

impl<M: Mail> Clone for Tell<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Asks an actor and waits for the answer, but not for ever. Usable from every thread.
pub struct Ask<M: Mail> {
    destination: Arc<dyn Destination<M>>,
    deadline: Duration,
}

impl<M: Mail> Ask<M> {
    pub(crate) fn new(destination: Arc<dyn Destination<M>>, deadline: Duration) -> Self {
        Self { destination, deadline }
    }

    /// Sends the message now, in order with what was told before, and gives the answer as a future.
    ///
    /// A message whose future is dropped, or whose deadline passes, while it still waits in the mailbox is not handled.
    pub fn ask(&self, message: M) -> impl Future<Output = Result<M::Result, AskError>> + Send + use<M> {
        let (answer, answered) = oneshot::channel();
        self.destination.put(message, Some(answer));
        let deadline = self.deadline;
        async move {
            match tokio::time::timeout(deadline, answered).await {
                Err(_) => Err(AskError::Deadline),
                Ok(Err(_)) => Err(AskError::Closed),
                Ok(Ok(Err(Refused(reason)))) => Err(AskError::Quarantined(reason)),
                Ok(Ok(Ok(value))) => Ok(value),
            }
        }
    }

    /// Messages of all types that wait in the actor's mailbox; for admission at the doors to the outside.
    pub fn depth(&self) -> u64 {
        self.destination.depth()
    }
}

impl<M: Mail> Clone for Ask<M> {
    fn clone(&self) -> Self {
        Self { destination: Arc::clone(&self.destination), deadline: self.deadline }
    }
}

struct FunctionDestination<F>(F);

impl<M: Mail, F: Fn(M) + Send + Sync> Destination<M> for FunctionDestination<F> {
    fn put(&self, message: M, _answer: Option<Answer<M::Result>>) {
        (self.0)(message);
    }

    fn depth(&self) -> u64 {
        0
    }
}
