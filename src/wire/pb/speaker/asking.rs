//! What a session asks of a worker.

use buildbot_protocol::pb::{Failure, Jelly, LocalId, RemoteId, SendError, Target};
use buildbot_protocol::{Arguments, Message, Request, Value};

use super::{Speaker, answered};
use crate::wire::pb::arguments::{arguments, name_of};
use crate::wire::pb::info::{Interview, Next, Question};
use crate::wire::pb::objects::Object;
use crate::wire::pb::output::Output;

/// What an answer is for.
#[derive(Debug)]
pub(super) enum Asked {
    /// The session waits for the answer under this number.
    Plain(i64),
    /// The session waits for the builders to be there.
    Builders(Option<i64>),
    Info {
        seq: i64,
        question: Question,
        interview: Interview,
    },
    Start {
        seq: i64,
        command_id: String,
    },
}

/// A remote command to be started.
struct Start {
    command_id: String,
    name: String,
    args: Arguments,
}

impl Speaker {
    /// An answer that is known at once, or nothing; an error is the text for the session.
    pub(super) fn ask(&mut self, seq: i64, request: Request) -> Result<Option<Value>, String> {
        let sent = match request {
            Request::Print { message } => self.print(seq, &message),
            Request::Keepalive => self.print(seq, "keepalive"),
            Request::GetWorkerInfo => self.question(seq, Question::Everything, Interview::default()),
            // Workers on this protocol cut their output themselves.
            Request::SetWorkerSettings(_) => return Ok(Some(Value::Nil)),
            Request::Shutdown => self.call(self.mind, "shutdown", &[], Asked::Plain(seq)),
            Request::StartCommand { .. } | Request::InterruptCommand { .. } => return self.ask_builder(seq, request),
            other => return Err(format!("a master never asks for {}", other.operation())),
        };
        sent.map(|()| None).map_err(|error| error.to_string())
    }

    /// Tells the worker which builders it has, beside those it may have been told of meanwhile.
    pub(in crate::wire::pb) fn set_builders(&mut self, seq: i64, builders: Vec<(String, String)>) -> Option<Message> {
        self.wanted = builders;
        let told = self.tell_builders(Some(seq));
        told.err().map(|error| Message::failed(seq, error.to_string()))
    }

    fn tell_builders(&mut self, seq: Option<i64>) -> Result<(), SendError> {
        let pair =
            |(name, dir): &(String, String)| Jelly::Tuple(vec![Jelly::Text(name.clone()), Jelly::Text(dir.clone())]);
        let list = Jelly::List(self.wanted.iter().map(pair).collect());
        self.call(self.mind, "setBuilderList", &[list], Asked::Builders(seq))
    }

    fn call(&mut self, target: RemoteId, method: &str, args: &[Jelly], asked: Asked) -> Result<(), SendError> {
        let call = self.broker.call(target.into(), method, args, &[])?;
        self.asked.insert(call, asked);
        Ok(())
    }

    fn print(&mut self, seq: i64, message: &str) -> Result<(), SendError> {
        let target = Target::from(self.mind);
        let call = self.broker.call(target, "print", &[], &[("message", message.into())])?;
        self.asked.insert(call, Asked::Plain(seq));
        Ok(())
    }

    fn question(&mut self, seq: i64, question: Question, interview: Interview) -> Result<(), SendError> {
        self.call(self.mind, question.method(), &[], Asked::Info { seq, question, interview })
    }

    /// Commands are started on builders; a worker that does not know one is told of it first.
    fn ask_builder(&mut self, seq: i64, request: Request) -> Result<Option<Value>, String> {
        let builder_name = match &request {
            Request::StartCommand { builder_name, .. } | Request::InterruptCommand { builder_name, .. } => builder_name,
            _ => &None,
        };
        let builder_name = builder_name.clone().ok_or("on this protocol, a command needs a builder")?;
        let Some(builder) = self.builders.get(&builder_name).copied() else {
            return self.introduce(builder_name, seq, request);
        };
        let sent = match request {
            Request::StartCommand { command_id, command_name, args, .. } => {
                self.start(seq, builder, Start { command_id, name: command_name, args })?;
                Ok(())
            }
            Request::InterruptCommand { command_id, why, .. } => {
                let args = [Jelly::Text(command_id), Jelly::Text(why)];
                self.call(builder, "interruptCommand", &args, Asked::Plain(seq))
            }
            _ => Ok(()),
        };
        sent.map(|()| None).map_err(|error| error.to_string())
    }

    fn introduce(&mut self, name: String, seq: i64, request: Request) -> Result<Option<Value>, String> {
        if !matches!(request, Request::StartCommand { .. }) {
            return Err(format!("the worker knows no builder {name}"));
        }
        if !self.wanted.iter().any(|(wanted, _)| *wanted == name) {
            let safe = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
            self.wanted.push((name.clone(), name.chars().map(safe).collect()));
            self.tell_builders(None).map_err(|error| error.to_string())?;
        }
        self.postponed.push((seq, request));
        Ok(None)
    }

    fn start(&mut self, seq: i64, builder: RemoteId, start: Start) -> Result<(), String> {
        let Start { command_id, name, args } = start;
        let name = name_of(&name);
        let file = self.file_object(name, &command_id)?;
        let args = arguments(name, args, self.versions.get(name).as_deref(), file)?;
        let command = self.export(Object::Command(command_id.clone()))?;
        let args = [command.into(), command_id.as_str().into(), name.into(), args];
        // It may be spoken of before the start is answered.
        self.outputs.insert(command_id.clone(), Output::default());
        let asked = Asked::Start { seq, command_id: command_id.clone() };
        self.call(builder, "startCommand", &args, asked).map_err(|error| {
            self.forget_command(&command_id);
            error.to_string()
        })
    }

    fn file_object(&mut self, command: &str, command_id: &str) -> Result<Option<LocalId>, String> {
        let id = command_id.to_owned();
        let object = match command {
            "uploadFile" => Object::FileWriter(id),
            "uploadDirectory" => Object::DirectoryWriter(id),
            "downloadFile" => Object::Reader(id),
            _ => return Ok(None),
        };
        self.export(object).map(Some)
    }

    fn export(&mut self, object: Object) -> Result<LocalId, String> {
        let id = self.broker.export().map_err(|error| error.to_string())?;
        self.objects.add(id, object);
        Ok(id)
    }

    pub(super) fn forget_command(&mut self, command_id: &str) {
        self.outputs.remove(command_id);
        for object in self.objects.finished(command_id) {
            self.broker.withdraw(object);
        }
    }

    /// What an answer of the worker means to the session.
    pub(super) fn heard_answer(&mut self, asked: Asked, answer: Result<Jelly, Failure>) -> Vec<Message> {
        match asked {
            Asked::Plain(seq) => vec![plain(seq, answer)],
            Asked::Start { seq, command_id } => {
                if answer.is_err() {
                    self.forget_command(&command_id);
                }
                vec![plain(seq, answer)]
            }
            Asked::Info { seq, question, mut interview } => match interview.answered(question, answer) {
                Next::Ask(question) => match self.question(seq, question, interview) {
                    Ok(()) => Vec::new(),
                    Err(error) => vec![Message::failed(seq, error.to_string())],
                },
                Next::Done(facts) => {
                    self.learn_versions(&facts);
                    vec![answered(seq, facts)]
                }
                Next::Failed(why) => vec![Message::failed(seq, why)],
            },
            Asked::Builders(seq) => self.heard_builders(seq, answer),
        }
    }

    fn learn_versions(&mut self, facts: &Value) {
        let commands = facts.as_map().and_then(|facts| facts.get("worker_commands")?.as_map());
        let versions = commands.into_iter().flatten();
        self.versions = versions.filter_map(|(name, version)| Some((name, version.as_str()?))).collect();
    }

    fn heard_builders(&mut self, seq: Option<i64>, answer: Result<Jelly, Failure>) -> Vec<Message> {
        let mut messages = Vec::new();
        let result = match answer {
            Ok(builders) => {
                self.keep_builders(builders);
                Ok(Value::Nil)
            }
            Err(failure) => Err(failure.to_string()),
        };
        if let Some(seq) = seq {
            messages.push(Message::Response(buildbot_protocol::Response { seq, result }));
        }
        for (seq, request) in std::mem::take(&mut self.postponed) {
            let knows_it = match &request {
                Request::StartCommand { builder_name: Some(name), .. } => self.builders.contains_key(name),
                _ => false,
            };
            if knows_it {
                messages.extend(self.say(Message::Request { seq, request }));
            } else {
                messages.push(Message::failed(seq, "the worker does not accept the builder"));
            }
        }
        messages
    }

    /// Builders that are gone are let go.
    fn keep_builders(&mut self, builders: Jelly) {
        let entries = builders.into_entries().unwrap_or_default().into_iter();
        let named = entries.filter_map(|(name, builder)| Some((name.into_text()?, builder.as_remote()?)));
        let old = std::mem::replace(&mut self.builders, named.collect());
        for builder in old.into_values() {
            if !self.builders.values().any(|kept| *kept == builder) {
                self.broker.release(builder);
            }
        }
    }
}

fn plain(seq: i64, answer: Result<Jelly, Failure>) -> Message {
    match answer {
        Ok(_) => Message::done(seq),
        Err(failure) => Message::failed(seq, failure.to_string()),
    }
}
