//! What is counted and known of one child, readable from every thread while the child works.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::spec::ChildSpec;
use crate::actors::handle::ActorFigures;

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was stopped, by itself or by its owner.
    Stopped,
    /// It failed more often than it may; the text of the last failure.
    Failed(String),
}

/// What a child is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// Has an address, is not started.
    Prepared,
    Running,
    /// Failed; waits for the end of its back-off.
    Restarting,
    /// Switched off for the given reason.
    Quarantined(String),
    Stopped,
}

/// The counters are independent of each other: a reader may see a message counted whose time is not yet.
pub(super) struct Record {
    pub(super) kind: &'static str,
    pub(super) name: String,
    depth: AtomicU64,
    handled: AtomicU64,
    refused: AtomicU64,
    waiting_us: AtomicU64,
    handling_us: AtomicU64,
    longest_us: AtomicU64,
    panics: AtomicU64,
    restarts: AtomicU64,
    life: Mutex<Life>,
    /// One thing to watch: each takes a third of a kilobyte.
    course: watch::Sender<Course>,
}

/// How far a child has come towards its end.
#[derive(Default)]
struct Course {
    /// Its owner wants it to end; cuts a back-off short.
    stop_wanted: bool,
    /// `Some` once nothing of the child is left.
    end: Option<End>,
}

struct Life {
    condition: Condition,
    last_failure: Option<String>,
    /// What `end` will be, if that is known before.
    ending: Option<End>,
}

impl Record {
    pub(super) fn new(spec: &ChildSpec) -> Arc<Self> {
        Arc::new(Self {
            kind: spec.kind,
            name: spec.name.clone(),
            depth: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            waiting_us: AtomicU64::new(0),
            handling_us: AtomicU64::new(0),
            longest_us: AtomicU64::new(0),
            panics: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            life: Mutex::new(Life { condition: Condition::Prepared, last_failure: None, ending: None }),
            course: watch::Sender::default(),
        })
    }

    pub(super) fn figures(&self) -> ActorFigures {
        let (state, last_failure) = {
            let life = self.life();
            (life.condition.name(), life.last_failure.clone())
        };
        ActorFigures {
            kind: self.kind,
            name: self.name.clone(),
            state,
            mailbox_depth: self.depth(),
            handled: self.handled.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            waiting_seconds: seconds(&self.waiting_us),
            handling_seconds: seconds(&self.handling_us),
            longest_handling_seconds: seconds(&self.longest_us),
            panics: self.panics.load(Ordering::Relaxed),
            restarts: self.restarts.load(Ordering::Relaxed),
            last_failure,
        }
    }

    pub(super) fn depth(&self) -> u64 {
        self.depth.load(Ordering::Relaxed)
    }

    pub(super) fn condition(&self) -> Condition {
        self.life().condition.clone()
    }

    pub(super) fn set_condition(&self, condition: Condition) {
        self.life().condition = condition;
    }

    /// Says how the child is about to end; the first word counts.
    pub(super) fn set_ending(&self, ending: End) {
        self.life().ending.get_or_insert(ending);
    }

    /// Tells everybody who waits that the child has ended.
    pub(super) fn announce_end(&self) {
        let end = self.life().ending.take().unwrap_or(End::Stopped);
        self.course.send_modify(|course| course.end = Some(end));
    }

    pub(super) fn want_stop(&self) {
        self.course.send_modify(|course| course.stop_wanted = true);
    }

    /// Waits until the owner wants the child to end.
    pub(super) async fn stop_wanted(self: Arc<Self>) {
        // The sender is part of the record, which is held here.
        let _ = self.course.subscribe().wait_for(|course| course.stop_wanted).await;
    }

    /// Waits for the end.
    pub(super) async fn ended(self: Arc<Self>) -> End {
        let mut receiver = self.course.subscribe();
        let end = receiver.wait_for(|course| course.end.is_some()).await.ok().and_then(|course| course.end.clone());
        end.unwrap_or(End::Stopped)
    }

    pub(super) fn count_handled(&self, waited: Duration) {
        self.handled.fetch_add(1, Ordering::Relaxed);
        self.waiting_us.fetch_add(micros(waited), Ordering::Relaxed);
    }

    pub(super) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts time that the child's code had the core for itself.
    pub(super) fn count_busy(&self, busy: Duration) {
        self.handling_us.fetch_add(micros(busy), Ordering::Relaxed);
        self.longest_us.fetch_max(micros(busy), Ordering::Relaxed);
    }

    pub(super) fn count_panic(&self, text: &str) {
        self.panics.fetch_add(1, Ordering::Relaxed);
        self.life().last_failure = Some(text.to_owned());
    }

    pub(super) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One message in the mailbox; counts itself out wherever it is dropped.
pub(super) struct Queued(Arc<Record>);

impl Queued {
    pub(super) fn new(record: &Arc<Record>) -> Self {
        record.depth.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(record))
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.0.depth.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Condition {
    /// The name that `ActorFigures` shows.
    fn name(&self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Quarantined(_) => "quarantined",
            Self::Stopped => "stopped",
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn seconds(micros: &AtomicU64) -> f64 {
    Duration::from_micros(micros.load(Ordering::Relaxed)).as_secs_f64()
}
