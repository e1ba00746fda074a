//! No worker is idle while a request waits that it could build.
//!
//! Idle is a worker on which no build of the builder runs. Every worker here can build every request, and nothing else
//! keeps one waiting.

use std::collections::BTreeSet;
use std::time::Duration;

use buildbot::domain::{Timestamp, WorkerId};

use super::{Failure, Outcome, Promise, WORKERS};
use crate::test_master::CONFIG;

const PROMISE: Promise = Promise { config: || CONFIG.to_owned(), n_forced: 6, holds: |outcome| busy(outcome) };

/// A master that is not disturbed gives out work at once.
const AT_ONCE: Duration = Duration::from_secs(5);
/// A worker that was lost comes back within ten seconds, a master within a minute; then somebody has to notice.
const AFTER_A_FAILURE: Duration = Duration::from_secs(150);

fn busy(outcome: &Outcome) {
    let patience = if matches!(outcome.failure, Failure::Nothing) { AT_ONCE } else { AFTER_A_FAILURE };
    let workers: BTreeSet<WorkerId> = outcome.builds.iter().map(|build| build.worker_id).collect();
    assert_eq!(workers.len(), WORKERS.len(), "both had something to do");
    for (from, to) in outcome.requests.iter().flat_map(|request| waits(outcome, request)) {
        for worker in &workers {
            let idle = longest_idle(outcome, *worker, from, to);
            assert!(idle <= patience, "worker {worker:?} was idle for {idle:?} while a request waited");
        }
    }
}

/// When a request waited: before its first build, and after each that did not end well.
fn waits(outcome: &Outcome, request: &buildbot::domain::BuildRequest) -> Vec<(Timestamp, Timestamp)> {
    let mut builds: Vec<_> = outcome.builds.iter().filter(|build| build.request_id == request.id).collect();
    builds.sort_by_key(|build| build.id);
    let mut since = request.submitted_at;
    let mut waits = Vec::new();
    for build in builds {
        waits.push((since, build.started_at));
        since = build.complete_at.unwrap_or(build.started_at);
    }
    waits
}

/// The longest time within a span in which no build ran on the worker.
fn longest_idle(outcome: &Outcome, worker: WorkerId, from: Timestamp, to: Timestamp) -> Duration {
    let mut builds: Vec<_> = outcome.builds.iter().filter(|build| build.worker_id == worker).collect();
    builds.sort_by_key(|build| build.started_at);
    let (mut free_since, mut longest) = (from, Duration::ZERO);
    for build in builds {
        longest = longest.max(build.started_at.min(to).since(free_since.min(to)));
        free_since = free_since.max(build.complete_at.unwrap_or(to));
    }
    longest.max(to.since(free_since.min(to)))
}

#[actix::test]
async fn no_worker_is_idle_while_a_request_waits_for_it() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn no_worker_is_idle_while_a_request_waits_for_it_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
