//! Speaker: what a session says as calls, what a worker calls as messages of a session.
//!
//! No socket and no waiting: it is told and tells.

mod asking;
mod hearing;

use std::collections::HashMap;

use buildbot_protocol::pb::{Broker, BrokerError, CallId, Failure, Jelly, RemoteId, Reply};
use buildbot_protocol::{Message, Response, Value};

use self::asking::Asked;
use super::objects::{Object, Objects};
use super::output::Output;
use crate::wire::texts::Texts;

/// How an answer of the session is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Bytes or nothing.
    Plain,
    /// The same, and nothing for an error: the worker would pass that on as the end of its command, which workers in
    /// Python cannot, so that the command would never end. Whoever refused a transfer knows it anyway.
    File,
    /// The number of an update; there is only one.
    Number,
}

/// One connection to one worker.
#[derive(Debug)]
pub(super) struct Speaker {
    broker: Broker,
    mind: RemoteId,
    /// The answer to the login, until it is given.
    welcome: Option<Reply>,
    /// By name. Commands are started on them.
    builders: HashMap<String, RemoteId>,
    /// Names and directories, as the worker was last told.
    wanted: Vec<(String, String)>,
    /// Requests for builders that the worker is just being told of.
    postponed: Vec<(i64, buildbot_protocol::Request)>,
    /// Calls of ours.
    asked: HashMap<CallId, Asked>,
    /// Calls of the worker, by the numbers under which the session knows them.
    replies: HashMap<i64, (Reply, Shape)>,
    n_requests: i64,
    objects: Objects,
    /// Of commands that run.
    outputs: HashMap<String, Output>,
    /// Of the worker's commands.
    versions: Texts,
}

impl Speaker {
    pub(super) fn new(broker: Broker, mind: RemoteId, welcome: Reply) -> Self {
        Self {
            broker,
            mind,
            welcome: Some(welcome),
            builders: HashMap::new(),
            wanted: Vec::new(),
            postponed: Vec::new(),
            asked: HashMap::new(),
            replies: HashMap::new(),
            n_requests: 0,
            objects: Objects::default(),
            outputs: HashMap::new(),
            versions: Texts::default(),
        }
    }

    /// What is to be sent.
    pub(super) fn take_output(&mut self) -> Vec<u8> {
        self.broker.take_output()
    }

    /// Bytes that wait to be sent.
    pub(super) fn output_len(&self) -> usize {
        self.broker.output_len()
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.broker.feed(bytes);
    }

    /// What the next thing the worker said means to the session; nothing if more bytes are needed.
    pub(super) fn hear(&mut self) -> Result<Option<Vec<Message>>, BrokerError> {
        match self.broker.next_incoming()? {
            Some(incoming) => Ok(Some(self.understand(incoming))),
            None => Ok(None),
        }
    }

    /// Says what the session has to say; returns what it hears at once.
    pub(super) fn say(&mut self, message: Message) -> Option<Message> {
        match message {
            Message::Request { seq, request } => match self.ask(seq, request) {
                Ok(None) => None,
                Ok(Some(value)) => Some(answered(seq, value)),
                Err(why) => Some(Message::failed(seq, why)),
            },
            Message::Response(response) => {
                self.respond(response);
                None
            }
        }
    }

    /// The worker is attached: it hears that its login was successful.
    pub(super) fn welcome(&mut self) {
        let Some(reply) = self.welcome.take() else { return };
        let result = self.broker.export().and_then(|perspective| {
            self.objects.add(perspective, Object::Perspective);
            self.broker.answer(reply, &perspective.into())
        });
        if let Err(error) = result {
            tracing::error!("cannot answer a login: {error}");
        }
    }

    fn respond(&mut self, response: Response) {
        // What we told ourselves has nobody to be answered.
        let Some((reply, shape)) = self.replies.remove(&response.seq) else { return };
        let value = match (response.result, shape) {
            (Ok(_), Shape::Number) => Jelly::Int(0),
            (Ok(Value::Bin(bytes)), Shape::Plain | Shape::File) => Jelly::Bytes(bytes),
            (Ok(_), Shape::Plain | Shape::File) | (Err(_), Shape::File) => Jelly::None,
            (Err(why), Shape::Number | Shape::Plain) => return self.broker.refuse(reply, &Failure::pb_error(why)),
        };
        if let Err(error) = self.broker.answer(reply, &value) {
            tracing::warn!("cannot answer a worker: {error}");
        }
    }
}

fn answered(seq: i64, value: Value) -> Message {
    Message::Response(Response { seq, result: Ok(value) })
}
