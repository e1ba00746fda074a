//! How long to wait before something is tried again.

use std::time::Duration;

use crate::domain::Timestamp;
use crate::reporters::config::TransportConfig;

/// The waits between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub first: Duration,
    pub longest: Duration,
}

/// Doubles from five seconds to two minutes.
pub const USUAL: Pace = Pace { first: Duration::from_secs(5), longest: Duration::from_secs(120) };

const WORTH_A_REST: Duration = Duration::from_millis(20);
const LONGEST_REST: Duration = Duration::from_secs(1);
/// After so long the other side has said "not now" for the last time.
const PATIENCE: Duration = Duration::from_secs(5 * 24 * 3600);

impl Pace {
    /// The same wait after each.
    pub const fn steady(wait: Duration) -> Self {
        Self { first: wait, longest: wait }
    }

    /// The wait after so many failures in a row.
    pub fn wait_after(self, n_failures: i64) -> Duration {
        let doublings = u32::try_from(n_failures.saturating_sub(1).clamp(0, 10)).unwrap_or(0);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }
}

/// The waits of a reporter.
pub const fn of(transport: &TransportConfig) -> Pace {
    match transport {
        TransportConfig::Push(push) => Pace::steady(push.retry),
        TransportConfig::Mail(_) | TransportConfig::Http(_) => USUAL,
    }
}

/// How long a reporter that has more to read leaves the machine to builds, after it has worked for so long. Only one
/// that many builds keep busy notices: nine tenths of its time are theirs.
pub fn rest_after(worked: Duration) -> Duration {
    if worked < WORTH_A_REST { Duration::ZERO } else { worked.saturating_mul(9).min(LONGEST_REST) }
}

/// Whether something that was made then is still worth another attempt, if the other side can be reached.
pub fn is_worth_trying(made: Timestamp, now: Timestamp) -> bool {
    now.since(made) < PATIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_of_the_time_belong_to_builds() {
        let rests = [0, 19, 20, 10_000].map(|millis| rest_after(Duration::from_millis(millis)).as_millis());
        assert_eq!(rests, [0, 0, 180, 1_000]);
    }

    #[test]
    fn waits_double_up_to_two_minutes() {
        let waits = [0, 1, 2, 3, 5, 6, 1_000_000].map(|n| USUAL.wait_after(n).as_secs());
        assert_eq!(waits, [5, 5, 10, 20, 80, 120, 120]);
    }
}
