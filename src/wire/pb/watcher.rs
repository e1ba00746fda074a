//! Clients that watch what happens (`buildbot statuslog`).
//!
//! A client calls `subscribe(itself)` and is then called with `event(notice)` for everything that happens, a dictionary
//! with the key `event` and others. This is a dialect of ours: Buildbot has none since 0.9.

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Broker, Failure, Incoming, Jelly, RemoteId, Reply, from_value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;

use super::clerk::SILENCE;
use super::line::{Ended, Line};
use crate::wire::visitor::{StatusDesk, StatusNotice};

/// Notices that a client may not have answered; further ones wait, and are lost in the end.
const UNANSWERED: usize = 256;

/// A client that asked to be told.
struct Subscription {
    client: RemoteId,
    notices: mpsc::Receiver<StatusNotice>,
    n_unanswered: usize,
}

pub(super) async fn serve<S>(stream: &mut S, broker: Broker, login: Reply, desk: &dyn StatusDesk) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut line = Line::new(stream, broker);
    let perspective = line.broker.export()?;
    line.broker.answer(login, &perspective.into())?;
    let mut subscription: Option<Subscription> = None;
    loop {
        while let Some(incoming) = line.heard()? {
            match incoming {
                Incoming::Call { method, args, reply, .. } => {
                    let client = args.first().and_then(Jelly::as_remote);
                    match (method.as_str(), client) {
                        ("subscribe", Some(client)) => {
                            let notices = desk.watch();
                            subscription = Some(Subscription { client, notices, n_unanswered: 0 });
                            line.broker.answer(reply, &Jelly::None)?;
                        }
                        _ => line.broker.refuse(reply, &Failure::no_such_method(&method)),
                    }
                }
                Incoming::Answer { .. } | Incoming::Error { .. } => {
                    if let Some(subscription) = &mut subscription {
                        subscription.n_unanswered = subscription.n_unanswered.saturating_sub(1);
                    }
                }
                _ => {}
            }
        }
        line.flush().await?;
        let patience = subscription.is_none().then_some(SILENCE);
        let notice = tokio::select! {
            listened = line.listen(patience) => {
                listened?;
                None
            }
            notice = next(&mut subscription) => Some(notice),
        };
        if let (Some(notice), Some(subscription)) = (notice, &mut subscription) {
            let notice = notice.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
            let notice = from_value(Value::Map(notice));
            line.broker.call(subscription.client.into(), "event", &[notice], &[])?;
            subscription.n_unanswered += 1;
        }
    }
}

/// The next thing to tell; waits for ever if there is nobody to be told, or somebody who does not answer.
async fn next(subscription: &mut Option<Subscription>) -> StatusNotice {
    match subscription {
        Some(subscription) if subscription.n_unanswered < UNANSWERED => match subscription.notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        },
        _ => std::future::pending().await,
    }
}
