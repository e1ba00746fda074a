//! Time that stands still until nothing else is left to do, and then jumps to the next timer.

use crate::clock::Clock;
use crate::domain::Timestamp;

/// Pauses the time of this runtime, and gives a clock that shows `start` now and follows it.
///
/// Needs a single-threaded runtime that is not paused yet, such as that of `#[actix::test]`. Waiting for something
/// outside the runtime (a socket, a thread) lets the time run away; waiting for `spawn_blocking` holds it.
pub fn virtual_time(start: Timestamp) -> Clock {
    tokio::time::pause();
    Clock::simulated(start)
}
