//! How commands of a scripted world end.

use crate::domain::{CommandOutcome, Stream};

/// How a command ends, and what it prints before.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub outcome: CommandOutcome,
    pub lines: Vec<(Stream, String)>,
}

impl Answer {
    pub fn rc(rc: i64) -> Self {
        Self { outcome: CommandOutcome { rc, ..CommandOutcome::default() }, lines: Vec::new() }
    }

    pub fn files(names: &[&str]) -> Self {
        let mut answer = Self::rc(0);
        answer.outcome.files = names.iter().map(|name| (*name).to_owned()).collect();
        answer
    }

    /// Success with this text on stdout.
    pub fn stdout(text: &str) -> Self {
        let mut answer = Self::rc(0);
        answer.outcome.stdout = text.to_owned();
        answer.lines = text.lines().map(|line| (Stream::Stdout, line.to_owned())).collect();
        answer
    }

    /// The worker kills the command, for this reason.
    pub fn killed(reason: &str) -> Self {
        let mut answer = Self::rc(-1);
        answer.outcome.failure_reason = Some(reason.to_owned());
        answer
    }
}
