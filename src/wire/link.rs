//! A worker that is connected, as other rooms see it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use buildbot_protocol::{Arguments, Request};

use super::attach;
use super::command::CommandRegistration;
use super::facts::WorkerFacts;
use super::log::LogWriter;
use super::session::{Dialect, Session};
use super::transfer::Transfer;
use crate::domain::CommandOutcome;
use crate::domain::log::LineObserver;

/// A worker that is silent for this long after being asked for a sign of life is dead.
const SILENCE: Duration = Duration::from_secs(10);

/// The reason something could not be done through a link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The connection is gone, and with it all that ran.
    #[error("the worker is lost: {0}")]
    Lost(String),
    /// The worker refused the request: nothing was started.
    #[error("the worker refused: {0}")]
    Refused(String),
    /// The command ended with an error of its own, or its log could not be stored.
    #[error("the command failed: {0}")]
    CommandFailed(String),
}

/// A remote command and where its output goes.
#[derive(Clone)]
pub struct StartCommand {
    /// Never used before.
    pub command_id: String,
    /// `shell`, `mkdir`, ...
    pub name: String,
    pub args: Arguments,
    pub builder_name: Option<String>,
    pub stdio: Option<Arc<LogWriter>>,
    /// By the name the worker was told in `logfiles`.
    pub log_files: Vec<(String, Arc<LogWriter>)>,
    pub observer: Option<Arc<Mutex<dyn LineObserver>>>,
    /// Whether the outcome shall hold the standard output, as it stands in the log.
    pub collect_stdout: bool,
    /// For commands that upload or download.
    pub transfer: Option<Arc<dyn Transfer>>,
}

impl StartCommand {
    /// A command whose output nobody wants.
    pub fn new(command_id: impl Into<String>, name: impl Into<String>, args: Arguments) -> Self {
        Self {
            command_id: command_id.into(),
            name: name.into(),
            args,
            builder_name: None,
            stdio: None,
            log_files: Vec::new(),
            observer: None,
            collect_stdout: false,
            transfer: None,
        }
    }
}

/// A session with a worker; cheap to clone, usable from every thread, of no effect once the session has ended.
#[derive(Clone)]
pub struct WorkerLink {
    session: Arc<Session>,
}

impl WorkerLink {
    pub(super) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    pub fn name(&self) -> &str {
        self.session.name()
    }

    /// Unique among all sessions since the master started, and growing.
    pub fn session(&self) -> u64 {
        self.session.number()
    }

    /// Whether it runs several commands of a builder at the same time. With Perspective Broker a worker knows one for each
    /// builder.
    pub fn runs_several(&self) -> bool {
        self.session.dialect() == Dialect::Msgpack
    }

    pub fn facts(&self) -> &WorkerFacts {
        self.session.facts()
    }

    /// Asks for a sign of life; whoever is silent for ten seconds, though we listened, is lost.
    pub async fn ping(&self) -> Result<(), LinkError> {
        self.ping_with("ping").await
    }

    pub(super) async fn ping_with(&self, message: &str) -> Result<(), LinkError> {
        let request = Request::Print { message: message.to_owned() };
        let answer = self.session.request(request);
        match self.session.unless_silent(SILENCE, answer).await {
            Some(answer) => answer.map(|_| ()),
            None => Err(LinkError::Lost(format!("no answer for {} s", SILENCE.as_secs()))),
        }
    }

    /// Runs a command to its end. Returns after everything it printed is stored.
    ///
    /// Dropping the future forgets the command; it does not stop it.
    pub async fn run(&self, command: StartCommand) -> Result<CommandOutcome, LinkError> {
        let request = Request::StartCommand {
            command_id: command.command_id.clone(),
            command_name: command.name.clone(),
            args: command.args.clone(),
            builder_name: command.builder_name.clone(),
        };
        // The worker may speak of the command before it answers.
        let registration = CommandRegistration::new(Arc::clone(&self.session), command)?;
        let answer = self.session.send(request)?;
        registration.outcome(answer).await
    }

    /// Asks the worker to stop a command; `run` tells how it ended. Unknown ids do nothing.
    pub fn interrupt(&self, command_id: &str, why: &str) {
        let builder_name =
            self.session.command(command_id).and_then(|command| command.builder_name().map(str::to_owned));
        let request =
            Request::InterruptCommand { command_id: command_id.to_owned(), why: why.to_owned(), builder_name };
        self.session.notify(request);
    }

    /// Asks the worker process to end.
    pub fn shutdown(&self) {
        self.session.notify(Request::Shutdown);
    }

    /// Drops the connection; everything that runs on it is lost.
    pub fn close(&self, why: &str) {
        self.session.close(why);
    }

    /// Returns once the session has ended and the gate knows.
    pub async fn ended(&self) {
        self.session.ended().await;
    }

    /// Whether the worker was told of exactly these builders, by name and directory.
    pub fn knows_builders(&self, builders: &[(String, String)]) -> bool {
        self.session.knows_builders(builders)
    }

    /// Tells an attached worker that these are its builders now, by name and directory.
    pub async fn prepare_builders(&self, builders: Vec<(String, String)>) -> Result<(), LinkError> {
        attach::prepare_builders(self, &builders, attach::Leftovers::Keep)
            .await
            .map_err(|error| LinkError::CommandFailed(error.to_string()))
    }

    pub(super) fn inner(&self) -> &Arc<Session> {
        &self.session
    }
}

impl std::fmt::Debug for WorkerLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerLink").field("name", &self.name()).field("session", &self.session()).finish()
    }
}
