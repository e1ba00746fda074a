//! The dialect of Perspective Broker: the worker is an object of which the master calls methods, and the other way round.
//!
//! One task owns the broker. It reads, answers, writes down what commands ask for, and keeps count of the objects that
//! the master lends: those of a command are given back when it is complete.

mod arguments;
mod bot;
mod builders;
mod calls;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{
    Broker, CallId, Failure, Incoming, Jelly, Limits, LocalId, RemoteId, SendError, Target, to_value,
};
use buildbot_protocol::{Request, Value};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::spawn_local;
use tokio::time::Instant;
use tracing::{debug, warn};

use self::builders::Builders;
use self::calls::CommandObjects;
use super::{Answer, Asked, End, OUTBOX, Session, Worker};

/// A master that has not let the worker in after this long never will. It asks much before it does.
const LOGIN_DEADLINE: Duration = Duration::from_secs(120);
/// What is read at once.
const PIECE: usize = 64 * 1024;

/// What an answer of the master is for.
enum Waiting {
    /// The challenge.
    Login,
    /// The perspective; the challenger has done its work then.
    Respond {
        challenger: RemoteId,
    },
    /// A request of a command.
    Request {
        answer: oneshot::Sender<Answer>,
        is_read: bool,
    },
    /// The end of a command, whose objects are not needed any more.
    Complete(CommandObjects),
    SignOfLife,
}

/// Runs a session until it ends; the commands in it have ended too when this returns. `attached` is called when the
/// master has let the worker in.
pub async fn run(
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    worker: Rc<Worker>,
    attached: &dyn Fn(),
) -> End {
    let (mut from_master, to_master) = tokio::io::split(stream);
    let (outgoing, pieces) = mpsc::channel(OUTBOX);
    let writer = spawn_local(write(to_master, pieces));
    let (session, asked) = Session::new(worker);
    let mut peer = Peer::new(Rc::clone(&session));
    let end = peer.converse(&mut from_master, asked, &outgoing, attached).await;
    if let Some(wish) = peer.wish.take() {
        wish.abort();
    }
    // Nobody will answer any more.
    peer.waiting.clear();
    session.close(&end).await;
    drop((session, outgoing));
    if end == End::Shutdown {
        // The answer is on its way; a socket that does not take it is given up.
        let _ = tokio::time::timeout(Duration::from_secs(1), writer).await;
    } else {
        writer.abort();
    }
    end
}

async fn write(mut to_master: impl AsyncWrite + Unpin, mut pieces: mpsc::Receiver<Vec<u8>>) {
    while let Some(piece) = pieces.recv().await {
        if to_master.write_all(&piece).await.is_err() {
            return;
        }
    }
    // The peer may be gone already.
    let _ = to_master.shutdown().await;
}

/// The worker as one master knows it.
struct Peer {
    session: Rc<Session>,
    broker: Broker,
    /// The worker itself, which the master calls its mind.
    bot: Option<LocalId>,
    builders: Builders,
    /// Of every command that is not complete, by its id.
    commands: HashMap<String, CommandObjects>,
    waiting: HashMap<CallId, Waiting>,
    /// What the master lets the worker call once it is logged in. Giving it back would be logging out.
    perspective: Option<RemoteId>,
    wish: Option<tokio::task::JoinHandle<()>>,
    end: Option<End>,
}

impl Peer {
    fn new(session: Rc<Session>) -> Self {
        Self {
            session,
            broker: Broker::client(Limits::SESSION),
            bot: None,
            builders: Builders::default(),
            commands: HashMap::new(),
            waiting: HashMap::new(),
            perspective: None,
            wish: None,
            end: None,
        }
    }

    /// Reads and writes until the connection or the master ends the session.
    async fn converse(
        &mut self,
        from_master: &mut (impl AsyncRead + Unpin),
        mut asked: mpsc::Receiver<Asked>,
        outgoing: &mpsc::Sender<Vec<u8>>,
        attached: &dyn Fn(),
    ) -> End {
        let mut piece = vec![0; PIECE];
        let interval = self.session.config().keepalive();
        let mut next_sign = Instant::now() + LOGIN_DEADLINE;
        loop {
            let output = self.broker.take_output();
            if !output.is_empty() && outgoing.send(output).await.is_err() {
                return End::Lost("the connection broke".to_owned());
            }
            if let Some(end) = self.end.take() {
                return end;
            }
            let was_attached = self.perspective.is_some();
            tokio::select! {
                read = from_master.read(&mut piece) => match read {
                    Ok(0) => return End::Lost("the master closed the connection".to_owned()),
                    Ok(n) => self.receive(&piece[..n]).await,
                    Err(error) => return End::Lost(error.to_string()),
                },
                Some(asked) = asked.recv() => self.ask(asked),
                () = tokio::time::sleep_until(next_sign), if !was_attached || interval.is_some() => {
                    self.give_a_sign_of_life();
                    next_sign = Instant::now() + interval.unwrap_or(LOGIN_DEADLINE);
                }
            }
            if !was_attached && self.perspective.is_some() {
                attached();
                next_sign = Instant::now() + interval.unwrap_or(LOGIN_DEADLINE);
            }
        }
    }

    async fn receive(&mut self, bytes: &[u8]) {
        self.broker.feed(bytes);
        loop {
            match self.broker.next_incoming() {
                Ok(Some(incoming)) => self.take(incoming).await,
                Ok(None) => return,
                Err(error) => {
                    self.end = Some(End::Lost(format!("the master is not understood: {error}")));
                    return;
                }
            }
        }
    }

    async fn take(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Ready => {
                // Names are bytes, as they always were.
                let name = Jelly::Bytes(self.session.config().name.clone().into_bytes());
                let call = self.broker.call(Target::Root, "login", &[name], &[]);
                self.expect(call, Waiting::Login);
            }
            Incoming::Call { target, method, args, kwargs, reply } => {
                match self.called(target, &method, args, kwargs).await {
                    Ok(value) => {
                        if let Err(error) = self.broker.answer(reply, &value) {
                            self.end = Some(End::Lost(format!("an answer cannot be sent: {error}")));
                        }
                    }
                    Err(failure) => self.broker.refuse(reply, &failure),
                }
            }
            Incoming::Answer { call, value } => match self.waiting.remove(&call) {
                Some(waiting) => self.answered(waiting, value),
                None => self.broker.discard(&value),
            },
            Incoming::Error { call, failure } => {
                if let Some(waiting) = self.waiting.remove(&call) {
                    self.failed(waiting, &failure);
                }
            }
            Incoming::Released(object) => self.builders.released(object),
            Incoming::NotUnderstood(what) => warn!(what, "the master did not understand something"),
        }
    }

    /// Remembers what a call is for; one that was not sent ends the session.
    fn expect(&mut self, call: Result<CallId, SendError>, waiting: Waiting) {
        match call {
            Ok(call) => drop(self.waiting.insert(call, waiting)),
            Err(error) => self.end = Some(End::Lost(format!("a call cannot be sent: {error}"))),
        }
    }

    fn answered(&mut self, waiting: Waiting, value: Jelly) {
        match waiting {
            Waiting::Login => self.respond(value),
            Waiting::Respond { challenger } => {
                self.broker.release(challenger);
                self.perspective = value.as_remote();
                if self.perspective.is_none() {
                    self.end = Some(End::Lost("the master's answer to the login is not understood".to_owned()));
                }
                self.wish = Some(spawn_local(Rc::clone(&self.session).pass_on_the_wish_to_end()));
            }
            Waiting::Request { answer, is_read: true } => {
                // What a file holds is no text.
                let bytes = value.into_bytes().map_or(Value::Nil, Value::Bin);
                let _ = answer.send(Ok(bytes));
            }
            Waiting::Request { answer, is_read: false } => {
                self.broker.discard(&value);
                let _ = answer.send(Ok(to_value(value)));
            }
            Waiting::Complete(objects) => self.give_back(objects),
            Waiting::SignOfLife => {}
        }
    }

    fn failed(&mut self, waiting: Waiting, failure: &Failure) {
        match waiting {
            Waiting::Login | Waiting::Respond { .. } if failure.is_unauthorized() => self.end = Some(End::Refused),
            Waiting::Login | Waiting::Respond { .. } => {
                self.end = Some(End::Lost(format!("the master does not let this worker in: {failure}")));
            }
            Waiting::Request { answer, .. } => drop(answer.send(Err(failure.to_string()))),
            Waiting::Complete(objects) => {
                warn!(failure = %failure, "the master refused the end of a command");
                self.give_back(objects);
            }
            // It is an answer, after all.
            Waiting::SignOfLife => debug!(failure = %failure, "the master refused a sign of life"),
        }
    }

    /// Proves that the worker knows its password, and hands itself over.
    fn respond(&mut self, value: Jelly) {
        let parts = value.into_items().and_then(|items| <[Jelly; 2]>::try_from(items).ok());
        let challenge = parts.and_then(|[challenge, challenger]| {
            let challenge = <[u8; 16]>::try_from(challenge.into_bytes()?).ok()?;
            Some((Challenge(challenge), challenger.as_remote()?))
        });
        let (Some((challenge, challenger)), Ok(bot)) = (challenge, self.broker.export()) else {
            self.end = Some(End::Lost("the master's challenge is not understood".to_owned()));
            return;
        };
        self.bot = Some(bot);
        let response = challenge.response(&self.session.config().password);
        let args = [Jelly::Bytes(response.to_vec()), bot.into()];
        let call = self.broker.call(challenger.into(), "respond", &args, &[]);
        self.expect(call, Waiting::Respond { challenger });
    }

    /// Calls what a command asks for.
    fn ask(&mut self, Asked { request, answer }: Asked) {
        if request == Request::Shutdown {
            let Some(perspective) = self.perspective else {
                return drop(answer.send(Err("the worker is not logged in".to_owned())));
            };
            let call = self.broker.call(perspective.into(), "shutdown", &[], &[]);
            return self.expect(call, Waiting::Request { answer, is_read: false });
        }
        let objects = request.command_id().and_then(|id| self.commands.get(id)).copied();
        let Some((target, method, args)) = objects.and_then(|objects| calls::of_request(&request, objects)) else {
            return drop(answer.send(Err("the master did not say whom to tell".to_owned())));
        };
        match (self.broker.call(target.into(), method, &args, &[]), &request, objects) {
            (Ok(call), Request::Complete { command_id, .. }, Some(objects)) => {
                self.commands.remove(command_id);
                self.waiting.insert(call, Waiting::Complete(objects));
            }
            (Ok(call), request, _) => {
                let is_read = matches!(request, Request::ReadFile { .. });
                self.waiting.insert(call, Waiting::Request { answer, is_read });
            }
            (Err(error), ..) => drop(answer.send(Err(error.to_string()))),
        }
    }

    fn give_back(&mut self, objects: CommandObjects) {
        self.broker.release(objects.command);
        if let Some(file) = objects.file {
            self.broker.release(file);
        }
    }

    /// Says that the worker is there. A master that has not answered the last time is gone.
    fn give_a_sign_of_life(&mut self) {
        let Some(perspective) = self.perspective else {
            self.end = Some(End::Lost("the master does not answer the login".to_owned()));
            return;
        };
        if self.waiting.values().any(|waiting| matches!(waiting, Waiting::SignOfLife)) {
            self.end = Some(End::Lost("the master does not answer".to_owned()));
            return;
        }
        let call = self.broker.call(perspective.into(), "keepalive", &[], &[]);
        self.expect(call, Waiting::SignOfLife);
    }
}
