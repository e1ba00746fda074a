//! Requests that were merged share their build and its result.

use std::collections::HashSet;

use buildbot::domain::{RequestState, Results};

use super::Promise;
use crate::test_master::CONFIG;

const PROMISE: Promise = Promise {
    config: || {
        CONFIG.replace("collapseRequests=False", "collapseRequests=True").replace(r#", "w2"], factory"#, "], factory")
    },
    n_forced: 4,
    holds: |outcome| {
        let good = outcome.builds.iter().filter(|build| build.results == Some(Results::Success)).count();
        assert!(good < outcome.requests.len(), "{good} builds for {} requests", outcome.requests.len());
        let results: HashSet<Results> = outcome
            .requests
            .iter()
            .filter_map(|request| match request.state {
                RequestState::Complete { results, .. } => Some(results),
                _ => None,
            })
            .collect();
        assert_eq!(results.len(), 1);
    },
};

#[actix::test]
async fn merged_requests_share_their_result() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn merged_requests_share_their_result_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
