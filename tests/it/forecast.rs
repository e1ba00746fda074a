//! What builds teach, over restarts.

use std::time::Duration;

use buildbot::db::views::builds;
use buildbot::db::views::learned::{self, Outputs};
use buildbot::domain::Results;
use buildbot::domain::learned::TIME;
use buildbot::forecast::{self, StepNow};
use buildbot::testing::scripted_worker::WorkerScript;

use crate::test_master::TestMaster;

#[actix::test]
async fn the_second_build_is_estimated_by_the_first_even_after_a_restart() {
    let master = TestMaster::new().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let request = master.force().await.requests[0].1;
    worker.started().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    worker.release();
    assert_eq!(master.ended(request).await, Results::Success);
    drop(worker);

    let master = master.restart().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let request = master.force().await.requests[0].1;
    worker.started().await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let db = &master.master.db;
    let build = db.read(builds::running).await.unwrap().remove(0);
    let builder = build.builder_id;
    let known = db.read(move |conn| learned::of_builders(conn, &[builder])).await.unwrap().remove(&builder).unwrap();
    let names: Vec<&str> = known.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(names, ["compile", "test", "clean"]);
    assert!(60.0 <= known[0].metrics[TIME].value, "{known:?}");
    let steps = learned::steps_so_far(db, vec![build.id], Outputs::OfRunning).await.unwrap();
    let now = build.started_at + Duration::from_secs(20);
    let steps: Vec<StepNow> = steps.iter().map(|step| StepNow::new(step, now)).collect();
    let estimate = forecast::of_build(&known, &steps, Duration::from_secs(20)).unwrap();
    assert!((Duration::from_secs(35)..Duration::from_secs(45)).contains(&estimate.left), "{estimate:?}");
    worker.release();
    assert_eq!(master.ended(request).await, Results::Success);
    master.finish().await;
}
