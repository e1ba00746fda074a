//! Builds that nobody needs any more are cancelled, and no others.

use std::time::Duration;

use buildbot::db::views::deciders;
use buildbot::domain::{BuildRequestId, RequestState, Results};
use buildbot::testing::scripted_worker::{Reply, WorkerScript};

use crate::test_master::{TestMaster, change};

fn config(services: &str) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Test"
c['titleURL'] = c['buildbotURL'] = "http://localhost/"
c['workers'] = [worker.Worker("w1", "secret"), worker.Worker("w2", "secret")]
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 9989}}}}
c['collapseRequests'] = False
c['builders'] = [util.BuilderConfig(name=name, workernames=[worker], factory=util.BuildFactory([
    steps.ShellCommand(command=["make", name])])) for name, worker in [("one", "w1"), ("two", "w2")]]
c['schedulers'] = [schedulers.AnyBranchScheduler(name="all", treeStableTimer=None, builderNames=["one", "two"])]
c['services'] = [{services}]
"#
    )
}

const OLD: &str = "util.OldBuildCanceller('old', [(['one'], util.SourceStampFilter(branch_not_eq=['release']))])";

/// Commits, and waits until everything has come to rest.
async fn commit(master: &TestMaster, branch: &str, revision: &str) {
    master.master.handle.add_changes("test", vec![change(branch, revision)]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(10)).await;
}

/// How each request stands, oldest first: `one` and `two` of each commit.
async fn states(master: &TestMaster) -> Vec<Option<Results>> {
    let ids: Vec<_> = (1..=50).map(BuildRequestId).collect();
    let requests = master.master.db.read(move |conn| deciders::requests_by_id(conn, &ids)).await.unwrap();
    let results = requests.into_iter().map(|request| match request.state {
        RequestState::Complete { results, .. } => Some(results),
        _ => None,
    });
    results.collect()
}

#[actix::test]
async fn a_newer_commit_cancels_the_build_that_runs_and_the_request_that_waits() {
    let master = TestMaster::with(&config(OLD)).await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    commit(&master, "main", "r1").await;
    assert_eq!(states(&master).await, [None, None]);
    commit(&master, "main", "r2").await;
    assert_eq!(states(&master).await, [Some(Results::Cancelled), None, None, None], "'two' is not in the filter");
    master.finish().await;
}

#[actix::test]
async fn a_request_that_waits_is_cancelled_too_and_other_branches_go_on() {
    let master = TestMaster::with(&config(OLD)).await;
    for (branch, revision) in [("main", "r1"), ("release", "r2"), ("main", "r3"), ("release", "r4")] {
        commit(&master, branch, revision).await;
    }
    let ones: Vec<_> = states(&master).await.into_iter().step_by(2).collect();
    assert_eq!(ones, [Some(Results::Cancelled), None, None, None]);
    master.finish().await;
}

#[actix::test]
async fn a_canceller_begins_with_what_is_stored() {
    let master = TestMaster::with(&config("")).await;
    commit(&master, "main", "r1").await;
    commit(&master, "main", "r2").await;
    assert_eq!(states(&master).await, [None; 4]);
    master.reconfigure(&config(OLD)).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(states(&master).await, [Some(Results::Cancelled), None, None, None]);
    master.finish().await;
}

#[actix::test]
async fn the_rest_of_a_buildset_ends_when_one_build_has_failed() {
    let service = "util.FailingBuildsetCanceller('failing', [(['one'], None, util.SourceStampFilter())])";
    let master = TestMaster::with(&config(service)).await;
    let other = master.attach(WorkerScript::new("w2")).await;
    other.hold();
    commit(&master, "main", "r1").await;
    commit(&master, "main", "r2").await;
    let _worker = master.attach(WorkerScript::new("w1").reply("make", Reply::rc(1))).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let (failed, cancelled) = (Some(Results::Failure), Some(Results::Cancelled));
    assert_eq!(states(&master).await, [failed, cancelled, failed, cancelled]);
    master.finish().await;
}

#[actix::test]
async fn a_failure_that_no_filter_names_ends_nothing() {
    let service = "util.FailingBuildsetCanceller('failing', [(['one'], ['one'], util.SourceStampFilter()), \
                   (['two'], None, util.SourceStampFilter()), (['one'], None, util.SourceStampFilter(branch_eq='dev'))])";
    let master = TestMaster::with(&config(service)).await;
    commit(&master, "main", "r1").await;
    let _worker = master.attach(WorkerScript::new("w1").reply("make", Reply::rc(1))).await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(states(&master).await, [Some(Results::Failure), None]);
    master.finish().await;
}
