//! What somebody wants, once it is understood.

use super::notices::Notices;

/// One command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// About one command, or about all.
    Help(Option<String>),
    Commands,
    Hello,
    Version,
    Source,
    /// Who asks, and from where.
    GetId,
    List {
        what: Listed,
        /// Also those that the configuration has no more.
        all: bool,
        /// How many; some if nothing was said.
        count: Option<usize>,
    },
    Status(Target),
    Last(Target),
    Watch(String),
    Notify(NotifyOrder),
    Force(ForceOrder),
    Stop {
        builder: String,
        reason: String,
    },
    Shutdown(ShutdownOrder),
    Join {
        channel: String,
        key: Option<String>,
    },
    Leave(String),
    Mute,
    Unmute,
    Missed,
    Fun(Fun),
}

impl Command {
    /// Its name in the table, by which it is allowed.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Help(_) => "help",
            Self::Commands => "commands",
            Self::Hello => "hello",
            Self::Version => "version",
            Self::Source => "source",
            Self::GetId => "getid",
            Self::List { .. } => "list",
            Self::Status(_) => "status",
            Self::Last(_) => "last",
            Self::Watch(_) => "watch",
            Self::Notify(_) => "notify",
            Self::Force(_) => "force",
            Self::Stop { .. } => "stop",
            Self::Shutdown(_) => "shutdown",
            Self::Join { .. } => "join",
            Self::Leave(_) => "leave",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::Missed => "missed",
            Self::Fun(Fun::Dance) => "dance",
            Self::Fun(Fun::Destroy) => "destroy",
            Self::Fun(Fun::Excited) => "excited",
            Self::Fun(Fun::Hustle) => "hustle",
            Self::Fun(Fun::Start) => "start",
            Self::Fun(Fun::Nay) => "nay",
        }
    }
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    Builders,
    Workers,
    Changes,
    Builds,
}

/// Which builders a question is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those that matter now.
    Busy,
    All,
    One(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyOrder {
    /// No events mean the usual ones.
    On(Notices),
    /// No events mean all.
    Off(Notices),
    List,
}

/// What to build.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForceOrder {
    pub builder: String,
    pub reason: String,
    pub codebase: String,
    pub project: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
    pub properties: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownOrder {
    Check,
    /// Once all builds have ended.
    Start,
    Stop,
    Now,
}

/// Nothing that helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fun {
    Dance,
    Destroy,
    Excited,
    Hustle,
    Start,
    Nay,
}
