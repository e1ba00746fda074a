//! The only source of "now".
//!
//! The system clock reads the wall; a simulated one is a start date plus the runtime's (pausable) time, so that a test
//! that advances time advances dates with it.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::domain::Timestamp;

/// Cheap to clone; every actor that reads dates gets one.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Simulated { start: Timestamp, began: OnceLock<Instant> },
}

impl Clock {
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that shows `start` now and goes as fast as tokio's time. Call it within a runtime.
    pub fn simulated(start: Timestamp) -> Self {
        let began = OnceLock::new();
        began.get_or_init(Instant::now);
        Self(Source::Simulated { start, began })
    }

    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => wall_time(),
            Source::Simulated { start, began } => *start + began.get_or_init(Instant::now).elapsed(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
fn wall_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
