//! One connection to a master: requests and answers in both directions, and the commands that live in it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use buildbot_protocol::msgpack;
use buildbot_protocol::{Message, Request, Response, Update, Value, WorkerSettings};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::spawn_local;
use tokio_tungstenite::tungstenite::Message as Frame;
use tracing::{debug, info, warn};

use crate::base_dir::BaseDir;
use crate::commands::{self, CommandContext};
use crate::info;

/// Updates that may be unanswered: the back-pressure from the master's disk to the command's pipe.
const WINDOW: usize = 8;
/// Messages that wait for the socket.
const OUTBOX: usize = 64;

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection is gone; connect again.
    Lost(String),
    /// The master wants the worker to end.
    Shutdown,
}

/// The connection is gone, and with it whatever was asked.
#[derive(Debug, thiserror::Error)]
#[error("the connection to the master was lost")]
pub struct Lost;

/// One connection, shared by its commands.
pub struct Session {
    base_dir: BaseDir,
    outbox: mpsc::Sender<Message>,
    next_seq: Cell<i64>,
    /// Who waits for which answer.
    waiting: RefCell<HashMap<i64, oneshot::Sender<Result<Value, String>>>>,
    window: Arc<Semaphore>,
    settings: RefCell<WorkerSettings>,
    /// Command id to the channel that interrupts it.
    running: RefCell<HashMap<String, watch::Sender<Option<String>>>>,
}

impl Session {
    fn new(base_dir: BaseDir, outbox: mpsc::Sender<Message>) -> Self {
        Self {
            base_dir,
            outbox,
            next_seq: Cell::new(0),
            waiting: RefCell::default(),
            window: Arc::new(Semaphore::new(WINDOW)),
            settings: RefCell::new(WorkerSettings {
                newline_re: String::new(),
                max_line_length: 4096,
                buffer_timeout: 5.0,
                buffer_size: 65_536,
            }),
            running: RefCell::default(),
        }
    }

    pub fn base_dir(&self) -> &BaseDir {
        &self.base_dir
    }

    pub fn settings(&self) -> WorkerSettings {
        self.settings.borrow().clone()
    }

    /// Sends a request; the channel brings its answer.
    async fn send(&self, request: Request) -> Result<oneshot::Receiver<Result<Value, String>>, Lost> {
        let seq = self.next_seq.get();
        self.next_seq.set(seq.wrapping_add(1));
        let (sender, answer) = oneshot::channel();
        self.waiting.borrow_mut().insert(seq, sender);
        self.outbox.send(Message::Request { seq, request }).await.map_err(|_| Lost)?;
        Ok(answer)
    }

    /// Sends updates of a command; returns at once while fewer than the window are unanswered.
    pub async fn update(&self, command_id: &str, updates: Vec<Update>) -> Result<(), Lost> {
        let permit = Arc::clone(&self.window).acquire_owned().await.map_err(|_| Lost)?;
        let answer = self.send(Request::Update { command_id: command_id.to_owned(), updates }).await?;
        spawn_local(async move {
            if let Ok(Err(error)) = answer.await {
                warn!(error, "the master refused an update");
            }
            drop(permit);
        });
        Ok(())
    }

    fn start_command(self: &Rc<Self>, command_id: String, name: &str, args: commands::Arguments) -> Result<(), String> {
        let Some(command) = commands::find(name) else { return Err(format!("unknown WorkerCommand '{name}'")) };
        if self.running.borrow().contains_key(&command_id) {
            return Err(format!("command {command_id} runs already"));
        }
        commands::check(command, &args)?;
        let (interrupter, interrupted) = watch::channel(None);
        self.running.borrow_mut().insert(command_id.clone(), interrupter);
        let context = CommandContext::new(Rc::clone(self), command_id.clone(), interrupted);
        let session = Rc::clone(self);
        spawn_local(async move {
            // A task of its own, so that a panicking command fails alone.
            let outcome = spawn_local(commands::run(command, context, args)).await;
            let error = match outcome {
                Ok(outcome) => outcome.err(),
                Err(failed) => Some(format!("the command died: {failed}")),
            };
            session.running.borrow_mut().remove(&command_id);
            if let Ok(answer) = session.send(Request::Complete { command_id, error }).await {
                // Nothing depends on the answer.
                drop(answer);
            }
        });
        Ok(())
    }

    fn interrupt(&self, command_id: &str, why: &str) {
        match self.running.borrow().get(command_id) {
            Some(interrupter) => drop(interrupter.send_replace(Some(why.to_owned()))),
            None => info!(command_id, "a command to be interrupted does not run"),
        }
    }

    /// Carries out a request of the master.
    fn handle(self: &Rc<Self>, request: Request) -> Result<Value, String> {
        match request {
            Request::Print { message } => info!(message, "message from the master"),
            Request::Keepalive => debug!("keepalive from the master"),
            Request::GetWorkerInfo => return Ok(info::collect(&self.base_dir, &commands::names())),
            Request::SetWorkerSettings(settings) => *self.settings.borrow_mut() = settings,
            Request::StartCommand { command_id, command_name, args, .. } => {
                self.start_command(command_id, &command_name, args)?;
            }
            Request::InterruptCommand { command_id, why, .. } => self.interrupt(&command_id, &why),
            Request::Shutdown => {}
            other => return Err(format!("a worker takes no such request: {other:?}")),
        }
        Ok(Value::Nil)
    }

    fn answered(&self, response: Response) {
        match self.waiting.borrow_mut().remove(&response.seq) {
            // Who asked may not care any more.
            Some(waiting) => drop(waiting.send(response.result)),
            None => warn!(seq = response.seq, "an answer that nobody waits for"),
        }
    }

    /// Interrupts everything: nobody would hear of it.
    fn abandon(&self, why: &str) {
        self.window.close();
        self.waiting.borrow_mut().clear();
        for interrupter in self.running.borrow().values() {
            interrupter.send_replace(Some(why.to_owned()));
        }
    }
}

/// How a session treats silence.
#[derive(Clone, Copy, Debug)]
pub struct KeepAlive {
    /// A ping is sent after this long without a word from the master; after twice as long the connection is dead.
    pub interval: Option<Duration>,
}

/// Runs a session over a WebSocket until it ends; the commands in it have ended too when this returns.
pub async fn run<S, E>(socket: S, base_dir: BaseDir, keep_alive: KeepAlive) -> End
where
    S: Stream<Item = Result<Frame, E>> + Sink<Frame, Error = E> + Unpin + 'static,
    E: std::fmt::Display + 'static,
{
    let (mut to_master, mut from_master) = socket.split();
    let (outbox, mut messages) = mpsc::channel::<Message>(OUTBOX);
    let (frames, mut extra) = mpsc::channel::<Frame>(OUTBOX);
    let session = Rc::new(Session::new(base_dir, outbox));
    let writer = spawn_local(async move {
        loop {
            let frame = tokio::select! {
                message = messages.recv() => match message {
                    Some(message) => Frame::binary(msgpack::encode(&message)),
                    None => break,
                },
                Some(frame) = extra.recv() => frame,
            };
            if to_master.send(frame).await.is_err() {
                break;
            }
        }
        // The peer may be gone already.
        let _ = to_master.close().await;
    });
    let end = listen(&session, &mut from_master, &frames, keep_alive).await;
    let why = match &end {
        End::Lost(why) => why.clone(),
        End::Shutdown => "the worker is shut down".to_owned(),
    };
    session.abandon(&why);
    wait_for_commands(&session).await;
    drop((session, frames));
    match end {
        End::Lost(_) => writer.abort(),
        // The answer to `shutdown` is on its way; a socket that does not take it is given up.
        End::Shutdown => drop(tokio::time::timeout(Duration::from_secs(1), writer).await),
    }
    end
}

/// Reads until the connection or the master ends the session.
async fn listen<E: std::fmt::Display>(
    session: &Rc<Session>,
    from_master: &mut (impl Stream<Item = Result<Frame, E>> + Unpin),
    frames: &mpsc::Sender<Frame>,
    keep_alive: KeepAlive,
) -> End {
    let mut silent_intervals = 0_u32;
    loop {
        let next = match keep_alive.interval {
            Some(interval) => match tokio::time::timeout(interval, from_master.next()).await {
                Ok(next) => next,
                Err(_) if silent_intervals < 2 => {
                    silent_intervals += 1;
                    // A full queue means that the socket takes nothing; the next interval ends it.
                    let _ = frames.try_send(Frame::Ping(Default::default()));
                    continue;
                }
                Err(_) => return End::Lost("the master does not answer".to_owned()),
            },
            None => from_master.next().await,
        };
        silent_intervals = 0;
        match next {
            None | Some(Ok(Frame::Close(_))) => return End::Lost("the master closed the connection".to_owned()),
            Some(Err(error)) => return End::Lost(error.to_string()),
            Some(Ok(Frame::Ping(data))) => drop(frames.try_send(Frame::Pong(data))),
            Some(Ok(Frame::Binary(bytes))) => {
                if let Some(end) = take(session, &bytes).await {
                    return end;
                }
            }
            Some(Ok(Frame::Text(_))) => warn!("a text message was ignored"),
            Some(Ok(_)) => {}
        }
    }
}

/// Takes one message of the master.
async fn take(session: &Rc<Session>, bytes: &[u8]) -> Option<End> {
    let (seq, request) = match msgpack::decode(bytes) {
        Ok(Message::Request { seq, request }) => (seq, request),
        Ok(Message::Response(response)) => {
            session.answered(response);
            return None;
        }
        Err(error) => {
            warn!(error = %error, "a message of the master was not understood");
            let answer = error.answer()?;
            return session.outbox.send(answer).await.err().map(|_| End::Lost("the connection broke".to_owned()));
        }
    };
    let is_shutdown = request == Request::Shutdown;
    let result = session.handle(request);
    let sent = session.outbox.send(Message::Response(Response { seq, result })).await;
    match (sent, is_shutdown) {
        (Err(_), _) => Some(End::Lost("the connection broke".to_owned())),
        (Ok(()), true) => Some(End::Shutdown),
        (Ok(()), false) => None,
    }
}

/// Interrupted commands kill their processes; this waits until they have.
async fn wait_for_commands(session: &Session) {
    const PATIENCE: Duration = Duration::from_secs(30);
    const LOOK_EVERY: Duration = Duration::from_millis(20);
    let ended = async {
        while !session.running.borrow().is_empty() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        warn!("commands did not end although they were killed");
    }
}
