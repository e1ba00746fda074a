//! How a peer logs in: a name, a challenge, a response.

use std::time::Duration;

use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{Broker, BrokerError, Failure, Incoming, Jelly, Limits, LocalId, RemoteId, Reply, Target};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use crate::wire::gate::{Admission, Gate, Proof, Refusal};
use crate::wire::visitor::Visitor;

/// A peer that may come in and waits to hear it.
pub(super) struct Newcomer {
    pub(super) name: String,
    pub(super) guest: Guest,
    pub(super) broker: Broker,
    /// Answered once the peer can be served.
    pub(super) reply: Reply,
}

/// What a peer comes for.
pub(super) enum Guest {
    /// To work; `mind` is the worker itself.
    Worker { admission: Admission, mind: RemoteId },
    /// For something else.
    Client(Visitor),
}

/// The reason nobody logged in.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    #[error("the connection was closed")]
    Closed,
    #[error("it cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("the peer was silent for too long")]
    Silent,
    #[error("the peer sent nonsense: {0}")]
    Broker(#[from] BrokerError),
    #[error("the peer began too many logins")]
    TooOften,
    #[error("there are no random numbers")]
    NoChallenge,
}

/// A name that was told a challenge.
struct Challenged {
    name: String,
    challenge: Challenge,
    challenger: LocalId,
}

/// Talks to a peer until it has logged in. Whoever is refused may try again on the same connection.
pub(super) async fn log_in<S>(stream: &mut S, gate: &dyn Gate, silence: Duration) -> Result<Newcomer, LoginError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut broker = Broker::server(Limits::LOGIN);
    let mut challenged = None;
    let mut buffer = [0; 1024];
    loop {
        let output = broker.take_output();
        if !output.is_empty() {
            stream.write_all(&output).await?;
        }
        let n_read = timeout(silence, stream.read(&mut buffer)).await.map_err(|_| LoginError::Silent)??;
        if n_read == 0 {
            return Err(LoginError::Closed);
        }
        broker.feed(buffer.get(..n_read).unwrap_or_default());
        while let Some(incoming) = broker.next_incoming()? {
            let Incoming::Call { target, method, args, reply, .. } = incoming else { continue };
            match (target, method.as_str()) {
                (Target::Root, "login") => challenged = challenge(&mut broker, args, reply)?,
                (Target::Object(id), "respond") => {
                    // A challenge is good for one response.
                    let asked = challenged.take().filter(|it: &Challenged| it.challenger.0 == id);
                    match respond(gate, asked, args).await {
                        Ok((name, guest)) => return Ok(Newcomer { name, guest, broker, reply }),
                        Err(()) => broker.refuse(reply, &Failure::unauthorized()),
                    }
                }
                (Target::Root, "loginAnonymous") => {
                    broker.refuse(reply, &Failure::new("twisted.cred.error.UnhandledCredentials", ""));
                }
                (_, other) => broker.refuse(reply, &Failure::no_such_method(other)),
            }
        }
    }
}

/// Every name gets a challenge, so that nobody learns which names there are.
fn challenge(broker: &mut Broker, args: Vec<Jelly>, reply: Reply) -> Result<Option<Challenged>, LoginError> {
    let Some(name) = args.into_iter().next().and_then(Jelly::into_text) else {
        broker.refuse(reply, &Failure::unauthorized());
        return Ok(None);
    };
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| LoginError::NoChallenge)?;
    let challenger = broker.export().map_err(|_| LoginError::TooOften)?;
    let answer = Jelly::Tuple(vec![Jelly::Bytes(bytes.to_vec()), challenger.into()]);
    broker.answer(reply, &answer).map_err(|_| LoginError::TooOften)?;
    Ok(Some(Challenged { name, challenge: Challenge(bytes), challenger }))
}

/// Who it is and what awaits it; the peer only learns whether it may come in.
async fn respond(gate: &dyn Gate, asked: Option<Challenged>, args: Vec<Jelly>) -> Result<(String, Guest), ()> {
    let mut args = args.into_iter();
    let (response, mind) = (args.next().and_then(Jelly::into_bytes), args.next());
    let (Some(Challenged { name, challenge, .. }), Some(response)) = (asked, response) else {
        tracing::warn!("refused a response to no challenge");
        return Err(());
    };
    let proof = Proof::Response { challenge, response: &response };
    let admission = match gate.admit(&name, &proof).await {
        Ok(admission) => admission,
        Err(refusal) => {
            // Workers and clients share one space of names.
            if refusal == Refusal::UnknownWorker
                && let Some(visitor) = gate.admit_client(&name, &proof)
            {
                return Ok((name, Guest::Client(visitor)));
            }
            tracing::warn!(worker.name = name, "refused a login: {refusal}");
            return Err(());
        }
    };
    let Some(mind) = mind.as_ref().and_then(Jelly::as_remote) else {
        tracing::warn!(worker.name = name, "refused a client that uses the name of a worker and is none");
        return Err(());
    };
    Ok((name, Guest::Worker { admission, mind }))
}
