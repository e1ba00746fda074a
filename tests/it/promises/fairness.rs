//! Nobody who waits is overtaken for long: with the default functions and equal priorities, before a request starts no
//! more than one later request starts for each worker that it could have used.

use buildbot::actors::supervisor::Moment;
use buildbot::domain::{BuildRequestId, Timestamp};

use super::sabotage::PanicPlace;
use super::{Failure, Outcome, Promise, WORKERS};
use crate::test_master::CONFIG;

const PROMISE: Promise = Promise { config: || CONFIG.to_owned(), n_forced: 6, holds: |outcome| fair(outcome) };

fn fair(outcome: &Outcome) {
    // Requests get their ids in the order in which they come.
    for request in &outcome.requests {
        let Some(started) = started(outcome, request.id) else { continue };
        let later = outcome.requests.iter().filter(|other| request.id < other.id);
        let overtaking = later.filter(|other| self::started(outcome, other.id).is_some_and(|other| other < started));
        let overtaking: Vec<BuildRequestId> = overtaking.map(|other| other.id).collect();
        assert!(overtaking.len() <= WORKERS.len(), "{overtaking:?} started before {}", request.id);
    }
}

/// When a request was built for the first time.
fn started(outcome: &Outcome, request: BuildRequestId) -> Option<Timestamp> {
    outcome.builds.iter().filter(|build| build.request_id == request).map(|build| build.started_at).min()
}

#[actix::test]
async fn requests_start_in_the_order_in_which_they_came() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
async fn requests_start_in_order_although_the_bus_fails_over_what_it_has_to_tell() {
    for nth in 1..=6 {
        let place = PanicPlace { kind: "event_bus", message: "PublishEvents", nth, moment: Moment::Before };
        PROMISE.run(Failure::Panics(place)).await;
    }
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn requests_start_in_the_order_in_which_they_came_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
