//! A lock that is held exclusively, by builds or by steps, has one holder.

use buildbot::domain::{Results, Step};

use super::{Outcome, Promise};

/// Every step named `locked` holds `db`, and every build of `y` holds `net`, as does a step of `x`.
fn config() -> String {
    let shell =
        |name: &str, locks: &str| format!("steps.ShellCommand(name='{name}', command=['{name}'], locks=[{locks}])");
    let locked = shell("locked", "db.access('exclusive')");
    let netted = shell("netted", "net.access('exclusive')");
    format!(
        "from buildbot.plugins import *\n\
         c = BuildmasterConfig = {{'title': 'Test', 'titleURL': 'http://localhost/'}}\n\
         c['buildbotURL'] = 'http://localhost/'\n\
         c['workers'] = [worker.Worker('w1', 'secret'), worker.Worker('w2', 'secret')]\n\
         c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}\n\
         db, net = util.MasterLock('db'), util.MasterLock('net')\n\
         both = ['w1', 'w2']\n\
         x = util.BuildFactory([{locked}, {netted}])\n\
         y = util.BuildFactory([{locked}])\n\
         c['collapseRequests'] = False\n\
         c['builders'] = [util.BuilderConfig(name='x', workernames=both, factory=x),\n\
             util.BuilderConfig(name='y', workernames=both, factory=y, locks=[net.access('exclusive')])]\n\
         c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['x', 'y'])]\n"
    )
}

const PROMISE: Promise = Promise {
    config,
    n_forced: 2,
    holds: |outcome| {
        apart(outcome, "locked");
        let ran = outcome.steps.iter().filter(|step| step.name == "netted" && step.results == Some(Results::Success));
        // Once more if its build was lost afterwards.
        assert!(2 <= ran.count() + outcome.n_died());
    },
};

/// No two of these steps held their lock at the same time.
fn apart(outcome: &Outcome, name: &str) {
    let mut held: Vec<_> = outcome.steps.iter().filter(|step| step.name == name).filter_map(times).collect();
    held.sort_unstable();
    for pair in held.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two steps held the lock at once: {held:?}");
    }
}

/// When the step had its lock, and when it ended.
fn times(step: &Step) -> Option<(i64, i64)> {
    Some((step.locks_acquired_at?.micros(), step.complete_at?.micros()))
}

#[actix::test]
async fn an_exclusive_lock_has_one_holder() {
    PROMISE.holds_at_some_places().await;
}

#[actix::test]
#[ignore = "scripts/failure-scenarios runs it: it takes minutes"]
async fn an_exclusive_lock_has_one_holder_wherever_something_fails() {
    PROMISE.holds_at_all_places().await;
}
