//! How long to wait before something is tried again.

use std::time::Duration;

use crate::domain::Timestamp;

const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(120);
/// After so long the other side has said "not now" for the last time.
const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);

/// The wait after so many failures in a row: doubles from five seconds to two minutes.
pub fn wait_after(n_failures: i64) -> Duration {
    let doublings = u32::try_from(n_failures.saturating_sub(1).clamp(0, 10)).unwrap_or(0);
    FIRST.saturating_mul(1 << doublings).min(LONGEST)
}

/// Whether something that was made then is still worth another attempt, if the other side can be reached.
pub fn is_worth_trying(made: Timestamp, now: Timestamp) -> bool {
    now.since(made) < PATIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_two_minutes() {
        let waits = [0, 1, 2, 3, 5, 6, 1_000_000].map(|n| wait_after(n).as_secs());
        assert_eq!(waits, [5, 5, 10, 20, 80, 120, 120]);
    }
}
