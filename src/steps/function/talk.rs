//! What the function of a step and its build say to each other.
//!
//! The function has a thread of its own, but runs only while it has a turn: from when something is said to it until
//! it wishes for something or ends. Whoever gives the turn waits for that on the blocking pool, so that a clock that
//! stands still while everybody waits does not move while a function computes, and does while it waits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use crate::domain::script::ScriptLimits;
use crate::domain::{
    Change, LogId, LogKind, Properties, PropertyValue, Renderable, Results, ScriptError, SourceStamp, Stream,
};
use crate::steps::agenda::StepsPlace;
use crate::steps::config::{ShellConfig, StepConfig};

/// A function of the configuration that is a step.
pub trait StepFunction: Send + Sync {
    /// Begins it on a thread of its own, which ends with the function.
    fn start(&self, side: FunctionSide, limits: ScriptLimits) -> Result<(), ScriptError>;
    fn name(&self) -> &str;
    /// `file:line` of its definition.
    fn location(&self) -> &str;
    /// Equal digests mean the same behaviour.
    fn digest(&self) -> &str;
}

/// A shared function; two are equal if their digests are.
#[derive(Clone)]
pub struct StepCallback(pub Arc<dyn StepFunction>);

impl PartialEq for StepCallback {
    fn eq(&self, other: &Self) -> bool {
        self.0.digest() == other.0.digest()
    }
}

impl fmt::Debug for StepCallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepCallback({} at {})", self.0.name(), self.0.location())
    }
}

/// What a function is told when it begins.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Name of the step.
    pub name: String,
    pub properties: Arc<Properties>,
    pub source_stamps: Vec<SourceStamp>,
    /// Oldest first.
    pub changes: Vec<Arc<Change>>,
}

/// Gives the function its turn.
#[derive(Debug)]
pub enum Say {
    Begin(Facts),
    /// To its last wish; the text of an error ends the function.
    Answer(Result<Answer, String>),
    /// Lines of the command that it runs and observes. It takes the next with [`Wish::LinesSeen`].
    Lines(Vec<(Stream, String)>),
}

#[derive(Clone, Debug)]
pub enum Answer {
    Done,
    Ran(Ran),
    Log(LogId),
    Properties(Arc<Properties>),
    Value(PropertyValue),
}

/// How a command of a function ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    pub rc: i64,
    pub results: Results,
    /// At most 1 MiB.
    pub stdout: String,
    pub stderr: String,
}

/// Ends the turn of the function.
#[derive(Debug)]
pub enum Wish {
    Run(Box<RunOrder>),
    /// The log of this name, which is added if there is none.
    Log {
        name: String,
        kind: LogKind,
    },
    Write {
        log: LogId,
        stream: Stream,
        text: String,
    },
    SetProperty {
        name: String,
        value: PropertyValue,
        source: String,
    },
    SetBuildData {
        name: String,
        value: String,
        source: String,
    },
    AddUrl {
        name: String,
        url: String,
    },
    SetState(String),
    SetProgress {
        metric: String,
        value: PropertyValue,
    },
    AddSteps {
        steps: Vec<StepConfig>,
        place: StepsPlace,
    },
    Render(Box<Renderable>),
    Sleep(Duration),
    LinesSeen,
    /// It has returned this, or failed.
    Done(Result<PropertyValue, ScriptError>),
}

/// A command that a function wants to be run on the worker.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOrder {
    pub shell: ShellConfig,
    /// `None` takes that of the step.
    pub workdir: Option<Renderable>,
    /// Name of the log of its output.
    pub log: String,
    /// Whether the function wants to see the lines.
    pub observed: bool,
}

/// The other end of a conversation is not there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the build is gone")]
pub struct Gone;

/// The function's end of a conversation.
pub struct FunctionSide {
    said: Mutex<mpsc::Receiver<Say>>,
    wishes: mpsc::Sender<Wish>,
    leash: Arc<Leash>,
    /// Held for as long as the thread runs.
    _thread: OwnedSemaphorePermit,
}

impl FunctionSide {
    /// Waits for the next turn.
    pub fn hear(&self) -> Result<Say, Gone> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).recv().map_err(|_| Gone);
        self.leash.begin_turn();
        said
    }

    /// Ends the turn.
    pub fn wish(&self, wish: Wish) -> Result<(), Gone> {
        self.wishes.send(wish).map_err(|_| Gone)
    }

    pub fn leash(&self) -> Arc<Leash> {
        Arc::clone(&self.leash)
    }
}

/// Ends functions that compute for too long, or whose build is stopped.
#[derive(Debug)]
pub struct Leash {
    cancelled: AtomicBool,
    turn: Mutex<Instant>,
}

impl Leash {
    fn new() -> Self {
        Self { cancelled: AtomicBool::new(false), turn: Mutex::new(Instant::now()) }
    }

    fn begin_turn(&self) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Release);
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }

    /// Whether the function must end now; a turn may take this long.
    pub fn is_over(&self, limit: Duration) -> bool {
        self.is_cancelled() || limit < self.turn.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

/// The build's end of a conversation.
pub(super) struct BuildSide {
    pub(super) say: mpsc::Sender<Say>,
    pub(super) wishes: Arc<Mutex<mpsc::Receiver<Wish>>>,
    pub(super) leash: Arc<Leash>,
}

/// Both ends; the function's holds the permit for its thread.
pub(super) fn conversation(thread: OwnedSemaphorePermit) -> (BuildSide, FunctionSide) {
    let (say, said) = mpsc::channel();
    let (wish, wishes) = mpsc::channel();
    let leash = Arc::new(Leash::new());
    let build = BuildSide { say, wishes: Arc::new(Mutex::new(wishes)), leash: Arc::clone(&leash) };
    (build, FunctionSide { said: Mutex::new(said), wishes: wish, leash, _thread: thread })
}
