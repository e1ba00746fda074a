//! A neighbour that does nothing but record what it is told or asked, and answers as the test says.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::actors::supervisor::{Answer, Ask, Destination, Mail, Tell};

/// How long a test waits for a message that is due. Virtual time makes it pass at once when nothing else is due.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// What a probe has heard, in order.
pub struct ProbeInbox<M: Mail>(mpsc::UnboundedReceiver<Heard<M>>);

type Heard<M> = (M, Option<Answer<<M as actix::Message>::Result>>);

/// The way back to whoever asked. Dropping it closes the question without an answer.
pub struct ProbeAnswer<M: Mail>(Option<Answer<M::Result>>);

struct ProbeDestination<M: Mail>(mpsc::UnboundedSender<Heard<M>>);

/// A `Tell` for the actor under test, and what arrives there.
pub fn probe<M: Mail>() -> (Tell<M>, ProbeInbox<M>) {
    let (sender, inbox) = mpsc::unbounded_channel();
    (Tell::new(Arc::new(ProbeDestination(sender))), ProbeInbox(inbox))
}

/// An `Ask` for the actor under test, and what arrives there.
pub fn probe_ask<M: Mail>(deadline: Duration) -> (Ask<M>, ProbeInbox<M>) {
    let (sender, inbox) = mpsc::unbounded_channel();
    (Ask::new(Arc::new(ProbeDestination(sender)), deadline), ProbeInbox(inbox))
}

impl<M: Mail> ProbeInbox<M> {
    /// Waits for the next message. An answer that somebody waits for is closed.
    ///
    /// # Panics
    /// When nothing comes and nothing is left that could send it.
    pub async fn next(&mut self) -> M {
        self.next_question().await.0
    }

    /// Waits for the next message, together with the way back.
    ///
    /// # Panics
    /// When nothing comes and nothing is left that could send it.
    pub async fn next_question(&mut self) -> (M, ProbeAnswer<M>) {
        let heard = timeout(PATIENCE, self.0.recv()).await;
        let heard = heard.ok().flatten();
        let (message, answer) = heard.expect("the probe hears the message that the test waits for");
        (message, ProbeAnswer(answer))
    }

    /// What has arrived already; does not wait.
    pub fn try_next(&mut self) -> Option<M> {
        self.0.try_recv().ok().map(|(message, _)| message)
    }

    /// All that has arrived already.
    pub fn drain(&mut self) -> Vec<M> {
        std::iter::from_fn(|| self.try_next()).collect()
    }
}

impl<M: Mail> ProbeAnswer<M> {
    /// Answers; does nothing when the message was only told, or the asker has given up.
    pub fn send(self, value: M::Result) {
        if let Some(answer) = self.0 {
            let _ = answer.send(Ok(value));
        }
    }
}

impl<M: Mail> Destination<M> for ProbeDestination<M> {
    fn put(&self, message: M, answer: Option<Answer<M::Result>>) {
        // A probe whose inbox is gone is one that the test has no interest in.
        let _ = self.0.send((message, answer));
    }

    fn depth(&self) -> u64 {
        0
    }
}
