//! What people are told when something does not happen.

use std::time::Duration;

use buildbot::domain::{ChangeId, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::{CONFIG, TestMaster, change};

/// The usual builder with a lock and a function, and schedulers that look at changes.
fn config() -> String {
    let builder =
        "collapseRequests=False, canStartBuild=not_on_w2, locks=[util.MasterLock('db').access('exclusive')])]";
    let config = CONFIG.replace("collapseRequests=False)]", builder);
    let functions = "def not_on_w2(builder, wfb, request):\n    return wfb.worker.workername != 'w2'\n\
                     def is_code(change):\n    return change.branch != 'docs'\n\
                     c = BuildmasterConfig = {}";
    let config = config.replace("c = BuildmasterConfig = {}", functions);
    let schedulers = "c['schedulers'] = [\n\
        schedulers.SingleBranchScheduler(name='main', builderNames=['b'], change_filter=util.ChangeFilter(branch='main')),\n\
        schedulers.AnyBranchScheduler(name='code', builderNames=['b'], fileIsImportant=is_code, treeStableTimer=600),\n";
    config.replace("c['schedulers'] = [", schedulers)
}

async fn settle() {
    tokio::time::sleep(Duration::from_secs(30)).await;
}

#[actix::test]
async fn a_request_is_told_the_lock_and_its_holder_and_what_each_worker_does() {
    let master = TestMaster::with(&config()).await;
    let first = master.force().await.requests[0].1;
    settle().await;
    let handle = &master.master.handle;
    let alone = handle.explain_request(first).await.unwrap();
    assert_eq!(alone.reasons, ["worker w1 is not connected", "worker w2 is not connected"]);
    let mut first_worker = master.attach(WorkerScript::new("w1")).await;
    first_worker.hold();
    let second_worker = master.attach(WorkerScript::new("w2")).await;
    let second = master.force().await.requests[0].1;
    first_worker.started().await;
    settle().await;
    let building = handle.explain_request(first).await.unwrap();
    assert_eq!(building.state, "building");
    assert!(building.reasons[0].starts_with("is being built: build 1 of b (building, step compile: "), "{building:?}");
    let waiting = handle.explain_request(second).await.unwrap();
    assert_eq!(waiting.state, "waiting");
    let expected = ["waits for lock db (held by build 1 of b)", "worker w1 is busy with another build of this builder"];
    assert_eq!(waiting.reasons, expected);
    second_worker.hang_up();
    first_worker.release();
    assert_eq!(master.ended(first).await, Results::Success);
    assert_eq!(master.ended(second).await, Results::Success);
    assert_eq!(handle.explain_request(second).await.unwrap().reasons, ["has ended: success"]);
    master.finish().await;
}

#[actix::test]
async fn a_function_that_refuses_a_worker_is_named() {
    let master = TestMaster::with(&config()).await;
    let _w2 = master.attach(WorkerScript::new("w2")).await;
    let request = master.force().await.requests[0].1;
    settle().await;
    let standing = master.master.handle.explain_request(request).await.unwrap();
    assert_eq!(standing.reasons.len(), 2, "{standing:?}");
    assert_eq!(standing.reasons[0], "worker w1 is not connected");
    assert!(standing.reasons[1].starts_with("worker w2 is refused by canStartBuild at master.cfg:"), "{standing:?}");
    master.finish().await;
}

#[actix::test]
async fn every_scheduler_says_what_it_makes_of_a_change() {
    let master = TestMaster::with(&config()).await;
    let handle = &master.master.handle;
    let changes = handle.add_changes("hook", vec![change("main", "r1"), change("docs", "r1")]).await.unwrap();
    settle().await;
    let told = async |change: ChangeId| -> Vec<(String, &'static str)> {
        let stances = handle.explain_change(change).await.unwrap();
        stances.into_iter().map(|stance| (format!("{} {}", stance.scheduler, stance.text), stance.state)).collect()
    };
    let main = told(changes[0]).await;
    assert_eq!(main[0], ("main built it: buildset 1".to_owned(), "built"));
    assert_eq!(main[1], ("code waits until it is time to build".to_owned(), "waiting"));
    assert_eq!(main[2], ("force does not go by changes: it is a ForceScheduler".to_owned(), "ignored"));
    let docs = told(changes[1]).await;
    assert_eq!(docs[0], ("main ignored it: its branch is 'docs', and only 'main' is wanted".to_owned(), "ignored"));
    assert!(docs[1].0.starts_with("code waits for an important change: fileIsImportant at master.cfg:"), "{docs:?}");
    assert!(handle.explain_change(ChangeId(99)).await.is_err());
    master.finish().await;
}
