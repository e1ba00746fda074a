//! One log that is being written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::account::Account;
use super::chunk::Cursor;
use super::limits::LogLimits;
use super::lines::LineSplitter;
use super::receipt::{LogError, Progress, Receipt};
use crate::clock::Clock;
use crate::domain::log::LogChunk;
use crate::domain::{LogId, LogKind, Stream, Timestamp};
use crate::secrets::Redactor;

/// The order in which streams are flushed.
const STREAMS: [Stream; 3] = [Stream::Stdout, Stream::Stderr, Stream::Header];

/// Where chunks go.
pub trait LogSink: Send + Sync {
    /// Returns once the chunk is safe. A database that is down is waited for; an error is final for this log.
    fn store(&self, chunk: LogChunk) -> BoxFuture<'static, Result<(), String>>;
}

/// What a log is made of.
#[derive(Clone, Debug)]
pub struct LogWriterConfig {
    pub log: LogId,
    pub kind: LogKind,
    pub limits: LogLimits,
    pub clock: Clock,
    pub redactor: Option<Redactor>,
    /// Where compressing and storing happen: a runtime of the wire, whoever appends.
    pub runtime: Handle,
}

/// Appends to one log; shared by everybody who writes to it.
pub struct LogWriter {
    shared: Arc<Shared>,
}

struct Shared {
    config: LogWriterConfig,
    sink: Arc<dyn LogSink>,
    on_lines: Box<dyn Fn(i64) + Send + Sync>,
    progress: watch::Sender<Progress>,
    state: Mutex<State>,
}

struct State {
    /// In the order of [`STREAMS`].
    splitters: [LineSplitter; 3],
    account: Account,
    finished: bool,
    /// Absent while a task stores.
    cursor: Option<Cursor>,
}

impl LogWriter {
    /// `on_lines` hears how many lines are stored, after each chunk, on a thread of the wire.
    pub fn new(config: LogWriterConfig, sink: Arc<dyn LogSink>, on_lines: Box<dyn Fn(i64) + Send + Sync>) -> Self {
        let redactor = config.redactor.clone().unwrap_or_default();
        let state = State {
            splitters: std::array::from_fn(|_| LineSplitter::new(&redactor)),
            account: Account::new(config.kind, config.limits),
            finished: false,
            cursor: Some(Cursor::default()),
        };
        let progress = watch::Sender::new(Progress::default());
        Self { shared: Arc::new(Shared { config, sink, on_lines, progress, state: Mutex::new(state) }) }
    }

    pub fn log(&self) -> LogId {
        self.shared.config.log
    }

    /// Appends text, which need not end with its line. Logs without streams take all text in one.
    pub fn append(&self, stream: Stream, text: &str) -> Receipt {
        self.append_observed(stream, text, &mut |_| {})
    }

    /// As [`Self::append`]; `observe` sees each line it completed, masked and without its end.
    pub fn append_observed(&self, stream: Stream, text: &str, observe: &mut dyn FnMut(&str)) -> Receipt {
        let shared = &self.shared;
        let now = shared.config.clock.now();
        let mut state = shared.lock();
        if !state.finished {
            let State { splitters: [stdout, stderr, header], account, .. } = &mut *state;
            let splitter = match stream {
                Stream::Stderr if account.has_letters() => stderr,
                Stream::Header if account.has_letters() => header,
                _ => stdout,
            };
            splitter.push(text, |line| {
                observe(line);
                account.accept(now, stream, line);
            });
        }
        self.settle(state)
    }

    /// The texts are over for now: the beginning of a line becomes a line.
    pub fn flush_lines(&self, observe: &mut dyn FnMut(Stream, &str)) -> Receipt {
        let shared = &self.shared;
        let now = shared.config.clock.now();
        let mut state = shared.lock();
        if !state.finished {
            state.flush(now, observe);
        }
        self.settle(state)
    }

    /// Ends the log and returns its number of lines once all of them are stored. What is appended later is dropped.
    pub async fn finish(&self) -> Result<i64, LogError> {
        let (receipt, n_lines) = {
            let shared = &self.shared;
            let now = shared.config.clock.now();
            let mut state = shared.lock();
            if !state.finished {
                state.flush(now, &mut |_, _| {});
                state.account.add_tail(now);
                state.finished = true;
            }
            let n_lines = state.account.n_lines;
            (self.settle(state), n_lines)
        };
        receipt.stored().await?;
        Ok(n_lines)
    }

    /// How many lines were appended, stored or not.
    pub fn n_lines(&self) -> i64 {
        self.shared.lock().account.n_lines
    }

    /// Sees to it that somebody stores, and promises it.
    fn settle(&self, mut state: MutexGuard<'_, State>) -> Receipt {
        let receipt = Receipt { wanted: state.account.n_bytes, progress: self.shared.progress.subscribe() };
        if receipt.progress.borrow().failed.is_some() {
            state.account.waiting.clear();
        } else if !state.account.waiting.is_empty()
            && let Some(cursor) = state.cursor.take()
        {
            drop(state);
            let storing = Storing { shared: Arc::clone(&self.shared), done: false };
            self.shared.config.runtime.spawn(storing.run(cursor));
        }
        receipt
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // An observer that panicked leaves the lines before it intact.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, why: &str) {
        self.lock().account.waiting.clear();
        self.progress.send_modify(|progress| progress.failed = Some(why.into()));
    }
}

impl State {
    fn flush(&mut self, now: Timestamp, observe: &mut dyn FnMut(Stream, &str)) {
        let account = &mut self.account;
        for (splitter, stream) in self.splitters.iter_mut().zip(STREAMS) {
            splitter.finish(|line| {
                observe(stream, line);
                account.accept(now, stream, line);
            });
        }
    }
}

/// The task that stores what waits, one chunk after the other.
struct Storing {
    shared: Arc<Shared>,
    done: bool,
}

impl Storing {
    async fn run(mut self, mut cursor: Cursor) {
        loop {
            let piece = {
                let mut state = self.shared.lock();
                let Some(piece) = state.account.waiting.pop() else {
                    state.cursor = Some(cursor);
                    break;
                };
                piece
            };
            let n_bytes = piece.text.len() as u64;
            let stored = match cursor.seal(self.shared.config.log, piece) {
                Ok(chunk) => self.shared.sink.store(chunk).await,
                Err(error) => Err(format!("cannot compress: {error}")),
            };
            if let Err(why) = stored {
                self.shared.fail(&why);
                break;
            }
            self.shared.progress.send_modify(|progress| progress.n_bytes += n_bytes);
            (self.shared.on_lines)(cursor.n_lines());
        }
        self.done = true;
    }
}

/// A sink that panics, or a runtime that ends, must not leave anybody waiting.
impl Drop for Storing {
    fn drop(&mut self) {
        if !self.done {
            self.shared.fail("the log pipeline was stopped");
        }
    }
}

#[cfg(test)]
mod tests;
