//! Puts messages on the socket in the order in which they were queued.

use buildbot_protocol::{Message, msgpack};
use futures_channel::mpsc;
use futures_util::{Sink, SinkExt, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message as Frame};

use super::Session;

/// A share of the pipeline that a request of the worker holds until it is answered.
pub(in crate::wire) type Permit = OwnedSemaphorePermit;

#[derive(Debug)]
pub(in crate::wire) enum Outgoing {
    Message {
        /// In a box: the queue keeps room for a number of these, for every worker.
        message: Box<Message>,
        permit: Option<Permit>,
    },
    Ping,
    /// Names and directories; only where a worker is told its builders.
    Builders {
        seq: i64,
        builders: Vec<(String, String)>,
    },
    /// The worker is attached; only where it waits to hear it.
    Welcome,
}

/// So many answers are put on the socket before it is flushed and their permits go back.
const BATCH: usize = 32;

/// Runs until the queue or the socket ends, and says why.
pub(in crate::wire) async fn write_all<S>(
    session: &Session,
    mut sink: S,
    mut queue: mpsc::UnboundedReceiver<Outgoing>,
) -> String
where
    S: Sink<Frame, Error = Error> + Unpin,
{
    while let Some(first) = queue.next().await {
        session.vitals.begin_writing();
        let mut next = Some(first);
        let mut permits = Vec::new();
        while let Some(outgoing) = next {
            let frame = match outgoing {
                Outgoing::Message { message, permit } => {
                    permits.extend(permit);
                    Some(Frame::Binary(Bytes::from(msgpack::encode(&message))))
                }
                Outgoing::Ping => Some(Frame::Ping(Bytes::new())),
                Outgoing::Builders { .. } | Outgoing::Welcome => None,
            };
            if let Some(frame) = frame
                && let Err(error) = sink.feed(frame).await
            {
                return format!("cannot send: {error}");
            }
            next = if BATCH <= permits.len() { None } else { queue.try_recv().ok() };
        }
        if let Err(error) = sink.flush().await {
            return format!("cannot send: {error}");
        }
        session.vitals.end_writing();
    }
    "the session was dropped".to_owned()
}
