//! The recent failures of one child, and what follows from them. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::spec::{Backoff, Intensity};
use crate::domain::BuildRequestId;

/// Failures that still count, oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    failures: VecDeque<(Instant, Option<BuildRequestId>)>,
}

/// What to do with a child that has just failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    RestartAfter(Duration),
    GiveUp,
}

impl History {
    /// Counts a failure and judges the child.
    pub(super) fn record(
        &mut self,
        now: Instant,
        subject: Option<BuildRequestId>,
        intensity: Intensity,
        backoff: Backoff,
    ) -> Verdict {
        self.failures.retain(|(at, _)| now.saturating_duration_since(*at) < intensity.within);
        self.failures.push_back((now, subject));
        let n_failures = self.failures.len();
        if usize::try_from(intensity.max).is_ok_and(|max| max < n_failures) {
            return Verdict::GiveUp;
        }
        Verdict::RestartAfter(backoff.pause(n_failures))
    }

    /// Forgets the failures over a request that turned out to be the culprit.
    pub(super) fn forgive(&mut self, subject: BuildRequestId) {
        self.failures.retain(|(_, of)| *of != Some(subject));
    }

    /// Starts with a clean sheet.
    pub(super) fn clear(&mut self) {
        self.failures.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTENSITY: Intensity = Intensity { max: 2, within: Duration::from_secs(10) };
    const BACKOFF: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(60) };

    #[test]
    fn one_failure_more_than_allowed_is_given_up() {
        let mut history = History::default();
        let now = Instant::now();
        let verdicts: Vec<Verdict> = (0..3).map(|_| history.record(now, None, INTENSITY, BACKOFF)).collect();
        let [first, second] = [1, 2].map(|seconds| Verdict::RestartAfter(Duration::from_secs(seconds)));
        assert_eq!(verdicts, [first, second, Verdict::GiveUp]);
    }

    #[test]
    fn failures_that_are_long_past_do_not_count() {
        let mut history = History::default();
        let start = Instant::now();
        for n in 0..20 {
            let verdict = history.record(start + n * INTENSITY.within, None, INTENSITY, BACKOFF);
            assert_eq!(verdict, Verdict::RestartAfter(BACKOFF.first));
        }
    }

    #[test]
    fn forgiven_failures_do_not_count() {
        let mut history = History::default();
        let now = Instant::now();
        let culprit = BuildRequestId(7);
        history.record(now, Some(culprit), INTENSITY, BACKOFF);
        history.record(now, None, INTENSITY, BACKOFF);
        history.forgive(culprit);
        let verdict = history.record(now, None, INTENSITY, BACKOFF);
        assert_eq!(verdict, Verdict::RestartAfter(2 * BACKOFF.first));
    }
}
