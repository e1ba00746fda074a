//! What is lost when something dies: nothing.

use buildbot::domain::{RequestState, Results};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::TestMaster;

#[actix::test]
async fn a_worker_lost_mid_build_gives_retry_and_three_losses_an_exception() {
    let master = TestMaster::new().await;
    let forced = master.force().await;
    let request = forced.requests[0].1;
    for losses in 1..=3 {
        let mut worker = master.attach(WorkerScript::new("w1")).await;
        worker.hold();
        worker.started().await;
        worker.hang_up();
        tokio::time::sleep(std::time::Duration::from_secs(30)).await;
        assert_eq!(master.request(request).await.worker_losses, losses);
    }
    assert_eq!(master.ended(request).await, Results::Exception);
    master.finish().await;
}

#[actix::test]
async fn a_build_that_is_stopped_is_cancelled() {
    let master = TestMaster::new().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let forced = master.force().await;
    worker.started().await;
    let build = master.master.db.read(buildbot::db::views::builds::running).await.unwrap().remove(0).id;
    master.master.handle.stop_build(build, "no longer needed".to_owned()).await.unwrap();
    worker.release();
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Cancelled);
    master.finish().await;
}

#[actix::test]
async fn a_waiting_request_is_cancelled_and_never_built() {
    let master = TestMaster::new().await;
    let request = master.force().await.requests[0].1;
    master.master.handle.cancel_request(request, "a mistake".to_owned()).await.unwrap();
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(request).await, Results::Cancelled);
    let other = master.force().await.requests[0].1;
    worker.started().await;
    assert_eq!(master.ended(other).await, Results::Success);
    master.finish().await;
}

#[actix::test]
async fn a_master_that_starts_again_builds_what_was_running() {
    let master = TestMaster::new().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let request = master.force().await.requests[0].1;
    worker.started().await;
    let master = master.restart().await;
    assert_eq!(master.request(request).await.state, RequestState::Unclaimed);
    assert_eq!(master.request(request).await.worker_losses, 0, "a restart of the master is no loss");
    let worker = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(request).await, Results::Success);
    drop(worker);
    master.finish().await;
}
