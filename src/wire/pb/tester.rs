//! Clients that have something built before they commit it (`buildbot try`).
//!
//! ```text
//! perspective: try(...) -> buildset: getBuildRequests() -> request: subscribe(client) -> client.newbuild(build)
//!                                                          build: subscribe(client), waitUntilFinished(), ...
//! ```
//!
//! What a client was told is compared with how far its job is, whenever that changes: a state that came and went
//! between two looks is told, too, as far as it left something behind.

mod arguments;
mod told;

use buildbot_protocol::pb::{Broker, Failure, Incoming, Jelly, Reply, Target};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use self::arguments::job;
use self::told::{Object, Told};
use super::clerk::SILENCE;
use super::line::{Ended, Line};
use crate::domain::TryStatus;
use crate::wire::visitor::TryDesk;

/// Serves a client until it goes.
pub(super) async fn serve<S>(stream: &mut S, broker: Broker, login: Reply, desk: &dyn TryDesk) -> Result<(), Ended>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut line = Line::new(stream, broker);
    let mut told = Told::default();
    let perspective = told.export(&mut line.broker, Object::Perspective)?;
    line.broker.answer(login, &perspective.into())?;
    let mut following: Option<watch::Receiver<TryStatus>> = None;
    loop {
        while let Some(incoming) = line.heard()? {
            match incoming {
                Incoming::Call { target: Target::Object(id), method, args, reply, .. } => match told.object(id) {
                    Some(Object::Perspective) => {
                        let submitted = perspective_call(&mut line.broker, desk, &method, args, reply).await?;
                        if let Some((status, reply)) = submitted {
                            following = Some(status);
                            told.begin(&mut line.broker, reply)?;
                        }
                    }
                    Some(object) => {
                        let status = following.as_ref().map(|status| status.borrow().clone()).unwrap_or_default();
                        told.called(&mut line.broker, (object, &status), (&method, args, reply))?;
                    }
                    None => line.broker.refuse(reply, &Failure::no_such_method(&method)),
                },
                Incoming::Call { method, reply, .. } => line.broker.refuse(reply, &Failure::no_such_method(&method)),
                Incoming::Released(object) => told.released(object),
                _ => {}
            }
        }
        let mut is_over = true;
        if let Some(status) = &mut following {
            let status = status.borrow_and_update().clone();
            is_over = status.is_complete();
            told.tell(&mut line.broker, &status)?;
        }
        line.flush().await?;
        // A client that waits for its builds has nothing to say meanwhile.
        let patience = is_over.then_some(SILENCE);
        tokio::select! {
            listened = line.listen(patience) => listened?,
            () = changed(&mut following) => {}
        }
    }
}

/// Waits until the job is further; for ever if there is none, or nobody who would tell.
async fn changed(following: &mut Option<watch::Receiver<TryStatus>>) {
    let over = match following {
        Some(status) => status.changed().await.is_err(),
        None => true,
    };
    if over {
        std::future::pending::<()>().await;
    }
}

/// Answers a call of the perspective; a job that was accepted is answered by the caller.
async fn perspective_call(
    broker: &mut Broker,
    desk: &dyn TryDesk,
    method: &str,
    args: Vec<Jelly>,
    reply: Reply,
) -> Result<Option<(watch::Receiver<TryStatus>, Reply)>, Ended> {
    match method {
        "getAvailableBuilderNames" => {
            let names = desk.builder_names().into_iter().map(Jelly::Text).collect();
            broker.answer(reply, &Jelly::List(names))?;
        }
        "try" => match job(args) {
            Ok(job) => match desk.submit(job).await {
                Ok(Some(status)) => return Ok(Some((status, reply))),
                Ok(None) => broker.answer(reply, &Jelly::None)?,
                Err(why) => broker.refuse(reply, &Failure::pb_error(why)),
            },
            Err(why) => broker.refuse(reply, &Failure::new("builtins.ValueError", why)),
        },
        other => broker.refuse(reply, &Failure::no_such_method(other)),
    }
    Ok(None)
}
