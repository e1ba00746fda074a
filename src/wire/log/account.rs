//! What has been appended to a log: its lines are counted, limited and laid ready to be stored.

use super::chunk::Waiting;
use super::limits::{LogLimits, Meter, Verdict};
use crate::domain::{LogKind, Stream, Timestamp};

#[derive(Debug)]
pub(super) struct Account {
    kind: LogKind,
    meter: Meter,
    pub(super) waiting: Waiting,
    pub(super) n_lines: i64,
    pub(super) n_bytes: u64,
}

impl Account {
    pub(super) fn new(kind: LogKind, limits: LogLimits) -> Self {
        Self { kind, meter: Meter::new(limits), waiting: Waiting::default(), n_lines: 0, n_bytes: 0 }
    }

    /// Whether lines begin with the letter of their stream.
    pub(super) fn has_letters(&self) -> bool {
        self.kind == LogKind::Stream
    }

    pub(super) fn accept(&mut self, now: Timestamp, stream: Stream, line: &str) {
        match self.meter.judge(stream, line) {
            Verdict::Keep => self.add(now, stream, line),
            Verdict::DropWithNote => self.add(now, Stream::Header, &self.meter.note()),
            Verdict::Drop => {}
        }
    }

    /// The log ends: the last of what was dropped is kept after all.
    pub(super) fn add_tail(&mut self, now: Timestamp) {
        if let Some((announcement, lines)) = self.meter.take_tail() {
            self.add(now, Stream::Header, &announcement);
            lines.iter().for_each(|(stream, line)| self.add(now, *stream, line));
        }
    }

    fn add(&mut self, now: Timestamp, stream: Stream, line: &str) {
        let letter = self.has_letters().then_some(stream);
        self.n_bytes += self.waiting.push(letter, line, now) as u64;
        self.n_lines += 1;
    }
}
