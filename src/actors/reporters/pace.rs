//! How long to wait before something is tried again, and how much of the machine reporters leave to builds.

use std::time::Duration;

use tokio::time::Instant;

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

/// How long a reporter works without a rest, if it had nothing to do before: some builds at once are told of at once.
const BURST: Duration = Duration::from_millis(50);
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

/// How much a reporter may work before it leaves the machine to builds. Only one that many builds keep busy notices.
#[derive(Debug)]
pub struct Allowance {
    left: Duration,
    /// When it was counted.
    at: Instant,
}

impl Allowance {
    pub fn full(now: Instant) -> Self {
        Self { left: BURST, at: now }
    }

    /// The rest that is due after so much work; `behind` is the age of what was looked at last.
    pub fn rest_after(&mut self, worked: Duration, now: Instant, behind: Duration) -> Duration {
        let rests = rests_per_work(behind);
        let regained = now.saturating_duration_since(self.at) / rests.saturating_add(1);
        let left = BURST.min(self.left.saturating_add(regained));
        let rest = worked.saturating_sub(left).saturating_mul(rests).min(LONGEST_REST);
        // What is regained by resting is what was spent.
        *self = Self { left: left.saturating_sub(worked), at: now.checked_add(rest).unwrap_or(now) };
        rest
    }
}

/// A twentieth of its time is a reporter's. The further it falls behind the more it takes, so that word of a build is
/// minutes late at most.
fn rests_per_work(behind: Duration) -> u32 {
    match behind.as_secs() {
        0..10 => 19,
        10..60 => 4,
        _ => 1,
    }
}

/// Whether something that was made then is still worth another attempt, if the other side can be reached.
pub fn is_worth_trying(made: Timestamp, now: Timestamp) -> bool {
    now.since(made) < PATIENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn most_of_the_time_belongs_to_builds_when_there_are_many() {
        let start = Instant::now();
        let mut allowance = Allowance::full(start);
        // at once: 50 ms
        assert_eq!(allowance.rest_after(millis(30), start, Duration::ZERO), Duration::ZERO);
        assert_eq!(allowance.rest_after(millis(30), start, Duration::ZERO), millis(190));
        // the rest has paid for what was worked, no more
        assert_eq!(allowance.rest_after(millis(20), start + millis(190), Duration::ZERO), millis(380));
        assert_eq!(allowance.rest_after(millis(500), start + millis(570), Duration::ZERO), LONGEST_REST);
        // a second later and nothing to do for ten more
        assert_eq!(allowance.rest_after(millis(50), start + millis(11_570), Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn who_falls_behind_rests_less() {
        let rest = |behind: u64| {
            let start = Instant::now();
            let mut allowance = Allowance { left: Duration::ZERO, at: start };
            allowance.rest_after(millis(20), start, Duration::from_secs(behind))
        };
        assert_eq!([0, 9, 10, 60, 100_000].map(rest), [380, 380, 80, 20, 20].map(millis));
    }

    #[test]
    fn waits_double_up_to_two_minutes() {
        let waits = [0, 1, 2, 3, 5, 6, 1_000_000].map(|n| USUAL.wait_after(n).as_secs());
        assert_eq!(waits, [5, 5, 10, 20, 80, 120, 120]);
    }
}
