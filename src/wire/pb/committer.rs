//! A client that sends changes: `buildbot sendchange` and the hooks of version control systems.

use std::time::Duration;

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Broker, BrokerError, Failure, Incoming, Jelly, Limits, Reply, SendError, to_value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::wire::gate::ChangeSink;

/// A client says what it has to say and goes.
const SILENCE: Duration = Duration::from_secs(60);

/// The reason a connection ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum Ended {
    #[error("it closed the connection")]
    Closed,
    #[error("it was silent for too long")]
    Silent,
    #[error("it sent nonsense: {0}")]
    Broker(#[from] BrokerError),
    #[error("it cannot be answered: {0}")]
    Unanswerable(#[from] SendError),
    #[error("the connection was lost: {0}")]
    Io(#[from] std::io::Error),
}

/// Takes changes one after the other until the client goes, and says why it went.
pub(super) async fn serve<S>(stream: &mut S, broker: Broker, login: Reply, sink: &dyn ChangeSink) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match take_changes(stream, broker, login, sink).await {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

async fn take_changes<S>(
    stream: &mut S,
    mut broker: Broker,
    login: Reply,
    sink: &dyn ChangeSink,
) -> Result<std::convert::Infallible, Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    broker.set_limits(Limits::SESSION);
    let perspective = broker.export()?;
    broker.answer(login, &perspective.into())?;
    let mut buffer = [0; 4096];
    loop {
        while let Some(incoming) = broker.next_incoming()? {
            let Incoming::Call { method, args, reply, .. } = incoming else { continue };
            match method.as_str() {
                "addChange" => match add_change(sink, args).await {
                    Ok(()) => broker.answer(reply, &Jelly::None)?,
                    Err(why) => broker.refuse(reply, &Failure::new("builtins.ValueError", why)),
                },
                other => broker.refuse(reply, &Failure::no_such_method(other)),
            }
        }
        stream.write_all(&broker.take_output()).await?;
        stream.flush().await?;
        let n_read = timeout(SILENCE, stream.read(&mut buffer)).await.map_err(|_| Ended::Silent)??;
        if n_read == 0 {
            return Err(Ended::Closed);
        }
        broker.feed(buffer.get(..n_read).unwrap_or_default());
    }
}

async fn add_change(sink: &dyn ChangeSink, args: Vec<Jelly>) -> Result<(), String> {
    match args.into_iter().next().map(to_value) {
        Some(Value::Map(change)) => sink.add_change(change).await,
        _ => Err("a change must be a dictionary".to_owned()),
    }
}
