//! A connection that has logged in.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{
    Broker, BrokerError, CallId, Failure, Incoming, Jelly, Limits, RemoteId, SendError, Target,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::secrets::Secret;

/// A master that does not answer a login within this time is not there.
const LOGIN_WITHIN: Duration = Duration::from_secs(60);

/// Where and as whom to log in.
#[derive(Clone, Debug)]
pub struct Account {
    /// `host:port`.
    pub master: String,
    pub user: String,
    pub password: Secret,
}

impl Account {
    pub fn new(master: String, user: String, password: String) -> Self {
        Self { master, user, password: password.into() }
    }
}

/// The reason a client did not get what it wanted.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("cannot connect to {0}")]
    Connect(String, #[source] io::Error),
    #[error("the connection was lost")]
    Io(#[from] io::Error),
    #[error("the master closed the connection")]
    Closed,
    #[error("the master did not answer within {} s", LOGIN_WITHIN.as_secs())]
    Silent,
    #[error("the master does not know this name with this password")]
    Unauthorized,
    #[error("the master says: {0}")]
    Refused(String),
    #[error("what the master says is no Perspective Broker")]
    Broker(#[from] BrokerError),
    #[error("it cannot be sent")]
    Unsendable(#[from] SendError),
    #[error("the master gave another answer than was expected")]
    Unexpected,
}

pub(super) struct Connection {
    stream: TcpStream,
    pub(super) broker: Broker,
    /// What was heard while an answer was waited for.
    heard: VecDeque<Incoming>,
    perspective: RemoteId,
}

impl Connection {
    pub(super) async fn log_in(account: &Account) -> Result<Self, ClientError> {
        timeout(LOGIN_WITHIN, Self::try_to_log_in(account)).await.map_err(|_| ClientError::Silent)?
    }

    async fn try_to_log_in(account: &Account) -> Result<Self, ClientError> {
        let stream = TcpStream::connect(&account.master).await;
        let stream = stream.map_err(|error| ClientError::Connect(account.master.clone(), error))?;
        // Until it is known, the perspective is nothing that will be called.
        let perspective = RemoteId(0);
        let mut connection =
            Self { stream, broker: Broker::client(Limits::SESSION), heard: VecDeque::new(), perspective };
        // A server speaks first.
        while connection.next().await? != Incoming::Ready {}
        let name = Jelly::Bytes(account.user.clone().into_bytes());
        let offered = connection.ask_of(Target::Root, "login", &[name]).await?;
        let mut offered = offered.into_items().unwrap_or_default().into_iter();
        let challenge = offered.next().and_then(Jelly::into_bytes).and_then(|bytes| bytes.try_into().ok());
        let challenger = offered.next().as_ref().and_then(Jelly::as_remote);
        let (Some(challenge), Some(challenger)) = (challenge, challenger) else { return Err(ClientError::Unexpected) };
        let response = Challenge(challenge).response(account.password.expose()).to_vec();
        let answer = connection.ask_of(challenger.into(), "respond", &[Jelly::Bytes(response), Jelly::None]).await?;
        connection.broker.release(challenger);
        connection.perspective = answer.as_remote().ok_or(ClientError::Unexpected)?;
        Ok(connection)
    }

    /// Calls the perspective and waits for its answer.
    pub(super) async fn ask(&mut self, method: &str, args: &[Jelly]) -> Result<Jelly, ClientError> {
        self.ask_of(self.perspective.into(), method, args).await
    }

    /// Calls something of the master and waits for its answer; what else is said meanwhile is kept for [`Self::next`].
    pub(super) async fn ask_of(&mut self, target: Target, method: &str, args: &[Jelly]) -> Result<Jelly, ClientError> {
        let asked = self.broker.call(target, method, args, &[])?;
        let mut others = VecDeque::new();
        let answer = loop {
            match self.next().await? {
                Incoming::Answer { call, value } if call == asked => break Ok(value),
                Incoming::Error { call, failure } if call == asked => break Err(refused(&failure)),
                other => others.push_back(other),
            }
        };
        others.append(&mut self.heard);
        self.heard = others;
        answer
    }

    /// Calls something of the master whose answer comes later.
    pub(super) fn tell(&mut self, target: Target, method: &str, args: &[Jelly]) -> Result<CallId, ClientError> {
        Ok(self.broker.call(target, method, args, &[])?)
    }

    /// The next thing that the master says. May be cancelled.
    pub(super) async fn next(&mut self) -> Result<Incoming, ClientError> {
        if let Some(heard) = self.heard.pop_front() {
            return Ok(heard);
        }
        loop {
            if let Some(incoming) = self.broker.next_incoming()? {
                return Ok(incoming);
            }
            let output = self.broker.take_output();
            if !output.is_empty() {
                self.stream.write_all(&output).await?;
            }
            let mut buffer = Vec::with_capacity(16 * 1024);
            if self.stream.read_buf(&mut buffer).await? == 0 {
                return Err(ClientError::Closed);
            }
            self.broker.feed(&buffer);
        }
    }

    /// Sends what is left to be sent, and ends.
    pub(super) async fn close(mut self) {
        let output = self.broker.take_output();
        // The work is done; a master that does not hear the end of it misses nothing.
        let _ = self.stream.write_all(&output).await;
        let _ = self.stream.shutdown().await;
    }
}

fn refused(failure: &Failure) -> ClientError {
    if failure.is_unauthorized() {
        return ClientError::Unauthorized;
    }
    ClientError::Refused(failure.to_string())
}
