//! Forced builds and their results.

use buildbot::domain::Results;
use buildbot::testing::scripted_worker::{Reply, WorkerScript};

use crate::test_master::TestMaster;

#[actix::test]
async fn a_forced_build_runs_its_steps_and_succeeds() {
    let master = TestMaster::new().await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn a_failing_step_that_halts_skips_all_but_those_that_always_run() {
    let master = TestMaster::new().await;
    let script =
        WorkerScript::new("w1").reply("clean", Reply::rc(0)).reply("test", Reply::rc(0)).reply("make", Reply::rc(2));
    let mut worker = master.attach(script).await;
    let forced = master.force().await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Failure);
    let commands = [worker.started().await, worker.started().await];
    let words: Vec<String> = commands.iter().map(|command| format!("{:?}", command.args.get("command"))).collect();
    assert!(words[0].contains("make") && !words[0].contains("clean"), "{words:?}");
    assert!(words[1].contains("clean"), "{words:?}");
    master.finish().await;
}

#[actix::test]
async fn a_request_waits_for_a_worker() {
    let master = TestMaster::new().await;
    let forced = master.force().await;
    tokio::time::sleep(std::time::Duration::from_secs(600)).await;
    assert_eq!(master.request(forced.requests[0].1).await.state, buildbot::domain::RequestState::Unclaimed);
    let worker = master.attach(WorkerScript::new("w2")).await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn two_workers_share_the_requests_of_one_builder() {
    let master = TestMaster::new().await;
    let (first, second) = (master.attach(WorkerScript::new("w1")).await, master.attach(WorkerScript::new("w2")).await);
    for worker in [&first, &second] {
        worker.hold();
    }
    let forced = [master.force().await, master.force().await, master.force().await];
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    let mut claimed = 0;
    for request in &forced {
        let state = master.request(request.requests[0].1).await.state;
        claimed += usize::from(matches!(state, buildbot::domain::RequestState::Claimed { .. }));
    }
    assert_eq!(claimed, 2, "one build on each worker, one request waits");
    for worker in [&first, &second] {
        worker.release();
    }
    for request in forced {
        assert_eq!(master.ended(request.requests[0].1).await, Results::Success);
    }
    master.finish().await;
}
