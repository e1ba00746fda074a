//! Workers that speak Perspective Broker, the same sessions in other words; and clients that are no workers.
//!
//! ```text
//! listener -> login (challenge) -> hub (admission, arbitration) -> session <-> speaker <-> broker <-> socket
//! ```
//!
//! A [`speaker::Speaker`] puts what a session says into calls, and what a worker calls into the messages that a session
//! knows. What differs between releases of workers is dealt with there, and nobody else learns of it.

mod arguments;
mod clerk;
mod info;
mod line;
mod login;
mod objects;
mod output;
mod raw_text;
mod speaker;
mod tester;
mod traffic;
mod watcher;

use std::sync::Mutex;
use std::time::Duration;

use buildbot_protocol::pb::{Broker, Failure, Limits, Reply};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use self::clerk::Clerk;
use self::line::Ended;
use self::login::{Guest, LoginError, log_in};
use self::speaker::Speaker;
use super::hub::{Hub, Life, Stranger};
use super::session::Dialect;
use super::visitor::Visitor;

/// A peer may be silent for this long before it has logged in.
const LOGIN_SILENCE: Duration = Duration::from_secs(10);

/// A login takes no longer than this, even if it trickles in.
const LOGIN_WITHIN: Duration = Duration::from_secs(30);

/// Greets a peer and logs it in. A client is served to its end; what comes back for a worker is its life.
pub(super) async fn receive<'a, S>(hub: &'a Hub, mut stream: S, stranger: Stranger) -> Option<Life<'a>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'a,
{
    let login = Box::pin(log_in(&mut stream, hub.gate(), LOGIN_SILENCE));
    let newcomer = match timeout(LOGIN_WITHIN, login).await {
        Ok(Ok(newcomer)) => newcomer,
        Ok(Err(error @ (LoginError::Closed | LoginError::Io(_)))) => {
            tracing::debug!("no login: {error}");
            return None;
        }
        Ok(Err(error)) => {
            tracing::warn!("closing a connection without a login: {error}");
            return None;
        }
        Err(_) => {
            tracing::warn!("closing a connection whose login took {} s", LOGIN_WITHIN.as_secs());
            return None;
        }
    };
    drop(stranger);
    let (mut broker, reply) = (newcomer.broker, newcomer.reply);
    let (admission, mind) = match newcomer.guest {
        Guest::Worker { admission, mind } => (admission, mind),
        Guest::Client(visitor) => {
            broker.set_limits(Limits::SESSION);
            if let Err(ended) = Box::pin(attend(&mut stream, broker, reply, visitor)).await {
                tracing::debug!(client.name = newcomer.name, "a client is gone: {ended}");
            }
            return None;
        }
    };
    let Some(entered) = Box::pin(hub.enter(newcomer.name, Dialect::PerspectiveBroker)).await else {
        Box::pin(refuse(stream, broker, reply)).await;
        return None;
    };
    broker.set_limits(Limits::SESSION);
    // It is handed on from future to future, each of which would keep room for it.
    let speaker = Box::new(Mutex::new(Speaker::new(broker, mind, reply)));
    Some(entered.live(admission, |session, queue| traffic::carry(session, queue, stream, speaker)))
}

/// Serves a client that is no worker until it goes, and says why it went.
async fn attend<S>(stream: &mut S, broker: Broker, login: Reply, visitor: Visitor) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match visitor {
        Visitor::Changes(sink) => clerk::serve(stream, broker, login, Clerk::Changes(sink.as_ref())).await,
        Visitor::Users(desk) => clerk::serve(stream, broker, login, Clerk::Users(desk.as_ref())).await,
        Visitor::Try(desk) => tester::serve(stream, broker, login, desk.as_ref()).await,
        Visitor::Status(desk) => watcher::serve(stream, broker, login, desk.as_ref()).await,
    }
}

/// Any other error would end a worker in Python, which shall come again.
async fn refuse<S>(mut stream: S, mut broker: Broker, reply: Reply)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    broker.refuse(reply, &Failure::unauthorized());
    if let Err(error) = stream.write_all(&broker.take_output()).await {
        return tracing::debug!("could not refuse a worker: {error}");
    }
    // It closes the connection itself, when it has waited.
    let mut nothing = [0; 256];
    while let Ok(Ok(1..)) = timeout(LOGIN_SILENCE, stream.read(&mut nothing)).await {}
}
