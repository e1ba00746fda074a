//! Logs that somebody tails: each is read once, however many watch.
//!
//! A task for each such log looks at the store, wakes at its events, and keeps the latest lines ready to be sent.
//! Events only wake it: after one that was lost, a slow timer finds what it would have told. Who is further behind than
//! what is kept reads the store itself.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use super::frames::{self, Piece};
use crate::actors::handle::LiveFeed;
use crate::db::views::keys::LogKey;
use crate::db::views::log_text;
use crate::db::views::logs;
use crate::db::{Db, DbError};
use crate::domain::{Event, Log, LogId, LogKind};

/// Of each log, so many bytes are kept ready.
const KEPT_BYTES: usize = 1 << 20;
/// How often a log is looked at without an event.
const LOOK: Duration = Duration::from_secs(5);
/// Clients at the same time; beyond it 503.
const MOST_CLIENTS: usize = 2_000;
/// Searches at the same time; others wait.
const MOST_SEARCHES: usize = 2;

/// How far a log has grown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Growth {
    pub n_lines: i64,
    /// Nothing will follow.
    pub complete: bool,
}

/// What the tails and searches of a site share; cheap to clone.
#[derive(Clone)]
pub struct Tails {
    followers: Arc<Mutex<HashMap<LogId, Weak<Follower>>>>,
    clients: Arc<AtomicUsize>,
    pub(super) searches: Arc<Semaphore>,
}

impl Default for Tails {
    fn default() -> Self {
        Self { followers: Arc::default(), clients: Arc::default(), searches: Arc::new(Semaphore::new(MOST_SEARCHES)) }
    }
}

/// The place of one client among those that are allowed.
pub struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Tails {
    /// `None` if there are too many clients already.
    pub fn seat(&self) -> Option<Seat> {
        let before = self.clients.fetch_add(1, Ordering::Relaxed);
        let seat = Seat(Arc::clone(&self.clients));
        (before < MOST_CLIENTS).then_some(seat)
    }

    /// The follower of a log, which lives as long as somebody holds it.
    pub fn follow(&self, log: Log, db: &Db, live: &LiveFeed) -> Arc<Follower> {
        let mut followers = lock(&self.followers);
        if let Some(follower) = followers.get(&log.id).and_then(Weak::upgrade) {
            return follower;
        }
        let growth = watch::Sender::new(Growth { n_lines: log.n_lines, complete: false });
        let follower = Arc::new(Follower { log: log.id, kind: log.kind, growth, recent: Mutex::default() });
        followers.retain(|_, follower| 0 < follower.strong_count());
        followers.insert(log.id, Arc::downgrade(&follower));
        // heard from before the first look, so that nothing falls between
        tokio::spawn(run(Arc::downgrade(&follower), db.clone(), live.subscribe()));
        follower
    }
}

/// One log that is followed.
pub struct Follower {
    pub log: LogId,
    pub kind: LogKind,
    growth: watch::Sender<Growth>,
    recent: Mutex<Recent>,
}

/// The latest pieces, without gaps between them.
#[derive(Default)]
struct Recent {
    pieces: VecDeque<Piece>,
    n_bytes: usize,
}

impl Follower {
    pub fn growth(&self) -> Growth {
        *self.growth.borrow()
    }

    /// Hears whenever the log has grown.
    pub fn watch(&self) -> watch::Receiver<Growth> {
        self.growth.subscribe()
    }

    /// The piece that holds a line, if it is kept.
    pub fn recent(&self, line: i64) -> Option<Piece> {
        let recent = lock(&self.recent);
        let after = recent.pieces.partition_point(|piece| piece.first <= line);
        let piece = recent.pieces.get(after.checked_sub(1)?)?;
        (line < piece.first.saturating_add(piece.n_lines)).then(|| piece.clone())
    }

    /// Keeps what is new and tells of it. Returns the number of the last chunk that was read.
    async fn catch_up(&self, db: &Db, mut seq: i64) -> Result<i64, DbError> {
        let (log, kind) = (self.log, self.kind);
        loop {
            let found = db.read_logs(move |conn| {
                let chunk = log_text::chunk_after(conn, log, seq)?;
                Ok(chunk.map(|chunk| (chunk.seq, frames::of_chunk(&chunk, kind))))
            });
            let Some((found, pieces)) = found.await? else { return Ok(seq) };
            seq = found;
            let end = pieces.last().map(|piece| piece.first.saturating_add(piece.n_lines));
            lock(&self.recent).add(pieces);
            if let Some(end) = end {
                self.growth.send_if_modified(|growth| {
                    let grown = growth.n_lines < end;
                    growth.n_lines = growth.n_lines.max(end);
                    grown
                });
            }
        }
    }

    async fn is_complete(&self, db: &Db) -> Result<bool, DbError> {
        let key = LogKey::Id(self.log.0);
        let found = db.read(move |conn| logs::find(conn, &key)).await?;
        // a log that is gone will not grow either
        Ok(found.is_none_or(|log| log.complete))
    }
}

impl Recent {
    fn add(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            self.n_bytes = self.n_bytes.saturating_add(piece.frame.len());
            self.pieces.push_back(piece);
        }
        while KEPT_BYTES < self.n_bytes
            && let Some(oldest) = self.pieces.pop_front()
        {
            self.n_bytes = self.n_bytes.saturating_sub(oldest.frame.len());
        }
    }
}

/// Why the log is looked at again.
#[derive(PartialEq)]
enum Wake {
    Grown,
    /// It may have ended, or anything may have happened.
    Look,
}

async fn run(follower: Weak<Follower>, db: Db, mut feed: Receiver<Arc<[Event]>>) {
    let mut wake = Wake::Look;
    // the last chunk that was read; unknown before the first look
    let mut seq = None;
    while let Some(follower) = follower.upgrade() {
        match look(&follower, &db, seq, &wake).await {
            Ok((_, true)) => return,
            Ok((found, false)) => seq = Some(found),
            Err(error) => tracing::warn!(log.id = follower.log.0, "a log cannot be followed for now: {error}"),
        }
        let log = follower.log;
        drop(follower);
        wake = woken(&mut feed, log).await;
    }
}

/// The last chunk, and whether it is the last for ever.
async fn look(follower: &Follower, db: &Db, seq: Option<i64>, wake: &Wake) -> Result<(i64, bool), DbError> {
    // asked before the chunks are read: what was complete then does not grow afterwards
    let complete = *wake == Wake::Look && follower.is_complete(db).await?;
    let seq = match seq {
        Some(seq) => seq,
        None => {
            let log = follower.log;
            let (seq, n_lines) = db.read_logs(move |conn| log_text::end(conn, log)).await?;
            follower.growth.send_modify(|growth| growth.n_lines = growth.n_lines.max(n_lines));
            seq
        }
    };
    let seq = follower.catch_up(db, seq).await?;
    if complete {
        follower.growth.send_modify(|growth| growth.complete = true);
    }
    Ok((seq, complete))
}

async fn woken(feed: &mut Receiver<Arc<[Event]>>, log: LogId) -> Wake {
    let deadline = Instant::now() + LOOK;
    loop {
        match tokio::time::timeout_at(deadline, feed.recv()).await {
            Ok(Ok(events)) => {
                let wakes = events.iter().filter_map(|event| match event {
                    Event::LogAppended { log: other, .. } if *other == log => Some(Wake::Grown),
                    Event::LogFinished { log: other, .. } if *other == log => Some(Wake::Look),
                    _ => None,
                });
                if let Some(wake) = wakes.reduce(|one, other| if one == Wake::Look { one } else { other }) {
                    return wake;
                }
            }
            Ok(Err(RecvError::Closed)) => {
                tokio::time::sleep_until(deadline).await;
                return Wake::Look;
            }
            Ok(Err(RecvError::Lagged(_))) | Err(_) => return Wake::Look,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change under a lock is complete in itself.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
