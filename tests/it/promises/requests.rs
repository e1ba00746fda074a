//! No request is lost, and none is built twice.

use super::Promise;
use crate::test_master::CONFIG;

const PROMISE: Promise = Promise {
    config: || CONFIG.to_owned(),
    n_forced: 3,
    holds: |outcome| {
        let good = outcome.builds.iter().filter(|build| build.results == Some(buildbot::domain::Results::Success));
        assert_eq!(good.count() + outcome.n_died(), outcome.requests.len(), "each has a build of its own");
    },
};

#[actix::test]
async fn no_request_is_lost_or_built_twice() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn no_request_is_lost_or_built_twice_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
