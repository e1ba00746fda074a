//! Signs of life of a worker.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

#[derive(Debug, Default)]
pub(super) struct Vitals {
    n_heard: AtomicU64,
    /// Whether it is we who do not read, because the pipeline is full.
    paused: AtomicBool,
    n_written: AtomicU64,
    /// Whether something is on its way to the socket.
    writing: AtomicBool,
}

/// A moment in the life of a worker.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pulse {
    n_heard: u64,
    n_written: u64,
}

impl Vitals {
    pub(super) fn heard(&self) {
        self.n_heard.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn pause(&self) {
        self.paused.store(true, Ordering::Relaxed);
    }

    /// Reading again counts as a sign of life: what was sent meanwhile has not been read yet.
    pub(super) fn resume(&self) {
        self.heard();
        self.paused.store(false, Ordering::Relaxed);
    }

    pub(super) fn begin_writing(&self) {
        self.writing.store(true, Ordering::Relaxed);
    }

    pub(super) fn end_writing(&self) {
        self.n_written.fetch_add(1, Ordering::Relaxed);
        self.writing.store(false, Ordering::Relaxed);
    }

    pub(super) fn pulse(&self) -> Pulse {
        Pulse { n_heard: self.n_heard.load(Ordering::Relaxed), n_written: self.n_written.load(Ordering::Relaxed) }
    }

    /// Whether anything was heard since, or would not have been heard anyway.
    ///
    /// A worker that takes no answers fills the pipeline itself: that is no excuse.
    pub(super) fn lives_since(&self, before: Pulse) -> bool {
        let now = self.pulse();
        let stuck = self.writing.load(Ordering::Relaxed) && now.n_written == before.n_written;
        now.n_heard != before.n_heard || (self.paused.load(Ordering::Relaxed) && !stuck)
    }
}
