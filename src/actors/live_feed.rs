//! What viewers hear: every committed event in order, and logs that have grown.
//!
//! The one way from the actors to the live pages. It is a channel of its own and not a mailbox, because viewers live on
//! other threads and may be slower than the master: who falls too far behind is told so and begins anew.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::domain::{Event, LogId, StepId};

/// Groups of events that a viewer may be behind.
const CAPACITY: usize = 4_096;

/// Cheap to clone, usable from every thread.
#[derive(Clone, Debug)]
pub struct LiveFeed {
    sender: broadcast::Sender<Arc<[Event]>>,
}

impl LiveFeed {
    pub fn new() -> Self {
        Self { sender: broadcast::Sender::new(CAPACITY) }
    }

    /// Hears what happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<[Event]>> {
        self.sender.subscribe()
    }

    /// Tells all viewers; nobody need be there.
    pub fn publish(&self, events: Arc<[Event]>) {
        let _ = self.sender.send(events);
    }

    /// Tells that `n_lines` of a log are stored.
    pub fn log_appended(&self, log: LogId, step: StepId, n_lines: i64) {
        self.publish(Arc::new([Event::LogAppended { log, step, n_lines }]));
    }
}

impl Default for LiveFeed {
    fn default() -> Self {
        Self::new()
    }
}
