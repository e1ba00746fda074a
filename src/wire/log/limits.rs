//! How large a log may become (`logMaxSize`, `logMaxTailSize`).

use std::collections::VecDeque;

use crate::domain::Stream;

/// Limits of one log; headers are always kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLimits {
    /// What comes after so many bytes is dropped.
    pub max_bytes: Option<u64>,
    /// Of what was dropped, so many bytes from its end are kept.
    pub max_tail_bytes: Option<u64>,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    /// The first line that is too much: say so, once.
    DropWithNote,
    Drop,
}

/// Counts the lines of one log against its limits.
#[derive(Debug, Default)]
pub(super) struct Meter {
    limits: LogLimits,
    n_bytes: u64,
    exceeded: bool,
    tail: VecDeque<(Stream, String)>,
    tail_bytes: u64,
}

impl Meter {
    pub(super) fn new(limits: LogLimits) -> Self {
        Self { limits, ..Self::default() }
    }

    pub(super) fn judge(&mut self, stream: Stream, line: &str) -> Verdict {
        let Some(max_bytes) = self.limits.max_bytes else { return Verdict::Keep };
        if stream == Stream::Header {
            return Verdict::Keep;
        }
        self.n_bytes = self.n_bytes.saturating_add(size(line));
        if self.n_bytes <= max_bytes {
            return Verdict::Keep;
        }
        self.keep_in_tail(stream, line);
        let first = !self.exceeded;
        self.exceeded = true;
        if first { Verdict::DropWithNote } else { Verdict::Drop }
    }

    pub(super) fn note(&self) -> String {
        let max_bytes = self.limits.max_bytes.unwrap_or_default();
        format!("[the log has reached its limit of {max_bytes} bytes; what follows is not kept]")
    }

    /// The last lines that were dropped, and how to announce them.
    pub(super) fn take_tail(&mut self) -> Option<(String, VecDeque<(Stream, String)>)> {
        if self.tail.is_empty() {
            return None;
        }
        Some((format!("[the last {} bytes of the output]", self.tail_bytes), std::mem::take(&mut self.tail)))
    }

    fn keep_in_tail(&mut self, stream: Stream, line: &str) {
        let Some(max_bytes) = self.limits.max_tail_bytes else { return };
        self.tail.push_back((stream, line.to_owned()));
        self.tail_bytes += size(line);
        while max_bytes < self.tail_bytes
            && let Some((_, oldest)) = self.tail.pop_front()
        {
            self.tail_bytes -= size(&oldest);
        }
    }
}

/// Bytes of a line with its end.
fn size(line: &str) -> u64 {
    line.len() as u64 + 1
}
