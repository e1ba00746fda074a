//! Steps of a group run once for each build that ends well, at the same time, and all of them end.

use buildbot::domain::{Results, Step};

use super::{Outcome, Promise};
use crate::test_master::CONFIG;

const PROMISE: Promise = Promise {
    config: || {
        let alone = "    steps.ShellCommand(name=\"test\", command=[\"make\", \"test\"]),\n";
        let member = |name: &str| format!("steps.ShellCommand(name='{name}', command=['{name}'])");
        let group = format!("    steps.Parallel([{}, {}, {}]),\n", member("a"), member("b"), member("c"));
        assert!(CONFIG.contains(alone));
        CONFIG.replace(alone, &group)
    },
    n_forced: 3,
    holds: |outcome| together(outcome),
};

fn together(outcome: &Outcome) {
    assert!(outcome.steps.iter().all(|step| step.results.is_some()), "a step never ended");
    for build in outcome.builds.iter().filter(|build| build.results == Some(Results::Success)) {
        let steps = outcome.steps.iter().filter(|step| step.build_id == build.id && step.group.is_some());
        let steps: Vec<&Step> = steps.collect();
        assert_eq!(steps.len(), 3, "{build:?}");
        assert!(steps.iter().all(|step| step.results == Some(Results::Success)));
        let last_begin = steps.iter().filter_map(|step| step.started_at).max();
        let first_end = steps.iter().filter_map(|step| step.complete_at).min();
        assert!(last_begin < first_end, "all begin before the first ends: {steps:?}");
    }
}

#[actix::test]
async fn steps_of_a_group_run_at_the_same_time_once() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn steps_of_a_group_run_at_the_same_time_once_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
