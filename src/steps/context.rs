//! What a step may ask of the world: one trait, implemented by `actors` for real builds and by tests.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use buildbot_protocol::message::Arguments;

use super::agenda::StepsPlace;
use super::config::StepConfig;
use super::function::FunctionThreads;
use crate::domain::log::LineObserver;
use crate::domain::{
    Callback, Change, CommandOutcome, LogId, LogKind, MasterFile, Properties, PropertyValue, Renderable, ScriptError,
    ScriptValue, SourceStamp, Stream, TriggerOrder, Triggered, TriggeredBuild, TriggeredEnd,
};

/// The reason a step could not be carried out. A step that ran and failed is a value, not a fault.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The worker's connection was lost: the build ends in RETRY.
    #[error("the worker was lost: {0}")]
    WorkerLost(String),
    /// The build is being stopped.
    #[error("the build was stopped: {0}")]
    Interrupted(String),
    /// The configuration asks for something impossible.
    #[error("{0}")]
    Config(String),
    /// A function of the configuration failed.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// Something outside failed: the worker refused a command, the database is away.
    #[error("{0}")]
    World(String),
}

/// A remote command to run on the worker.
pub struct RemoteCommand {
    /// Name in the protocol, e.g. `shell`, `mkdir`.
    pub name: &'static str,
    /// Arguments with paths already absolute (see [`StepContext::worker_path`]).
    pub args: Arguments,
    /// Where stdout, stderr and headers go; `None` discards them.
    pub stdio: Option<LogId>,
    /// `logfiles` name to log.
    pub log_files: Vec<(String, LogId)>,
    /// Sees every line of stdio.
    pub observer: Option<Arc<Mutex<dyn LineObserver>>>,
    /// Keeps the text of stdout for the caller, up to 1 MiB.
    pub collect_stdout: bool,
}

/// The paths a command may start from on the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerPlace<'a> {
    /// Relative to the builder's directory; absolute paths stay as they are.
    InBuilder(&'a str),
    /// Relative to the worker's base directory.
    InBase(&'a str),
    /// Relative to a directory that is itself relative to the builder's; either may be absolute.
    InDirectory { directory: &'a str, path: &'a str },
}

/// A command that the master runs itself.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterCommand {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// Relative to the base directory of the master.
    pub workdir: String,
    /// The whole environment; `None` is the master's.
    pub env: Option<BTreeMap<String, String>>,
    /// What its process group gets when the build is stopped, e.g. `TERM`.
    pub interrupt_signal: String,
    /// Kill after this long in all.
    pub timeout: Option<Duration>,
    /// Where stdout and stderr go.
    pub stdio: LogId,
}

/// How a command on the master ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MasterOutcome {
    Exited(i32),
    /// By this signal.
    Killed(i32),
    TimedOut,
}

/// How a command ended that moved a file between worker and master.
#[derive(Clone, Debug, PartialEq)]
pub struct Transferred {
    /// With exit code -1 if the command was not carried out to its end.
    pub outcome: CommandOutcome,
    /// Why the master could not give, or did not take, the file; the command's own errors are in its log.
    pub problem: Option<String>,
}

/// What a running step can do. Implemented by `actors` for real builds and by tests.
#[async_trait(?Send)]
pub trait StepContext {
    /// Runs a command on the worker to its end; `Interrupted` if the build is stopped meanwhile.
    async fn run(&self, command: RemoteCommand) -> Result<CommandOutcome, Fault>;
    /// Runs a command that sends or fetches a file, with the master's end of it. An upload is in its place when this
    /// returns with exit code 0 and without a problem, and leaves nothing behind otherwise.
    async fn transfer(&self, command: RemoteCommand, file: MasterFile) -> Result<Transferred, Fault>;
    /// Version of a remote command on this worker; `None` if it does not know it.
    fn worker_command_version(&self, command: &str) -> Option<String>;
    /// An absolute path on the worker, in its own syntax.
    fn worker_path(&self, place: WorkerPlace<'_>) -> String;
    /// Adds a log to the step; the slug is derived from the name and made unique.
    async fn add_log(&self, name: &str, kind: LogKind) -> Result<LogId, Fault>;
    /// A log that is added to the step when something is written to it, and not at all otherwise.
    fn add_lazy_log(&self, name: &str, kind: LogKind) -> LogId;
    /// Appends text to a log; it ends with a line end.
    async fn write_log(&self, log: LogId, stream: Stream, text: &str) -> Result<(), Fault>;
    /// All properties of the build as they are now.
    fn properties(&self) -> Arc<Properties>;
    fn set_property(&self, name: &str, value: PropertyValue, source: &str);
    fn source_stamps(&self) -> &[SourceStamp];
    /// Changes of all requests of the build, oldest first.
    fn changes(&self) -> &[Arc<Change>];
    /// Shows what the step is doing, one line.
    fn set_state(&self, text: &str);
    /// Notes how much of something the step has done by now; stored when the step is shown, and at its end.
    fn set_progress(&self, metric: &str, value: f64);
    fn add_url(&self, name: &str, url: &str);
    /// What the worker said of itself: `admin`, `host`, `version`, `os_id` and the like.
    fn worker_fact(&self, name: &str) -> Option<PropertyValue>;
    /// Runs a function of the configuration off the core thread, with exactly these arguments. What it returns is still
    /// to be rendered, as [`call`](super::call) does.
    async fn call(&self, function: &Callback, arguments: Vec<ScriptValue>) -> Result<Renderable, Fault>;
    async fn secret(&self, name: &str) -> Result<String, Fault>;
    /// Whether there is a scheduler of this name that can be triggered.
    fn can_trigger(&self, scheduler: &str) -> bool;
    /// Has a scheduler build something for this build, which becomes its parent in this `relationship`.
    async fn trigger(&self, scheduler: &str, relationship: &str, order: TriggerOrder) -> Result<Triggered, Fault>;
    /// Waits for the end of what was triggered. If this build is stopped or loses its worker meanwhile, that is
    /// cancelled.
    async fn triggered_end(&self, triggered: &Triggered) -> Result<TriggeredEnd, Fault>;
    /// The page of a build.
    fn build_url(&self, build: &TriggeredBuild) -> String;
    /// Runs a command on the master to its end, with its whole process group; `Interrupted` if the build is stopped
    /// meanwhile.
    async fn run_on_master(&self, command: MasterCommand) -> Result<MasterOutcome, Fault>;
    /// The environment of the master.
    fn master_environ(&self) -> Arc<BTreeMap<String, String>>;
    /// The environment of the worker, as it told when it connected.
    fn worker_environ(&self) -> BTreeMap<String, String>;
    /// Leaves something with the build, for those who ask for it by name.
    async fn set_build_data(&self, name: &str, value: Vec<u8>, source: &str) -> Result<(), Fault>;
    /// Has further steps run in this build.
    fn add_steps(&self, steps: Vec<StepConfig>, place: StepsPlace) -> Result<(), Fault>;
    /// Stores what the step says of itself, for pages to show.
    async fn show(&self) -> Result<(), Fault>;
    /// Threads for steps that are functions.
    fn functions(&self) -> FunctionThreads;
    /// Resolves when somebody asks to stop the build, with the reason.
    async fn stopped(&self) -> String;
    /// Waits; the build's stop ends it early.
    async fn sleep(&self, duration: Duration) -> Result<(), Fault>;
}
