//! What a command leaves behind besides its logs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use buildbot_protocol::Update;

use crate::domain::log::LineObserver;
use crate::domain::{CommandOutcome, Stream};

/// At most so much of the standard output is kept, in bytes.
const MAX_STDOUT_BYTES: usize = 1 << 20;

pub(super) struct Collected {
    pub(super) outcome: CommandOutcome,
    observer: Option<Arc<Mutex<dyn LineObserver>>>,
    collect_stdout: bool,
}

impl Collected {
    /// A command that never tells its exit code has failed.
    pub(super) fn new(observer: Option<Arc<Mutex<dyn LineObserver>>>, collect_stdout: bool) -> Self {
        Self { outcome: CommandOutcome { rc: -1, ..CommandOutcome::default() }, observer, collect_stdout }
    }

    pub(super) fn note(&mut self, update: Update) {
        match update {
            Update::Elapsed(seconds) => self.outcome.elapsed = Duration::try_from_secs_f64(seconds).ok(),
            Update::FailureReason(reason) => self.outcome.failure_reason = Some(reason),
            Update::Files(files) => self.outcome.files = files,
            Update::Stat(stat) => self.outcome.stat = stat,
            Update::Other { key, .. } => tracing::debug!(key, "ignoring an unknown update"),
            Update::Rc(_) | Update::Stdout(_) | Update::Stderr(_) | Update::Header(_) | Update::Log { .. } => {}
        }
    }

    pub(super) fn observe(&mut self, stream: Stream, line: &str) {
        if let Some(observer) = &self.observer {
            // A broken observer costs its own insights, not the connection.
            let seen = catch_unwind(AssertUnwindSafe(|| {
                observer.lock().unwrap_or_else(PoisonError::into_inner).line(stream, line);
            }));
            if seen.is_err() {
                tracing::error!("a line observer panicked and is switched off");
                self.observer = None;
            }
        }
        if self.collect_stdout && stream == Stream::Stdout {
            self.keep(line);
        }
    }

    fn keep(&mut self, line: &str) {
        let stdout = &mut self.outcome.stdout;
        let room = MAX_STDOUT_BYTES.saturating_sub(stdout.len());
        if line.len() < room {
            stdout.push_str(line);
            stdout.push('\n');
        } else {
            stdout.push_str(line.get(..line.floor_char_boundary(room)).unwrap_or_default());
            self.collect_stdout = false;
        }
    }
}
