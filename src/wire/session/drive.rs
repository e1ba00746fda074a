//! The life of a connection, from the upgrade to the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;

use super::{Outgoing, Session, keepalive, reader, writer};

/// What a connection consists of.
pub(in crate::wire) struct Driver<S> {
    pub(in crate::wire) session: Arc<Session>,
    pub(in crate::wire) socket: WebSocketStream<S>,
    pub(in crate::wire) queue: mpsc::UnboundedReceiver<Outgoing>,
    pub(in crate::wire) keepalive: Duration,
}

/// Reads and writes until the connection ends; `life` runs beside it and ends it with its own end. Returns why.
///
/// Everything is dropped together, so that nothing of a connection outlives it.
pub(in crate::wire) async fn drive<S>(driver: Driver<S>, life: impl Future<Output = String>) -> String
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Driver { session, socket, queue, keepalive } = driver;
    let ended = Ended(Arc::clone(&session));
    let (sink, stream) = socket.split();
    let mut closing = session.closing.subscribe();
    let why = tokio::select! {
        why = reader::read_all(&session, stream) => why,
        why = writer::write_all(&session, sink, queue) => why,
        why = keepalive::watch(&session, keepalive) => why,
        why = life => why,
        closing = closing.wait_for(Option::is_some) => {
            closing.ok().and_then(|why| why.as_deref().map(str::to_owned)).unwrap_or_default()
        }
    };
    session.end(&why);
    drop(ended);
    why
}

/// Fails what waits for a session even if its task panics.
struct Ended(Arc<Session>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.end("the connection failed inside the master");
    }
}

impl Session {
    /// Tells those who wait for the end that everybody else knows of it.
    pub(in crate::wire) fn mark_ended(&self) {
        self.ended.send_replace(true);
    }
}
