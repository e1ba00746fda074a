//! Signs of life of a file that is run, for who watches it from outside: one operation on huge values gives none.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Shared by the file that runs and who watches.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    beats: AtomicU64,
    n_running: AtomicU64,
}

impl Pulse {
    /// Says that the file goes on.
    pub fn beat(&self) {
        self.0.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// A file runs until the guard is dropped.
    pub fn running(&self) -> Running {
        self.beat();
        self.0.n_running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    /// How often there was a sign of life; nothing while no file runs.
    pub fn beats(&self) -> Option<u64> {
        (self.0.n_running.load(Ordering::Relaxed) != 0).then(|| self.0.beats.load(Ordering::Relaxed))
    }
}

/// A file that runs.
#[derive(Debug)]
pub struct Running(Pulse);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.0.n_running.fetch_sub(1, Ordering::Relaxed);
    }
}
