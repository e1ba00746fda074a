//! The life of a connection, from the upgrade to the end.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::{Session, keepalive};

/// Lives until the connection ends; `traffic` reads and writes, and `life` runs beside it and ends the connection with
/// its own end. Returns why.
///
/// Everything is dropped together, so that nothing of a connection outlives it.
pub(in crate::wire) async fn drive(
    session: Arc<Session>,
    keepalive: Duration,
    traffic: impl Future<Output = String>,
    life: impl Future<Output = String>,
) -> String {
    let ended = Ended(Arc::clone(&session));
    let mut phase = session.phase.subscribe();
    let why = tokio::select! {
        why = traffic => why,
        why = keepalive::watch(&session, keepalive) => why,
        why = life => why,
        closing = phase.wait_for(|phase| phase.closing.is_some()) => {
            closing.ok().and_then(|phase| phase.closing.as_deref().map(str::to_owned)).unwrap_or_default()
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
        self.phase.send_modify(|phase| phase.ended = true);
    }
}
