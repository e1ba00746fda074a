//! Colours for terminals: none where nobody asked for them.

use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal};

use crate::domain::Results;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Strong,
    Faint,
    Good,
    Warning,
    Bad,
    /// Neither good nor bad: an exception, a retry.
    Odd,
    Running,
}

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    #[cfg(test)]
    pub(super) const PLAIN: Self = Self { is_on: false };
    #[cfg(test)]
    pub(super) const COLOURED: Self = Self { is_on: true };

    /// For the standard output: colours if it is a terminal that has them, unless `NO_COLOR` is set.
    pub(super) fn for_stdout() -> Self {
        Self::for_terminal(io::stdout().is_terminal())
    }

    /// The same for standard error.
    pub(super) fn for_stderr() -> Self {
        Self::for_terminal(io::stderr().is_terminal())
    }

    fn for_terminal(is_terminal: bool) -> Self {
        let refuses = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { is_on: is_terminal && !refuses && !is_dumb }
    }

    pub(super) fn is_on(self) -> bool {
        self.is_on
    }

    pub(super) fn text(self, tone: Tone, text: impl Display) -> String {
        if !self.is_on {
            return text.to_string();
        }
        let code = match tone {
            Tone::Strong => "1",
            Tone::Faint => "2",
            Tone::Good => "32",
            Tone::Warning => "33",
            Tone::Bad => "1;31",
            Tone::Odd => "35",
            Tone::Running => "36",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}

/// How a result looks; `None` is a build that still runs.
pub(super) fn tone_of(results: Option<Results>) -> Tone {
    match results {
        None => Tone::Running,
        Some(Results::Success) => Tone::Good,
        Some(Results::Warnings) => Tone::Warning,
        Some(Results::Failure) => Tone::Bad,
        Some(Results::Exception | Results::Retry) => Tone::Odd,
        Some(Results::Skipped | Results::Cancelled) => Tone::Faint,
    }
}

/// Text from outside, made harmless for a terminal: control characters, tabs and line breaks too, become visible.
pub(super) fn harmless(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paint_leaves_text_alone_and_colour_ends_where_the_text_does() {
        assert_eq!(Paint::PLAIN.text(Tone::Bad, "red"), "red");
        assert_eq!(Paint { is_on: true }.text(Tone::Bad, "red"), "\x1b[1;31mred\x1b[0m");
    }

    #[test]
    fn text_from_outside_cannot_command_the_terminal() {
        assert_eq!(harmless("a\x1b]0;x\x07\nb"), "a\u{fffd}]0;x\u{fffd}\u{fffd}b");
    }
}
