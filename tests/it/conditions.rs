//! Whether a build runs at all.

use buildbot::domain::Results;
use buildbot::testing::scripted_worker::WorkerScript;
use buildbot_protocol::Request;

use crate::test_master::{CONFIG, TestMaster};

/// The usual configuration, whose builder has a condition.
fn config(condition: &str) -> String {
    CONFIG.replace("collapseRequests=False", &format!("collapseRequests=False, do_build_if={condition}"))
}

async fn result(condition: &str) -> (Results, usize) {
    let master = TestMaster::with(&config(condition)).await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    let request = master.force().await.requests[0].1;
    let results = master.ended(request).await;
    // Those without a builder belong to the worker's introduction.
    let of_builder = |request: &&Request| matches!(request, Request::StartCommand { builder_name: Some(_), .. });
    let n_commands = worker.heard().iter().filter(of_builder).count();
    master.finish().await;
    (results, n_commands)
}

#[actix::test]
async fn a_build_that_its_builder_does_not_want_is_skipped() {
    let (results, n_commands) = result("lambda build: build.getProperty('reason') != 'force build'").await;
    assert_eq!((results, n_commands), (Results::Skipped, 0));
}

#[actix::test]
async fn a_build_that_its_builder_wants_runs() {
    let (results, n_commands) = result("lambda build: build.builder.name == 'b' and build.number == 1").await;
    assert_eq!((results, n_commands), (Results::Success, 3));
}

#[actix::test]
async fn a_condition_that_fails_is_an_exception() {
    assert_eq!(result("lambda build: build.nonsense").await, (Results::Exception, 0));
}
