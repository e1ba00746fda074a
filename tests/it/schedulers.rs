//! Schedulers that follow each other, the clock, or a build.

use std::time::Duration;

use buildbot::db::views::{changes, deciders};
use buildbot::domain::{BuildId, BuildRequest, BuildRequestId, RequestState, Results, SchedulerId};
use buildbot::testing::scripted_worker::{Reply, WorkerScript};

use crate::test_master::{TestMaster, change};

/// A parent builder with one step that triggers `child`, on workers of their own; `rest` adds what a test needs.
fn config(step: &str, rest: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Test"
c['titleURL'] = c['buildbotURL'] = "http://localhost/"
c['workers'] = [worker.Worker("w1", "secret"), worker.Worker("w2", "secret")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}
c['services'] = []
trigger = {step}
c['builders'] = [
    util.BuilderConfig(name="b", workernames=["w1"], factory=util.BuildFactory([trigger])),
    util.BuilderConfig(name="child", workernames=["w2"], factory=util.BuildFactory([
        steps.ShellCommand(command=["make", "child"])])),
]
force = schedulers.ForceScheduler(name="force", builderNames=["b"])
triggerable = schedulers.Triggerable(name="t", builderNames=["child"])
c['schedulers'] = [force, triggerable]
{rest}
"#
    )
}

const WAITING: &str = "steps.Trigger(schedulerNames=['t'], waitForFinish=True, set_properties={'p': 'from parent'})";
const SHELL: &str = "steps.ShellCommand(command=['make', 'parent'])";

/// All requests, oldest first.
async fn requests(master: &TestMaster) -> Vec<BuildRequest> {
    let ids: Vec<_> = (1..=50).map(BuildRequestId).collect();
    master.master.db.read(move |conn| deciders::requests_by_id(conn, &ids)).await.unwrap()
}

#[actix::test]
async fn a_build_waits_for_what_it_triggered_and_takes_its_result() {
    let master = TestMaster::with(&config(WAITING, "")).await;
    let _parent = master.attach(WorkerScript::new("w1")).await;
    let _child = master.attach(WorkerScript::new("w2").reply("make", Reply::rc(1))).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Failure);
    let all = requests(&master).await;
    assert_eq!(all.len(), 2);
    assert!(all[1].waited_for);
    assert!(matches!(all[1].state, RequestState::Complete { results: Results::Failure, .. }));
    master.finish().await;
}

/// Whose changes lie behind the build that a step triggers in the build of a change.
async fn authors_of_what_is_triggered(step: &str) -> Vec<String> {
    let rest = "c['schedulers'].append(schedulers.SingleBranchScheduler(name='s', branch='main', builderNames=['b']))";
    let master = TestMaster::with(&config(step, rest)).await;
    let _parent = master.attach(WorkerScript::new("w1")).await;
    master.master.handle.add_changes("test", vec![change("main", "r1")]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let triggered = requests(&master).await[1].buildset_id.0;
    let read = master.master.db.read(move |conn| changes::of_buildsets(conn, &[triggered]));
    let authors = read.await.unwrap().into_iter().map(|change| change.author).collect();
    master.finish().await;
    authors
}

#[actix::test]
async fn authors_of_a_build_are_those_of_what_it_triggers() {
    let authors = authors_of_what_is_triggered("steps.Trigger(schedulerNames=['t'])").await;
    assert_eq!(authors, ["Ada <ada@example.org>"]);
}

#[actix::test]
async fn authors_of_a_build_have_nothing_to_do_with_another_source_that_it_triggers() {
    let step = "steps.Trigger(schedulerNames=['t'], sourceStamps=[{'codebase': '', 'branch': 'other'}])";
    assert!(authors_of_what_is_triggered(step).await.is_empty());
}

/// Stops the parent while its child waits or runs.
async fn stop_the_parent(child_runs: bool) {
    let master = TestMaster::with(&config(WAITING, "")).await;
    let _parent = master.attach(WorkerScript::new("w1")).await;
    let child = master.attach(WorkerScript::new("w2")).await;
    child.hold();
    if !child_runs {
        drop(child);
    }
    let forced = master.force().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    master.master.handle.stop_build(BuildId(1), "enough".to_owned()).await.unwrap();
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Cancelled);
    let child = requests(&master).await[1].id;
    assert_eq!(master.ended(child).await, Results::Cancelled);
    master.finish().await;
}

#[actix::test]
async fn stopping_a_build_cancels_the_request_it_waits_for() {
    stop_the_parent(false).await;
}

#[actix::test]
async fn stopping_a_build_stops_the_build_it_waits_for() {
    stop_the_parent(true).await;
}

#[actix::test]
async fn a_build_that_loses_its_worker_triggers_again_and_cancels_the_first() {
    let master = TestMaster::with(&config(WAITING, "")).await;
    let parent = master.attach(WorkerScript::new("w1")).await;
    let child = master.attach(WorkerScript::new("w2")).await;
    child.hold();
    let forced = master.force().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    drop(parent);
    let first = requests(&master).await[1].id;
    tokio::time::sleep(Duration::from_secs(60)).await;
    child.release();
    assert_eq!(master.ended(first).await, Results::Cancelled);
    let _parent = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    assert_eq!(requests(&master).await.len(), 3);
    master.finish().await;
}

/// Ends the master while a parent waits for its child, which runs or not, and starts it again.
async fn restart_while_a_parent_waits(child_runs: bool) {
    let master = TestMaster::with(&config(WAITING, "")).await;
    let _parent = master.attach(WorkerScript::new("w1")).await;
    let child = master.attach(WorkerScript::new("w2")).await;
    child.hold();
    // Otherwise it stays to the end: its loss is no part of this.
    let child = child_runs.then_some(child);
    let forced = master.force().await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let master = master.restart().await;
    let all = requests(&master).await;
    assert!(matches!(all[1].state, RequestState::Complete { results: Results::Cancelled, .. }), "{:?}", all[1]);
    let _parent = master.attach(WorkerScript::new("w1")).await;
    let _child = master.attach(WorkerScript::new("w2")).await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    let all = requests(&master).await;
    assert_eq!(all.len(), 3, "the build triggers once more");
    assert!(matches!(all[2].state, RequestState::Complete { results: Results::Success, .. }));
    drop(child);
    master.finish().await;
}

#[actix::test]
async fn a_build_that_is_started_again_with_its_master_triggers_again_and_the_first_is_not_built() {
    restart_while_a_parent_waits(false).await;
}

#[actix::test]
async fn a_build_that_is_started_again_with_its_master_triggers_again_and_the_first_is_not_built_further() {
    restart_while_a_parent_waits(true).await;
}

#[actix::test]
async fn a_success_upstream_is_built_downstream_once_even_over_a_restart() {
    let rest = "up = schedulers.SingleBranchScheduler(name='up', builderNames=['b'], change_filter=util.ChangeFilter())\n\
                c['schedulers'] += [up, schedulers.Dependent(name='down', upstream=up, builderNames=['child'])]\n";
    let master = TestMaster::with(&config(SHELL, rest)).await;
    master.master.handle.add_changes("test", vec![change("main", "r1")]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(requests(&master).await.len(), 1, "nothing has ended upstream");
    let master = master.restart().await;
    let _workers = [master.attach(WorkerScript::new("w1")).await, master.attach(WorkerScript::new("w2")).await];
    assert_eq!(master.ended(BuildRequestId(1)).await, Results::Success);
    assert_eq!(master.ended(BuildRequestId(2)).await, Results::Success);
    drop(_workers);
    let master = master.restart().await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let all = requests(&master).await;
    assert_eq!(all.len(), 2, "a success is built downstream once");
    assert_eq!(all[0].source_stamps, all[1].source_stamps);
    master.finish().await;
}

#[actix::test]
async fn a_nightly_build_comes_at_its_time_and_what_was_missed_comes_once() {
    let rest = "c['schedulers'].append(schedulers.Nightly(name='n', builderNames=['b'], hour='*', minute=30))\n";
    let master = TestMaster::with(&config(SHELL, rest)).await;
    tokio::time::sleep(Duration::from_secs(1700)).await;
    assert!(requests(&master).await.is_empty());
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(requests(&master).await.len(), 1);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let master = master.restart().await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(requests(&master).await.len(), 2, "a restart brings no time again");
    master.finish().await;
}

#[actix::test]
async fn a_scheduler_that_is_switched_off_goes_on_where_it_stopped() {
    let rest = "c['schedulers'].append(schedulers.AnyBranchScheduler(name='any', builderNames=['b']))\n";
    let master = TestMaster::with(&config(SHELL, rest)).await;
    let handle = &master.master.handle;
    let any = SchedulerId(3);
    handle.switch_scheduler(any, false).await.unwrap();
    handle.add_changes("test", vec![change("main", "r1")]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert!(requests(&master).await.is_empty());
    handle.switch_scheduler(any, true).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(requests(&master).await.len(), 1);
    assert!(handle.switch_scheduler(SchedulerId(99), true).await.is_err());
    master.finish().await;
}
