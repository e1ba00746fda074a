//! The worker itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use buildbot_protocol::{Arguments, Message, Request, Response, Update, Value, msgpack};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Bytes, Message as Frame};

use super::{Reply, StartedCommand, WorkerScript};

#[derive(Debug)]
pub(super) enum Order {
    Hold,
    Release,
    Finish { command_id: String, reply: Reply },
    Say { request: Request, answer: oneshot::Sender<Result<Value, String>> },
    Frame(Frame),
    StopAnswering,
    Freeze,
}

/// Told to start, not yet finished.
struct Held {
    command: StartedCommand,
    seq: i64,
}

pub(super) struct Task {
    script: WorkerScript,
    started: mpsc::UnboundedSender<StartedCommand>,
    heard: Arc<Mutex<Vec<Request>>>,
    held: Vec<Held>,
    holding: bool,
    silent: bool,
    next_seq: i64,
    waiting: HashMap<i64, oneshot::Sender<Result<Value, String>>>,
    outgoing: Vec<Frame>,
}

impl Task {
    pub(super) fn new(
        script: WorkerScript,
        started: mpsc::UnboundedSender<StartedCommand>,
        heard: Arc<Mutex<Vec<Request>>>,
    ) -> Self {
        Self {
            script,
            started,
            heard,
            held: Vec::new(),
            holding: false,
            silent: false,
            next_seq: 0,
            waiting: HashMap::new(),
            outgoing: Vec::new(),
        }
    }

    /// Runs until either side drops the connection.
    pub(super) async fn run<S>(mut self, mut socket: WebSocketStream<S>, mut orders: mpsc::UnboundedReceiver<Order>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(Order::Freeze) => return std::future::pending().await,
                    Some(order) => self.obey(order),
                    None => return,
                },
                frame = socket.next() => match frame {
                    Some(Ok(Frame::Binary(bytes))) => {
                        self.receive(&bytes);
                        if self.has_heard_enough() {
                            return;
                        }
                    }
                    Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                    Some(Ok(_)) => {}
                },
            }
            for frame in std::mem::take(&mut self.outgoing) {
                if socket.send(frame).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Whether the script has it hang up now.
    fn has_heard_enough(&self) -> bool {
        let n_heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.script.hangs_up_after.is_some_and(|n| n <= n_heard)
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Hold => self.holding = true,
            Order::Release => {
                self.holding = false;
                for held in std::mem::take(&mut self.held) {
                    let reply = self.scripted(&held.command);
                    self.finish(&held, reply);
                }
            }
            Order::Finish { command_id, reply } => {
                if let Some(at) = self.held.iter().position(|held| held.command.id == command_id) {
                    let held = self.held.remove(at);
                    self.finish(&held, reply);
                }
            }
            Order::Say { request, answer } => {
                self.waiting.insert(self.next_seq, answer);
                self.say(request);
            }
            Order::Frame(frame) => self.outgoing.push(frame),
            Order::StopAnswering => self.silent = true,
            Order::Freeze => {}
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        match msgpack::decode(bytes).expect("a master sends valid messages") {
            Message::Response(response) => {
                if let Some(asker) = self.waiting.remove(&response.seq) {
                    // The test may have lost interest.
                    let _ = asker.send(response.result);
                }
            }
            Message::Request { seq, request } => {
                self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                if !self.silent {
                    self.serve(seq, request);
                }
            }
        }
    }

    fn serve(&mut self, seq: i64, request: Request) {
        match request {
            Request::GetWorkerInfo => self.answer(seq, Ok(Value::Map(self.script.facts.clone()))),
            Request::StartCommand { command_id, command_name, args, builder_name } => {
                let command = StartedCommand { id: command_id, name: command_name, args, builder_name };
                self.start(seq, command);
            }
            Request::InterruptCommand { command_id, .. } => {
                if let Some(at) = self.held.iter().position(|held| held.command.id == command_id) {
                    let held = self.held.remove(at);
                    self.finish(&held, Reply::rc(-1));
                }
                self.answer(seq, Ok(Value::Nil));
            }
            _ => self.answer(seq, Ok(Value::Nil)),
        }
    }

    fn start(&mut self, seq: i64, command: StartedCommand) {
        if command.builder_name.is_none() {
            let reply = self.introduce(&command);
            return self.finish(&Held { command, seq }, reply);
        }
        // The test may not be interested in commands.
        let _ = self.started.send(command.clone());
        let held = Held { command, seq };
        if self.holding {
            self.held.push(held);
        } else {
            let reply = self.scripted(&held.command);
            self.finish(&held, reply);
        }
    }

    fn scripted(&self, command: &StartedCommand) -> Reply {
        let args = format!("{} {:?}", command.name, command.args);
        let found = self.script.replies.iter().find(|(words, _)| args.contains(words.as_str()));
        found.map_or_else(|| Reply::rc(0), |(_, reply)| reply.clone())
    }

    /// Commands of the introduction, on a directory that is only a list.
    fn introduce(&mut self, command: &StartedCommand) -> Reply {
        let updates = match command.name.as_str() {
            "listdir" => vec![Update::Files(self.script.entries.clone())],
            "stat" => vec![Update::Stat(vec![0o040_755, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
            "mkdir" => {
                self.script.entries.extend(names(&command.args));
                Vec::new()
            }
            "rmdir" => {
                let gone = names(&command.args);
                self.script.entries.retain(|entry| !gone.contains(entry));
                Vec::new()
            }
            _ => Vec::new(),
        };
        Reply { updates, ..Reply::rc(0) }
    }

    /// In the order of a real worker: updates, the end, and then the answer to the start.
    fn finish(&mut self, held: &Held, reply: Reply) {
        if let Some(text) = reply.refusal {
            return self.answer(held.seq, Err(text));
        }
        let command_id = &held.command.id;
        let mut updates = reply.updates;
        updates.extend(reply.rc.map(Update::Rc));
        if !updates.is_empty() {
            self.say(Request::Update { command_id: command_id.clone(), updates });
        }
        self.say(Request::Complete { command_id: command_id.clone(), error: reply.error });
        self.answer(held.seq, Ok(Value::Nil));
    }

    fn say(&mut self, request: Request) {
        let seq = self.next_seq;
        self.next_seq += 1;
        self.push(&Message::Request { seq, request });
    }

    fn answer(&mut self, seq: i64, result: Result<Value, String>) {
        self.push(&Message::Response(Response { seq, result }));
    }

    fn push(&mut self, message: &Message) {
        self.outgoing.push(Frame::Binary(Bytes::from(msgpack::encode(message))));
    }
}

/// The last parts of the paths in the arguments.
fn names(args: &Arguments) -> Vec<String> {
    let paths = args.get("paths").and_then(Value::as_array).unwrap_or_default();
    paths.iter().filter_map(Value::as_str).filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect()
}
