//! What every polled change source does.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;

use crate::domain::{Callback, NewChange, NewHistory, PropertyValue, ScriptValue};

/// Calls a function of the configuration away from the core; the error is one line.
pub type CallFunction =
    Arc<dyn Fn(Callback, Vec<ScriptValue>) -> BoxFuture<'static, Result<PropertyValue, String>> + Send + Sync>;

/// What one poll brought. Changes and state are to be stored together, or the poll is repeated from the old state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Polled {
    /// Oldest first.
    pub changes: Vec<NewChange>,
    /// What is new of the codebase, if the source knows one.
    pub history: NewHistory,
    /// The position to hand to the next poll.
    pub state: String,
    /// Whether there is more to fetch at once.
    pub more: bool,
}

/// The reason a poll brought nothing. All texts are single lines without passwords.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// Git said so.
    #[error("git {command}: {message}")]
    Git { command: String, message: String },
    #[error("git {command} did not end within {seconds} s")]
    Timeout { command: String, seconds: u64 },
    #[error("cannot run '{program}': {message}")]
    Start { program: String, message: String },
    /// The output is not what this program understands.
    #[error("cannot understand the output of git {command}")]
    Output { command: String },
    #[error("cannot use the directory '{path}': {message}")]
    Directory { path: String, message: String },
    #[error("the stored position cannot be read: {0}")]
    Position(String),
    #[error("the URL of the repository is not known")]
    UnknownUrl,
    #[error("the function that chooses branches failed: {0}")]
    Function(String),
}

/// A source that is asked from time to time.
#[async_trait]
pub trait ChangeSource: Send {
    /// Looks for what came after `state`; an empty state, or `{}`, is the first poll ever. Dropping the future ends it.
    async fn poll(&mut self, state: &str) -> Result<Polled, PollError>;

    /// The time between polls.
    fn interval(&self) -> Duration;
}
