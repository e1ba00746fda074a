//! One connection to a master, whichever dialect it speaks: the commands that live in it, and what they ask the master.
//!
//! A dialect has a file of its own. It reads what the master wants and calls the [`Session`]; what commands have to say
//! reaches it as [`Asked`].

pub(crate) mod perspective;
pub(crate) mod websocket;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use buildbot_protocol::{Request, Update, Value, WorkerSettings};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot, watch};
use tokio::task::spawn_local;
use tracing::{info, warn};

use crate::base_dir::{BaseDir, Outside};
use crate::commands::{self, CommandContext};
use crate::config::WorkerConfig;
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
    /// The master does not know this worker, or not with this password.
    Refused,
    /// The master wants the worker to end.
    Shutdown,
}

/// The connection is gone, and with it whatever was asked.
#[derive(Debug, thiserror::Error)]
#[error("the connection to the master was lost")]
pub struct Lost;

/// The reason a command does not begin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error("unknown WorkerCommand '{0}'")]
    Unknown(String),
    #[error("command {0} runs already")]
    Running(String),
    #[error("{command} is missing args: {args}")]
    Missing { command: &'static str, args: String },
}

/// The master's answer: a value, or the text of an error.
pub type Answer = Result<Value, String>;

/// A request on its way to the master.
pub struct Asked {
    pub request: Request,
    pub answer: oneshot::Sender<Answer>,
}

/// The worker that all its sessions have in common.
pub struct Worker {
    pub base_dir: BaseDir,
    pub config: WorkerConfig,
    /// True from the moment when the worker wants to end as soon as it has nothing to do.
    pub wants_to_end: watch::Receiver<bool>,
}

/// One connection, shared by its commands.
pub struct Session {
    worker: Rc<Worker>,
    outbox: mpsc::Sender<Asked>,
    window: Arc<Semaphore>,
    settings: RefCell<WorkerSettings>,
    /// Command id to the channel that interrupts it.
    running: RefCell<HashMap<String, watch::Sender<Option<String>>>>,
    /// Tells whenever a command has ended.
    ended: Notify,
}

impl Session {
    /// The channel brings what the session has to ask of the master.
    fn new(worker: Rc<Worker>) -> (Rc<Self>, mpsc::Receiver<Asked>) {
        let (outbox, asked) = mpsc::channel(OUTBOX);
        let session = Self {
            worker,
            outbox,
            window: Arc::new(Semaphore::new(WINDOW)),
            settings: RefCell::new(unasked_settings()),
            running: RefCell::default(),
            ended: Notify::new(),
        };
        (Rc::new(session), asked)
    }

    pub fn base_dir(&self) -> &BaseDir {
        &self.worker.base_dir
    }

    pub fn config(&self) -> &WorkerConfig {
        &self.worker.config
    }

    /// Whether a command about files may touch a path: anywhere, unless the worker is confined.
    pub fn confined(&self, path: &str) -> Result<(), Outside> {
        if self.config().confine { self.base_dir().contains(path) } else { Ok(()) }
    }

    pub fn settings(&self) -> WorkerSettings {
        self.settings.borrow().clone()
    }

    /// Sends a request; the channel brings its answer.
    async fn send(&self, request: Request) -> Result<oneshot::Receiver<Answer>, Lost> {
        if self.window.is_closed() {
            return Err(Lost);
        }
        let (answer, answered) = oneshot::channel();
        self.outbox.send(Asked { request, answer }).await.map_err(|_| Lost)?;
        Ok(answered)
    }

    /// Asks the master and waits for its answer.
    pub async fn ask(&self, request: Request) -> Result<Answer, Lost> {
        self.send(request).await?.await.map_err(|_| Lost)
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

    /// Starts a command, by the names that the dialect `msgpack_experimental_v7` has for it and its arguments.
    fn start_command(
        self: &Rc<Self>,
        command_id: String,
        name: &str,
        args: commands::Arguments,
    ) -> Result<(), StartError> {
        let command = commands::find(name).ok_or_else(|| StartError::Unknown(name.to_owned()))?;
        if self.running.borrow().contains_key(&command_id) {
            return Err(StartError::Running(command_id));
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
            session.ended.notify_waiters();
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

    /// What the worker says of itself.
    fn info(&self) -> Value {
        info::collect(&self.worker.base_dir, &self.worker.config, &commands::names())
    }

    /// Interrupts everything: nobody would hear of it.
    fn abandon(&self, why: &str) {
        self.window.close();
        for interrupter in self.running.borrow().values() {
            interrupter.send_replace(Some(why.to_owned()));
        }
    }

    /// Ends what still runs when the connection has ended, and returns when it is gone.
    async fn close(self: &Rc<Self>, end: &End) {
        self.abandon(match end {
            End::Lost(why) => why,
            End::Refused => "the master refused the worker",
            End::Shutdown => "the worker is shut down",
        });
        wait_for_commands(self).await;
    }

    /// Once the worker wants to end, tells the master, which ends it when its builds are done. Runs beside the session.
    async fn pass_on_the_wish_to_end(self: Rc<Self>) {
        let mut wish = self.worker.wants_to_end.clone();
        if wish.wait_for(|wants| *wants).await.is_err() {
            return;
        }
        info!("asking the master to let this worker end when its builds are done");
        match self.ask(Request::Shutdown).await {
            Ok(Ok(_)) => info!("the master knows that this worker wants to end"),
            Ok(Err(error)) => warn!(error, "the master does not let workers ask for their end; stop it by SIGTERM"),
            Err(Lost) => {}
        }
    }
}

/// What output is like for a master that does not say how it wants it.
fn unasked_settings() -> WorkerSettings {
    WorkerSettings { newline_re: String::new(), max_line_length: 4096, buffer_timeout: 1.0, buffer_size: 65_536 }
}

/// Interrupted commands kill their processes; this waits until they have.
async fn wait_for_commands(session: &Session) {
    const PATIENCE: Duration = Duration::from_secs(30);
    let ended = async {
        while !session.running.borrow().is_empty() {
            session.ended.notified().await;
        }
    };
    if tokio::time::timeout(PATIENCE, ended).await.is_err() {
        warn!("commands did not end although they were killed");
    }
}
