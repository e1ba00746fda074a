//! What a worker says.

use buildbot_protocol::pb::{Failure, Incoming, Jelly, Reply, Target};
use buildbot_protocol::{Message, Request};

use super::{Shape, Speaker};
use crate::wire::pb::objects::Object;
use crate::wire::pb::output::completion;

/// A call of the worker.
struct Called {
    method: String,
    args: Vec<Jelly>,
    reply: Reply,
}

impl Speaker {
    pub(super) fn understand(&mut self, incoming: Incoming) -> Vec<Message> {
        match incoming {
            Incoming::Call { target: Target::Object(id), method, args, reply, .. } => {
                let called = Called { method, args, reply };
                match self.objects.get(id) {
                    Some(object) => self.called(object, called),
                    None => self.refuse(called),
                }
            }
            Incoming::Call { target: Target::Root, method, args, reply, .. } => {
                self.refuse(Called { method, args, reply })
            }
            Incoming::Answer { call, value } => match self.asked.remove(&call) {
                Some(asked) => self.heard_answer(asked, Ok(value)),
                None => Vec::new(),
            },
            Incoming::Error { call, failure } => match self.asked.remove(&call) {
                Some(asked) => self.heard_answer(asked, Err(failure)),
                None => Vec::new(),
            },
            Incoming::Released(object) => {
                self.objects.released(object);
                Vec::new()
            }
            Incoming::NotUnderstood(what) => {
                tracing::warn!("the worker did not understand {what}");
                Vec::new()
            }
            Incoming::Ready => Vec::new(),
        }
    }

    fn called(&mut self, object: Object, called: Called) -> Vec<Message> {
        match object {
            Object::Perspective => self.perspective(called),
            Object::Command(id) => self.command(id, called),
            Object::FileWriter(id) | Object::DirectoryWriter(id) | Object::Reader(id)
                if !self.outputs.contains_key(&id) =>
            {
                self.refuse(called)
            }
            object => self.file(object, called),
        }
    }

    fn perspective(&mut self, called: Called) -> Vec<Message> {
        match called.method.as_str() {
            "keepalive" => {
                self.acknowledge(called.reply);
                Vec::new()
            }
            "shutdown" => vec![self.request(Some((called.reply, Shape::Plain)), Request::Shutdown)],
            _ => self.refuse(called),
        }
    }

    fn command(&mut self, command_id: String, mut called: Called) -> Vec<Message> {
        let argument = if called.args.is_empty() { None } else { Some(called.args.swap_remove(0)) };
        match called.method.as_str() {
            "update" => {
                // Some workers tell the exit code after the end.
                let mut late = super::Output::default();
                let output = self.outputs.get_mut(&command_id).unwrap_or(&mut late);
                let updates = argument.map(|updates| output.read(updates)).unwrap_or_default();
                vec![self.request(Some((called.reply, Shape::Number)), Request::Update { command_id, updates })]
            }
            "complete" => {
                let rest = self.outputs.remove(&command_id).map(super::Output::finish).unwrap_or_default();
                self.forget_command(&command_id);
                let mut messages = Vec::new();
                if !rest.is_empty() {
                    let update = Request::Update { command_id: command_id.clone(), updates: rest };
                    messages.push(self.request(None, update));
                }
                let complete = Request::Complete { command_id, error: completion(argument) };
                messages.push(self.request(Some((called.reply, Shape::Plain)), complete));
                messages
            }
            _ => self.refuse(called),
        }
    }

    fn file(&mut self, object: Object, mut called: Called) -> Vec<Message> {
        let argument = if called.args.is_empty() { Jelly::None } else { called.args.swap_remove(0) };
        let request = match (object, called.method.as_str()) {
            (Object::FileWriter(command_id), "write") => {
                argument.into_bytes().map(|data| Request::UploadFileWrite { command_id, data })
            }
            (Object::FileWriter(command_id), "close") => Some(Request::UploadFileClose { command_id }),
            (Object::FileWriter(command_id), "utime") => utime(command_id, argument),
            (Object::DirectoryWriter(command_id), "write") => {
                argument.into_bytes().map(|data| Request::UploadDirectoryWrite { command_id, data })
            }
            (Object::DirectoryWriter(command_id), "unpack") => Some(Request::UploadDirectoryUnpack { command_id }),
            // Nothing is left to be done, whether it was unpacked or not.
            (Object::DirectoryWriter(_), "close") => {
                self.acknowledge(called.reply);
                return Vec::new();
            }
            (Object::Reader(command_id), "read") => {
                argument.as_int().map(|length| Request::ReadFile { command_id, length })
            }
            (Object::Reader(command_id), "close") => Some(Request::ReadFileClose { command_id }),
            _ => None,
        };
        match request {
            Some(request) => vec![self.request(Some((called.reply, Shape::File)), request)],
            None => self.refuse(called),
        }
    }

    /// A request under a number of its own, and how it is to be answered.
    fn request(&mut self, reply: Option<(Reply, Shape)>, request: Request) -> Message {
        self.n_requests += 1;
        if let Some(reply) = reply {
            self.replies.insert(self.n_requests, reply);
        }
        Message::Request { seq: self.n_requests, request }
    }

    fn acknowledge(&mut self, reply: Reply) {
        if let Err(error) = self.broker.answer(reply, &Jelly::None) {
            tracing::warn!("cannot answer a worker: {error}");
        }
    }

    /// Nothing of the call is kept.
    fn refuse(&mut self, called: Called) -> Vec<Message> {
        called.args.iter().for_each(|arg| self.broker.discard(arg));
        self.broker.refuse(called.reply, &Failure::no_such_method(&called.method));
        Vec::new()
    }
}

fn utime(command_id: String, times: Jelly) -> Option<Request> {
    let times = times.into_items()?;
    let [access, modified] = times.as_slice() else { return None };
    let time = |time: &Jelly| if *time == Jelly::None { Some(f64::NAN) } else { time.as_f64() };
    Some(Request::UploadFileUtime { command_id, access_time: time(access)?, modified_time: time(modified)? })
}
