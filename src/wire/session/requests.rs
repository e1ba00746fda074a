//! Our requests: numbered, queued, and matched with their answers.

use std::collections::HashMap;
use std::sync::Arc;

use buildbot_protocol::{Message, Request, Response, Value};
use futures_channel::mpsc;
use tokio::sync::oneshot;

use super::{Answer, Outgoing};

#[derive(Debug)]
pub(super) struct Requests {
    outgoing: mpsc::UnboundedSender<Outgoing>,
    next_seq: i64,
    waiting: HashMap<i64, oneshot::Sender<Result<Value, String>>>,
    ended: Option<Arc<str>>,
}

impl Requests {
    pub(super) fn new(outgoing: mpsc::UnboundedSender<Outgoing>) -> Self {
        Self { outgoing, next_seq: 0, waiting: HashMap::new(), ended: None }
    }

    /// Queues a request under the next number; fails with the reason if the session has ended.
    pub(super) fn send(&mut self, request: Request) -> Result<Answer, Arc<str>> {
        self.ask(|seq| Outgoing::Message { message: Box::new(Message::Request { seq, request }), permit: None })
    }

    /// As [`Self::send`], for anything that is answered.
    pub(super) fn ask(&mut self, outgoing: impl FnOnce(i64) -> Outgoing) -> Result<Answer, Arc<str>> {
        if let Some(why) = &self.ended {
            return Err(Arc::clone(why));
        }
        let (answer, answered) = oneshot::channel();
        let seq = self.next_seq;
        self.next_seq += 1;
        self.waiting.insert(seq, answer);
        self.queue(outgoing(seq));
        Ok(answered)
    }

    /// Queues anything; what is queued after the end is dropped.
    pub(super) fn queue(&self, outgoing: Outgoing) {
        let _ = self.outgoing.unbounded_send(outgoing);
    }

    /// Hands an answer to whoever waits; false if nothing was asked.
    pub(super) fn answered(&mut self, response: Response) -> bool {
        match self.waiting.remove(&response.seq) {
            Some(asker) => {
                // An asker that lost interest is none of our business.
                let _ = asker.send(response.result);
                true
            }
            None => false,
        }
    }

    /// Fails everything that waits, and everything to come.
    pub(super) fn end(&mut self, why: &str) {
        self.ended = Some(why.into());
        self.waiting.clear();
    }
}
