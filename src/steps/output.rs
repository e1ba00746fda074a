//! What a command printed, kept for the step that runs it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::Stream;
use crate::domain::log::LineObserver;

/// At most so much of each stream is kept, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Keeps the beginnings of stdout and stderr, and shows the lines to somebody else besides.
#[derive(Default)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    next: Option<Arc<Mutex<dyn LineObserver>>>,
}

impl Output {
    /// Passes on all it sees.
    pub fn followed_by(next: Option<Arc<Mutex<dyn LineObserver>>>) -> Self {
        Self { next, ..Self::default() }
    }

    /// What was kept of stdout and of stderr.
    pub fn take(output: &Mutex<Self>) -> (String, String) {
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        (std::mem::take(&mut output.stdout), std::mem::take(&mut output.stderr))
    }
}

impl LineObserver for Output {
    fn line(&mut self, stream: Stream, line: &str) {
        let kept = match stream {
            Stream::Stdout => Some(&mut self.stdout),
            Stream::Stderr => Some(&mut self.stderr),
            Stream::Header => None,
        };
        if let Some(kept) = kept {
            let room = MAX_BYTES.saturating_sub(kept.len());
            if line.len() < room {
                kept.push_str(line);
                kept.push('\n');
            } else {
                kept.push_str(&line[..line.floor_char_boundary(room)]);
            }
        }
        if let Some(next) = &self.next {
            next.lock().unwrap_or_else(PoisonError::into_inner).line(stream, line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_beginning_of_a_long_output_is_kept() {
        let mut output = Output::default();
        output.line(Stream::Stdout, "one");
        output.line(Stream::Header, "not kept");
        output.line(Stream::Stderr, "two");
        assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("one\n", "two\n"));
        output.line(Stream::Stdout, &"ä".repeat(MAX_BYTES));
        output.line(Stream::Stdout, "more");
        assert!(output.stdout.len() <= MAX_BYTES && MAX_BYTES - 2 < output.stdout.len());
    }
}
