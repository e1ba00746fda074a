//! Builds that take locks.

use std::time::Duration;

use buildbot::domain::{RequestState, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster};

/// The usual configuration, whose builder takes these locks.
fn config(locks: &str) -> String {
    let builder = format!("collapseRequests=False, locks=[{locks}])]");
    CONFIG.replace("collapseRequests=False)]", &builder)
}

/// Three requests, two workers that hold their commands: how many builds have begun.
async fn n_begun(locks: &str) -> usize {
    let master = TestMaster::with(&config(locks)).await;
    let workers = [master.attach(WorkerScript::new("w1")).await, master.attach(WorkerScript::new("w2")).await];
    for worker in &workers {
        worker.hold();
    }
    let mut requests = Vec::new();
    for _ in 0..3 {
        requests.push(master.force().await.requests[0].1);
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut n_begun = 0;
    for request in &requests {
        n_begun += usize::from(matches!(master.request(*request).await.state, RequestState::Claimed { .. }));
    }
    for worker in &workers {
        worker.release();
    }
    for request in requests {
        assert_eq!(master.ended(request).await, Results::Success);
    }
    master.finish().await;
    n_begun
}

#[actix::test]
async fn an_exclusive_master_lock_lets_one_build_at_a_time_run_and_all_have_their_turn() {
    assert_eq!(n_begun("util.MasterLock('db').access('exclusive')").await, 1);
}

#[actix::test]
async fn a_counting_lock_lets_as_many_builds_run_as_it_holds() {
    assert_eq!(n_begun("util.MasterLock('db', maxCount=2).access('counting')").await, 2);
}

#[actix::test]
async fn a_build_may_take_several_of_what_a_lock_holds() {
    assert_eq!(n_begun("util.MasterLock('db', maxCount=3).access('counting', 2)").await, 1);
}

#[actix::test]
async fn a_worker_lock_is_another_lock_on_each_worker() {
    assert_eq!(n_begun("util.WorkerLock('cpu').access('exclusive')").await, 2);
}

#[actix::test]
async fn a_worker_on_which_a_lock_holds_nothing_is_left_alone() {
    assert_eq!(n_begun("util.WorkerLock('cpu', maxCountForWorker={'w1': 0}).access('counting')").await, 1);
}
