//! One connection to one worker: the state that its tasks and its [`super::WorkerLink`]s share.
//!
//! ```text
//!            socket                                           other rooms
//!   reader  <------  worker  <------  writer  <--- outgoing --- WorkerLink
//!     |                                                             |
//!     +--> answers to waiting requests, running commands, budget <--+
//! ```

mod drive;
mod keepalive;
mod reader;
mod requests;
mod vitals;
mod writer;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use buildbot_protocol::{Message, Request, Value};
use futures_channel::mpsc;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot, watch};

pub(super) use drive::drive;
pub(super) use reader::{Ticket, deliver, read_all};
pub(super) use writer::{Outgoing, Permit, write_all};

use self::requests::Requests;
use self::vitals::Vitals;
use super::command::RunningCommand;
use super::facts::WorkerFacts;
use super::link::LinkError;

/// What a worker speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Msgpack,
    PerspectiveBroker,
}

/// What a session is made of.
#[derive(Debug)]
pub(super) struct SessionSpec {
    pub(super) name: String,
    pub(super) number: u64,
    pub(super) dialect: Dialect,
    /// Bytes of messages in the pipeline above which the socket is not read.
    pub(super) pipeline_bytes: usize,
}

/// The answer to a request: a value or the text of an exception.
pub(super) type Answer = oneshot::Receiver<Result<Value, String>>;

pub(super) struct Session {
    spec: SessionSpec,
    runtime: Handle,
    requests: Mutex<Requests>,
    commands: Mutex<HashMap<String, Arc<RunningCommand>>>,
    facts: OnceLock<WorkerFacts>,
    vitals: Vitals,
    budget: Arc<Semaphore>,
    n_own_commands: AtomicU64,
    /// Names and directories, as the worker was told them last.
    builders: Mutex<Vec<(String, String)>>,
    phase: watch::Sender<Phase>,
}

/// How far a session has come towards its end. One thing to watch: each takes a third of a kilobyte.
#[derive(Debug, Default)]
struct Phase {
    /// The worker asks to be shut down.
    leaving: bool,
    /// Why it is being closed, if it is.
    closing: Option<Arc<str>>,
    /// Everybody knows that it is over.
    ended: bool,
}

impl Session {
    /// The other end of the queue belongs to the writer.
    pub(super) fn new(spec: SessionSpec) -> (Arc<Self>, mpsc::UnboundedReceiver<Outgoing>) {
        // That of tokio keeps room for 32 messages, two kilobytes for each worker.
        let (outgoing, queue) = mpsc::unbounded();
        let session = Self {
            runtime: Handle::current(),
            requests: Mutex::new(Requests::new(outgoing)),
            commands: Mutex::default(),
            facts: OnceLock::new(),
            vitals: Vitals::default(),
            budget: Arc::new(Semaphore::new(spec.pipeline_bytes)),
            n_own_commands: AtomicU64::new(0),
            builders: Mutex::default(),
            phase: watch::Sender::default(),
            spec,
        };
        (Arc::new(session), queue)
    }

    pub(super) fn name(&self) -> &str {
        &self.spec.name
    }

    pub(super) fn number(&self) -> u64 {
        self.spec.number
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.spec.dialect
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Empty until the worker has described itself.
    pub(super) fn facts(&self) -> &WorkerFacts {
        static NOTHING: LazyLock<WorkerFacts> = LazyLock::new(WorkerFacts::default);
        self.facts.get().unwrap_or(&NOTHING)
    }

    /// Keeps what the worker said; the first answer counts.
    pub(super) fn learn(&self, facts: WorkerFacts) -> &WorkerFacts {
        self.facts.get_or_init(|| facts)
    }

    /// An id for a command that belongs to no build. Builds count in numbers, so the two never meet.
    pub(super) fn next_own_id(&self) -> String {
        format!("attach-{}-{}", self.number(), self.n_own_commands.fetch_add(1, Ordering::Relaxed))
    }

    /// Sends a request whose answer matters.
    pub(super) fn send(&self, request: Request) -> Result<Answer, LinkError> {
        self.requests().send(request).map_err(|why| LinkError::Lost(why.to_string()))
    }

    /// Sends a request whose answer does not matter.
    pub(super) fn notify(&self, request: Request) {
        // An ended session has nobody to tell.
        drop(self.send(request));
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn request(&self, request: Request) -> Result<Value, LinkError> {
        match self.send(request)?.await {
            Ok(answer) => answer.map_err(LinkError::Refused),
            Err(_) => Err(LinkError::Lost(self.why())),
        }
    }

    /// Tells a worker its builders, names and directories, and waits until it has them; in msgpack it needs none.
    pub(super) async fn set_builders(&self, builders: Vec<(String, String)>) -> Result<(), LinkError> {
        let asked = self.requests().ask(|seq| Outgoing::Builders { seq, builders });
        match asked.map_err(|why| LinkError::Lost(why.to_string()))?.await {
            Ok(answer) => answer.map(|_| ()).map_err(LinkError::Refused),
            Err(_) => Err(LinkError::Lost(self.why())),
        }
    }

    /// Whether these are the builders the worker was told last.
    pub(super) fn knows_builders(&self, builders: &[(String, String)]) -> bool {
        *self.builders() == builders
    }

    pub(super) fn remember_builders(&self, builders: Vec<(String, String)>) {
        *self.builders() = builders;
    }

    /// The worker asks to be shut down when it is idle.
    pub(super) fn wish_to_leave(&self) {
        self.phase.send_modify(|phase| phase.leaving = true);
    }

    /// Returns once the worker wishes to leave.
    pub(super) async fn wishes_to_leave(&self) {
        // The sender lives as long as this borrow of the session.
        let _ = self.phase.subscribe().wait_for(|phase| phase.leaving).await;
    }

    /// The worker is attached, and may hear it.
    pub(super) fn welcome(&self) {
        self.requests().queue(Outgoing::Welcome);
    }

    /// The worker gave a sign of life.
    pub(super) fn heard(&self) {
        self.vitals.heard();
    }

    /// The socket is not read, which is no fault of the worker unless it takes nothing either.
    pub(super) fn pause(&self) {
        self.vitals.pause();
    }

    pub(super) fn resume(&self) {
        self.vitals.resume();
    }

    /// Something is on its way to the socket.
    pub(super) fn begin_writing(&self) {
        self.vitals.begin_writing();
    }

    pub(super) fn end_writing(&self) {
        self.vitals.end_writing();
    }

    /// Answers a request of the worker; the permit goes back once the answer is on its way.
    pub(super) fn answer(&self, message: Message, permit: Permit) {
        self.requests().queue(Outgoing::Message { message: Box::new(message), permit: Some(permit) });
    }

    pub(super) fn command(&self, id: &str) -> Option<Arc<RunningCommand>> {
        self.commands().get(id).cloned()
    }

    /// Makes a command known; false if its id is in use.
    pub(super) fn add_command(&self, id: &str, command: Arc<RunningCommand>) -> bool {
        let mut commands = self.commands();
        if commands.contains_key(id) {
            return false;
        }
        commands.insert(id.to_owned(), command);
        true
    }

    pub(super) fn remove_command(&self, id: &str) {
        self.commands().remove(id);
    }

    pub(super) fn close(&self, why: &str) {
        self.phase.send_if_modified(|Phase { closing, .. }| {
            let first = closing.is_none();
            if first {
                *closing = Some(why.into());
            }
            first
        });
    }

    /// Why the session is over, or shall be.
    fn why(&self) -> String {
        self.phase.borrow().closing.as_deref().unwrap_or("the connection was lost").to_owned()
    }

    pub(super) async fn ended(&self) {
        // The sender lives as long as this borrow of the session.
        let _ = self.phase.subscribe().wait_for(|phase| phase.ended).await;
    }

    /// Gives up on `future` after `patience` without any sign of life, unless it is we who do not listen.
    pub(super) async fn unless_silent<F: Future>(&self, patience: Duration, future: F) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        loop {
            let before = self.vitals.pulse();
            tokio::select! {
                output = &mut future => return Some(output),
                () = tokio::time::sleep(patience) => {
                    if !self.vitals.lives_since(before) {
                        return None;
                    }
                }
            }
        }
    }

    /// The connection is gone: nobody who waits for it may go on waiting.
    fn end(&self, why: &str) {
        self.close(why);
        self.requests().end(&self.why());
        let commands = std::mem::take(&mut *self.commands());
        commands.values().for_each(|command| command.lose(&self.why()));
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn builders(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.builders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn commands(&self) -> MutexGuard<'_, HashMap<String, Arc<RunningCommand>>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
