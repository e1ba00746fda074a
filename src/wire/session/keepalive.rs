//! Finds out that a worker is gone though its connection is not.

use std::time::Duration;

use buildbot_protocol::Request;

use super::{Outgoing, Session};

/// So many intervals without any sign of life, and the worker is dead.
const PATIENCE: u32 = 2;

/// Asks for signs of life; returns when there were none. A connection we do not read ourselves is not dead.
pub(super) async fn watch(session: &Session, interval: Duration) -> String {
    if interval.is_zero() {
        return std::future::pending().await;
    }
    let mut n_silent = 0;
    tokio::time::sleep(interval).await;
    while n_silent < PATIENCE {
        session.requests().queue(Outgoing::Ping);
        session.notify(Request::Keepalive);
        let before = session.vitals.pulse();
        tokio::time::sleep(interval).await;
        n_silent = if session.vitals.lives_since(before) { 0 } else { n_silent + 1 };
    }
    format!("no sign of life for {} s", interval.as_secs_f64() * f64::from(PATIENCE))
}
