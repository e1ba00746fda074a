//! A worker that speaks Perspective Broker, moved by hand.

use std::time::Duration;

use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{Broker, CallId, Failure, Incoming, Jelly, Limits, LocalId, RemoteId, Reply, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

/// Something that the master called.
pub struct Called {
    pub target: Target,
    pub method: String,
    pub args: Vec<Jelly>,
    pub kwargs: Vec<(String, Jelly)>,
    pub reply: Reply,
}

pub struct Peer {
    stream: DuplexStream,
    pub broker: Broker,
    /// What was heard while something else was waited for.
    heard: Vec<Incoming>,
    pub mind: LocalId,
}

impl Peer {
    pub fn new(stream: DuplexStream) -> Self {
        let mut broker = Broker::client(Limits::SESSION);
        let mind = broker.export().unwrap();
        Self { stream, broker, heard: Vec::new(), mind }
    }

    async fn flush(&mut self) {
        let output = self.broker.take_output();
        self.stream.write_all(&output).await.unwrap();
    }

    /// Bytes that no broker writes.
    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads once; false at the end of the connection.
    async fn read(&mut self) -> bool {
        self.flush().await;
        let mut buffer = [0; 4096];
        let n_read = self.stream.read(&mut buffer).await.unwrap();
        self.heard.extend(self.broker.receive(&buffer[..n_read]).unwrap());
        0 < n_read
    }

    /// The first thing heard that `wanted` makes something of.
    async fn wait<T>(&mut self, wanted: impl Fn(Incoming) -> Result<T, Incoming>) -> T {
        loop {
            let mut rest = Vec::new();
            let mut found = None;
            for incoming in self.heard.drain(..) {
                match (found.is_none(), incoming) {
                    (true, incoming) => match wanted(incoming) {
                        Ok(value) => found = Some(value),
                        Err(other) => rest.push(other),
                    },
                    (false, incoming) => rest.push(incoming),
                }
            }
            self.heard = rest;
            if let Some(found) = found {
                self.flush().await;
                return found;
            }
            assert!(self.read().await, "the master hung up");
        }
    }

    /// Calls the master and returns its answer.
    pub async fn ask(&mut self, target: Target, method: &str, args: &[Jelly]) -> Result<Jelly, Failure> {
        let call = self.tell(target, method, args);
        self.answer_to(call).await
    }

    /// Calls the master.
    pub fn tell(&mut self, target: Target, method: &str, args: &[Jelly]) -> CallId {
        self.broker.call(target, method, args, &[]).unwrap()
    }

    pub async fn answer_to(&mut self, wanted: CallId) -> Result<Jelly, Failure> {
        self.wait(|incoming| match incoming {
            Incoming::Answer { call, value } if call == wanted => Ok(Ok(value)),
            Incoming::Error { call, failure } if call == wanted => Ok(Err(failure)),
            other => Err(other),
        })
        .await
    }

    /// The next call of the master.
    pub async fn called(&mut self) -> Called {
        self.wait(|incoming| match incoming {
            Incoming::Call { target, method, args, kwargs, reply } => {
                Ok(Called { target, method, args, kwargs, reply })
            }
            other => Err(other),
        })
        .await
    }

    /// The next call, which is of this method; it is answered with `value`.
    pub async fn answer(&mut self, method: &str, value: Jelly) -> Vec<Jelly> {
        let called = self.called().await;
        assert_eq!(called.method, method);
        self.broker.answer(called.reply, &value).unwrap();
        self.flush().await;
        called.args
    }

    /// As [`Self::answer`], with an exception.
    pub async fn fail(&mut self, method: &str, failure: &Failure) {
        let called = self.called().await;
        assert_eq!(called.method, method);
        self.broker.refuse(called.reply, failure);
        self.flush().await;
    }

    /// Listens for a minute.
    pub async fn gone_after_silence(&mut self) {
        let listening = async { while self.read().await {} };
        assert!(tokio::time::timeout(Duration::from_secs(60), listening).await.is_err(), "the master hung up");
    }

    /// Returns once the master has hung up.
    pub async fn gone(&mut self) {
        while self.read().await {}
    }

    /// As [`Self::gone`], without trying to understand what comes.
    pub async fn gone_whatever_it_says(&mut self) {
        let mut buffer = [0; 4096];
        while let Ok(1..) = self.stream.read(&mut buffer).await {}
    }

    /// Bytes that may come too late.
    pub async fn try_write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Asks to be let in as `name`; the call whose answer is the perspective.
    pub async fn log_in(&mut self, name: &str, password: &str, mind: Jelly) -> CallId {
        // The offer of the master comes before anything can be said.
        assert!(self.read().await, "the master hung up");
        self.respond(name, password, mind).await
    }

    /// As [`Self::log_in`], on a connection that has been greeted.
    pub async fn respond(&mut self, name: &str, password: &str, mind: Jelly) -> CallId {
        let name = Jelly::Bytes(name.as_bytes().to_vec());
        let answer = self.ask(Target::Root, "login", &[name]).await.unwrap();
        let mut parts = answer.into_items().unwrap().into_iter();
        let challenge = Challenge(parts.next().unwrap().into_bytes().unwrap().try_into().unwrap());
        let challenger: RemoteId = parts.next().unwrap().as_remote().unwrap();
        let response = Jelly::Bytes(challenge.response(password).to_vec());
        let call = self.tell(challenger.into(), "respond", &[response, mind]);
        self.broker.release(challenger);
        self.flush().await;
        call
    }
}
