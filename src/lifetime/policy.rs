//! Which builds of one builder go, and which lose the text of their logs.
//!
//! The newest build of each result is kept as it is, whatever the policy says: the last good and the last bad build of a
//! builder that is built once a year are what people look for.

use std::collections::HashSet;
use std::time::Duration;

use crate::domain::{BuildId, EndedBuild, Results, Timestamp};

/// How many builds of a builder are kept; `None` is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Horizons {
    /// Newest builds that stay (`buildHorizon`).
    pub builds: Option<u64>,
    /// Newest builds whose logs stay (`logHorizon`).
    pub logs: Option<u64>,
}

impl Horizons {
    /// These, and `default` where they say nothing.
    pub fn or(self, default: Self) -> Self {
        Self { builds: self.builds.or(default.builds), logs: self.logs.or(default.logs) }
    }
}

/// What applies to one builder at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub horizons: Horizons,
    /// Logs of builds that ended longer ago go.
    pub log_age: Option<Duration>,
    /// Data of builds that ended longer ago goes.
    pub data_age: Option<Duration>,
}

/// What a policy frees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Builds with all that belongs to them.
    pub builds: Vec<BuildId>,
    /// Other builds, which lose the text of their logs only.
    pub logs_of: Vec<BuildId>,
    /// Other builds, which lose what their steps left with them.
    pub data_of: Vec<BuildId>,
}

impl Freed {
    pub fn is_empty(&self) -> bool {
        self.builds.is_empty() && self.logs_of.is_empty() && self.data_of.is_empty()
    }
}

/// What `policy` frees of the ended builds of a builder, which are given newest first.
pub fn decide(policy: &Policy, builds: &[EndedBuild], now: Timestamp) -> Freed {
    let mut seen: HashSet<Results> = HashSet::new();
    let mut freed = Freed::default();
    for (newer, build) in (0_u64..).zip(builds) {
        let is_last_of_its_result = seen.insert(build.results);
        if is_last_of_its_result {
            continue;
        }
        let is_beyond = |horizon: Option<u64>| horizon.is_some_and(|horizon| horizon <= newer);
        let is_older = |age: Option<Duration>| age.is_some_and(|age| build.complete_at < now - age);
        if is_beyond(policy.horizons.builds) {
            freed.builds.push(build.id);
            continue;
        }
        if build.has_logs && (is_older(policy.log_age) || is_beyond(policy.horizons.logs)) {
            freed.logs_of.push(build.id);
        }
        if build.has_data && is_older(policy.data_age) {
            freed.data_of.push(build.id);
        }
    }
    freed
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// Builds newest first, one a day, the newest with the highest number.
    fn builds(results: &[Results]) -> Vec<EndedBuild> {
        let n = i64::try_from(results.len()).unwrap();
        let day = i64::try_from(DAY.as_secs()).unwrap();
        (0..n)
            .rev()
            .zip(results)
            .map(|(number, results)| EndedBuild {
                id: BuildId(number),
                number,
                results: *results,
                complete_at: Timestamp::from_secs(number * day),
                has_logs: true,
                has_data: number % 2 == 0,
            })
            .collect()
    }

    fn numbers(ids: &[BuildId]) -> Vec<i64> {
        ids.iter().map(|id| id.0).collect()
    }

    fn policy(builds: Option<u64>, logs: Option<u64>, log_age: Option<Duration>) -> Policy {
        Policy { horizons: Horizons { builds, logs }, log_age, data_age: None }
    }

    #[test]
    fn the_newest_builds_stay_and_the_newest_of_them_keep_their_logs() {
        let builds = builds(&[Results::Success; 6]);
        let freed = decide(&policy(Some(4), Some(2), None), &builds, Timestamp::default());
        assert_eq!(numbers(&freed.builds), [1, 0]);
        assert_eq!(numbers(&freed.logs_of), [3, 2]);
    }

    #[test]
    fn the_last_build_of_each_result_stays_with_its_logs() {
        use Results::{Exception, Failure, Success};
        let builds = builds(&[Success, Success, Success, Failure, Failure, Exception]);
        let freed = decide(&policy(Some(1), Some(1), Some(Duration::ZERO)), &builds, Timestamp::from_secs(i64::MAX));
        assert_eq!(numbers(&freed.builds), [4, 3, 1]);
        assert!(freed.logs_of.is_empty());
    }

    #[test]
    fn logs_of_builds_that_ended_too_long_ago_go_by_age() {
        let builds = builds(&[Results::Success; 5]);
        let now = builds[0].complete_at + Duration::from_secs(1);
        let freed = decide(&policy(None, None, Some(2 * DAY)), &builds, now);
        assert_eq!(numbers(&freed.logs_of), [2, 1, 0]);
        assert!(freed.builds.is_empty());
    }

    #[test]
    fn data_goes_by_its_own_age() {
        let builds = builds(&[Results::Success; 6]);
        let now = builds[0].complete_at + Duration::from_secs(1);
        let policy = Policy { data_age: Some(2 * DAY), ..Policy::default() };
        let freed = decide(&policy, &builds, now);
        assert_eq!(numbers(&freed.data_of), [2, 0], "the others have none");
        assert!(freed.builds.is_empty() && freed.logs_of.is_empty());
    }

    #[test]
    fn logs_that_are_gone_already_are_not_freed_again() {
        let mut builds = builds(&[Results::Success; 3]);
        builds[2].has_logs = false;
        let freed = decide(&policy(None, Some(1), None), &builds, Timestamp::default());
        assert_eq!(numbers(&freed.logs_of), [1]);
    }

    #[test]
    fn a_builder_may_keep_more_or_fewer_than_the_others() {
        let global = Horizons { builds: Some(100), logs: Some(10) };
        let own = Horizons { builds: None, logs: Some(50) };
        assert_eq!(own.or(global), Horizons { builds: Some(100), logs: Some(50) });
    }

    /// All lists of up to `n` of these results.
    fn lists(of: &[Results], n: usize) -> Vec<Vec<Results>> {
        let mut all = vec![Vec::new()];
        for length in 0..n {
            let longer: Vec<Vec<Results>> = all
                .iter()
                .filter(|list| list.len() == length)
                .flat_map(|list| of.iter().map(|more| [list.as_slice(), &[*more]].concat()))
                .collect();
            all.extend(longer);
        }
        all
    }

    #[test]
    fn whatever_the_policy_the_newest_of_each_result_is_untouched_and_nothing_is_freed_twice() {
        let horizons = [None, Some(1), Some(2), Some(4)];
        for results in lists(&[Results::Success, Results::Failure, Results::Retry], 6) {
            let builds = builds(&results);
            for (n_builds, n_logs) in horizons.iter().flat_map(|a| horizons.iter().map(move |b| (*a, *b))) {
                for age in [None, Some(Duration::ZERO), Some(2 * DAY)] {
                    let policy = policy(n_builds, n_logs, age);
                    let freed = decide(&policy, &builds, Timestamp::from_secs(1_000_000));
                    let gone: Vec<BuildId> = freed.builds.iter().chain(&freed.logs_of).copied().collect();
                    for wanted in &results {
                        let newest = builds.iter().find(|build| build.results == *wanted).unwrap();
                        assert!(!gone.contains(&newest.id), "{policy:?} {results:?}");
                    }
                    let distinct: HashSet<&BuildId> = gone.iter().collect();
                    assert_eq!(distinct.len(), gone.len(), "{policy:?} {results:?}");
                    // all that goes lies beyond the horizon, and what lies there and stays is the last of its result
                    let beyond = n_builds.map_or(0, |n| builds.len().saturating_sub(usize::try_from(n).unwrap()));
                    assert!(freed.builds.len() <= beyond && beyond <= freed.builds.len() + 3);
                }
            }
        }
    }
}
