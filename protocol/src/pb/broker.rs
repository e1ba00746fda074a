//! Broker: calls, answers and references of one connection, as a state machine.
//!
//! Bytes of the peer go in by [`Broker::feed`] and come out as [`Incoming`]; what is to be sent gathers in
//! [`Broker::take_output`]. It keeps count of the objects each side holds of the other, and of nothing else.

mod handshake;
mod message;
mod objects;

use std::collections::HashSet;

pub use handshake::Role;
pub use objects::{LocalId, RemoteId};

use self::handshake::Stage;
use self::message::Message;
use self::objects::{Exports, Imports, count_references};
use super::banana::{Decoder, Malformed, Unsendable, Writer};
use super::jelly::{Jelly, NotJelly};
use super::{Dialect, Failure, Limits};

/// Numbers a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// Whom a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The object that a server offers to everybody.
    Root,
    /// An object of whoever is called.
    Object(u32),
}

/// The right to answer one call of the peer, once.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the peer waits for an answer"]
pub struct Reply {
    request: i64,
    wanted: bool,
}

/// What a peer said.
#[derive(Debug, PartialEq)]
pub enum Incoming {
    /// Both sides agree on version and dialect. Comes first, once.
    Ready,
    /// The target is [`Target::Root`] or an object of ours that the peer knows.
    Call {
        target: Target,
        method: String,
        args: Vec<Jelly>,
        kwargs: Vec<(String, Jelly)>,
        reply: Reply,
    },
    Answer {
        call: CallId,
        value: Jelly,
    },
    Error {
        call: CallId,
        failure: Failure,
    },
    /// The peer has let go of an object of ours; its id is never used again.
    Released(LocalId),
    /// The peer did not know what to do with something.
    NotUnderstood(String),
}

/// The reason a connection is of no use any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    #[error(transparent)]
    Malformed(#[from] Malformed),
    #[error("a value cannot be read: {0}")]
    NotJelly(#[from] NotJelly),
    #[error("{0} is no message of Perspective Broker")]
    NotAMessage(String),
    #[error("the dialects do not agree")]
    NoDialect,
    #[error("it speaks version {0}, not {version}", version = handshake::VERSION)]
    Version(i64),
    #[error("it makes us remember too many of its objects")]
    TooManyReferences,
}

/// The reason something was not sent. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    #[error(transparent)]
    Unsendable(#[from] Unsendable),
    #[error("too many calls wait for their answers")]
    TooManyCalls,
    #[error("the peer holds too many objects")]
    TooManyObjects,
    #[error("there is no object {0} to send")]
    UnknownObject(u32),
    /// The peer has not told which dialect it wants.
    #[error("the connection is not ready")]
    NotReady,
}

/// One side of a connection.
#[derive(Debug)]
pub struct Broker {
    role: Role,
    limits: Limits,
    stage: Stage,
    decoder: Decoder,
    dialect: Dialect,
    output: Vec<u8>,
    exports: Exports,
    imports: Imports,
    /// Calls of ours that are not answered.
    waiting: HashSet<u64>,
    n_calls: u64,
}

impl Broker {
    /// The side that accepts connections; it speaks first.
    pub fn server(limits: Limits) -> Self {
        let mut broker = Self::new(Role::Server, limits);
        broker.output.extend_from_slice(handshake::GREETING);
        broker
    }

    /// The side that connects.
    pub fn client(limits: Limits) -> Self {
        Self::new(Role::Client, limits)
    }

    fn new(role: Role, limits: Limits) -> Self {
        Self {
            role,
            limits,
            stage: Stage::Dialect,
            decoder: Decoder::new(limits),
            dialect: Dialect::None,
            output: Vec::new(),
            exports: Exports::default(),
            imports: Imports::default(),
            waiting: HashSet::new(),
            n_calls: 0,
        }
    }

    /// Other bounds from now on, once it is known who the peer is.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.decoder.set_limits(limits);
    }

    /// What is to be sent, in order.
    pub fn take_output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Bytes that wait to be taken. Whoever calls and never listens makes them grow: its owner stops reading then.
    pub fn output_len(&self) -> usize {
        self.output.len()
    }

    /// Takes bytes of the peer, cut anywhere.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.decoder.feed(bytes);
    }

    /// The next thing the peer said, as far as its bytes have arrived. An error is the end of the connection.
    pub fn next_incoming(&mut self) -> Result<Option<Incoming>, BrokerError> {
        while let Some(expr) = self.decoder.next_expr()? {
            let incoming = match self.stage {
                Stage::Open => {
                    let mut received = Vec::new();
                    let message = Message::read(expr, &self.limits, &mut received)?;
                    self.imports.receive(&received, self.limits.references)?;
                    self.take(message, &received)
                }
                Stage::Dialect | Stage::Version => self.negotiate(&expr)?,
            };
            if incoming.is_some() {
                return Ok(incoming);
            }
        }
        Ok(None)
    }

    /// [`Self::feed`], and everything that follows from it.
    pub fn receive(&mut self, bytes: &[u8]) -> Result<Vec<Incoming>, BrokerError> {
        self.feed(bytes);
        std::iter::from_fn(|| self.next_incoming().transpose()).collect()
    }

    /// What nobody will see is let go of at once.
    fn take(&mut self, message: Message, received: &[u32]) -> Option<Incoming> {
        match message {
            Message::Call { request, object, method, args, kwargs, wanted } => {
                let reply = Reply { request, wanted };
                let Some(target) = object.filter(|target| self.offers(*target)) else {
                    self.let_go(received);
                    self.refuse(reply, &Failure::pb_error("Invalid Object ID"));
                    return None;
                };
                Some(Incoming::Call { target, method, args, kwargs, reply })
            }
            Message::Answer { request, value } => match self.answered(request) {
                Some(call) => Some(Incoming::Answer { call, value }),
                None => {
                    self.let_go(received);
                    None
                }
            },
            Message::Error { request, failure } => {
                self.let_go(received);
                self.answered(request).map(|call| Incoming::Error { call, failure })
            }
            Message::Decref { object } => self.exports.release(object).map(Incoming::Released),
            Message::NotUnderstood { what } => Some(Incoming::NotUnderstood(what)),
        }
    }

    fn offers(&self, target: Target) -> bool {
        match target {
            Target::Root => self.role == Role::Server,
            Target::Object(id) => self.exports.knows(id),
        }
    }

    /// An answer to nothing is dropped.
    fn answered(&mut self, request: i64) -> Option<CallId> {
        let request = u64::try_from(request).ok()?;
        self.waiting.remove(&request).then_some(CallId(request))
    }

    /// Makes an object that can be sent as `Jelly::Remote`; the peer knows it from the first time it is sent.
    pub fn export(&mut self) -> Result<LocalId, SendError> {
        self.exports.add(self.limits.references).ok_or(SendError::TooManyObjects)
    }

    /// Forgets an object of ours, whatever the peer thinks of it: further calls of it are refused.
    pub fn withdraw(&mut self, object: LocalId) {
        self.exports.remove(object);
    }

    /// Lets go of an object of the peer, as often as it was received.
    pub fn release(&mut self, object: RemoteId) {
        for _ in 0..self.imports.remove(object) {
            // A decref is short and flat; it can always be written.
            let _ = self.send(|out| message::write_decref(out, object.0));
        }
    }

    /// Lets go of the objects of the peer in a value that came once and that nobody wants.
    pub fn discard(&mut self, value: &Jelly) {
        let mut ids = Vec::new();
        count_references(value, &mut ids);
        self.let_go(&ids);
    }

    fn let_go(&mut self, ids: &[u32]) {
        for id in ids {
            if self.imports.remove_one(RemoteId(*id)) {
                let _ = self.send(|out| message::write_decref(out, *id));
            }
        }
    }

    /// Calls something of the peer, and expects an answer.
    pub fn call(
        &mut self,
        target: Target,
        method: &str,
        args: &[Jelly],
        kwargs: &[(&str, Jelly)],
    ) -> Result<CallId, SendError> {
        // A client does not wait for the version of its server.
        if self.stage == Stage::Dialect {
            return Err(SendError::NotReady);
        }
        if self.limits.calls <= self.waiting.len() {
            return Err(SendError::TooManyCalls);
        }
        let request = self.n_calls + 1;
        self.send_values(args.iter().chain(kwargs.iter().map(|(_, value)| value)), |out| {
            message::write_call(out, request, target, method, (args, kwargs))
        })?;
        self.n_calls = request;
        self.waiting.insert(request);
        Ok(CallId(request))
    }

    /// Answers a call of the peer.
    pub fn answer(&mut self, reply: Reply, value: &Jelly) -> Result<(), SendError> {
        if !reply.wanted {
            return Ok(());
        }
        self.send_values([value].into_iter(), |out| message::write_answer(out, reply.request, value))
    }

    /// Answers a call of the peer with an error. Its texts are cut to what can be sent.
    pub fn refuse(&mut self, reply: Reply, failure: &Failure) {
        if reply.wanted && self.send(|out| message::write_error(out, reply.request, failure)).is_err() {
            let short = Failure::pb_error("an error whose text is too long");
            // Without texts of others it can always be written.
            let _ = self.send(|out| message::write_error(out, reply.request, &short));
        }
    }

    /// Writes a message and counts the objects of ours in it; either both or neither happens.
    fn send_values<'a>(
        &mut self,
        values: impl Iterator<Item = &'a Jelly>,
        write: impl FnOnce(&mut Writer) -> Result<(), Unsendable>,
    ) -> Result<(), SendError> {
        let mut objects = Vec::new();
        values.for_each(|value| count_references(value, &mut objects));
        if let Some(unknown) = objects.iter().find(|id| !self.exports.exists(**id)) {
            return Err(SendError::UnknownObject(*unknown));
        }
        self.send(write)?;
        objects.into_iter().for_each(|id| self.exports.sent(id));
        Ok(())
    }

    fn send(&mut self, write: impl FnOnce(&mut Writer) -> Result<(), Unsendable>) -> Result<(), Unsendable> {
        let mut out = Writer::new(self.dialect);
        write(&mut out)?;
        let bytes = out.into_bytes();
        if self.output.is_empty() {
            self.output = bytes;
        } else {
            self.output.extend_from_slice(&bytes);
        }
        Ok(())
    }
}
