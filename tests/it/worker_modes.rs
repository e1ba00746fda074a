//! Workers that are paused, leave, or get new builders while they are attached.

use std::time::Duration;

use buildbot::db::views::keys::WorkerKey;
use buildbot::db::views::workers;
use buildbot::domain::{RequestState, Results, Worker, WorkerAction, WorkerId};
use buildbot::testing::scripted_worker::{ScriptedWorker, WorkerScript};
use buildbot_protocol::{Request, Value};

use crate::test_master::{CONFIG, TestMaster};

async fn stored(master: &TestMaster, name: &str) -> Worker {
    let key = WorkerKey::Name(name.to_owned());
    master.master.db.read(move |conn| workers::find(conn, &key)).await.unwrap().unwrap()
}

async fn control(master: &TestMaster, worker: WorkerId, action: WorkerAction) {
    master.master.handle.control_worker(worker, action).await.unwrap();
}

fn is_shut_down(worker: &ScriptedWorker) -> bool {
    worker.heard().contains(&Request::Shutdown)
}

/// Longer than anything that the master repeats.
async fn a_while() {
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[actix::test]
async fn a_paused_worker_gets_no_build_until_it_is_resumed_whoever_restarts() {
    let master = TestMaster::new().await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    let id = stored(&master, "w1").await.id;
    control(&master, id, WorkerAction::Pause { reason: Some("a new disk".to_owned()) }).await;
    let forced = master.force().await;
    a_while().await;
    assert_eq!(master.request(forced.requests[0].1).await.state, RequestState::Unclaimed);
    drop(worker);

    let master = master.restart().await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    a_while().await;
    assert_eq!(master.request(forced.requests[0].1).await.state, RequestState::Unclaimed);
    let row = stored(&master, "w1").await;
    assert_eq!((row.paused, row.pause_reason.as_deref()), (true, Some("a new disk")));
    control(&master, id, WorkerAction::Unpause).await;
    assert_eq!(master.ended(forced.requests[0].1).await, Results::Success);
    assert_eq!(stored(&master, "w1").await.pause_reason, None);
    drop(worker);
    master.finish().await;
}

#[actix::test]
async fn a_worker_that_asks_to_leave_ends_its_build_first_and_is_given_no_other() {
    let master = TestMaster::new().await;
    let mut worker = master.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let forced = [master.force().await, master.force().await];
    worker.started().await;
    worker.say(Request::Shutdown).await.unwrap();
    a_while().await;
    assert!(stored(&master, "w1").await.graceful);
    assert!(!is_shut_down(&worker), "its build runs");
    worker.release();
    assert_eq!(master.ended(forced[0].requests[0].1).await, Results::Success);
    a_while().await;
    assert!(is_shut_down(&worker));
    assert_eq!(worker.heard().iter().filter(|request| **request == Request::Shutdown).count(), 1);
    assert_eq!(master.request(forced[1].requests[0].1).await.state, RequestState::Unclaimed);
    worker.hang_up();
    worker.gone().await;

    // Who comes again is ready to work.
    let again = master.attach(WorkerScript::new("w1")).await;
    assert_eq!(master.ended(forced[1].requests[0].1).await, Results::Success);
    assert!(!stored(&master, "w1").await.graceful);
    drop(again);
    master.finish().await;
}

#[actix::test]
async fn an_idle_worker_that_shall_leave_is_shut_down_at_once_and_a_killed_one_in_the_middle_of_a_build() {
    let master = TestMaster::new().await;
    let idle = master.attach(WorkerScript::new("w1")).await;
    a_while().await;
    control(&master, stored(&master, "w1").await.id, WorkerAction::Leave).await;
    a_while().await;
    assert!(is_shut_down(&idle));
    drop(idle);

    let mut busy = master.attach(WorkerScript::new("w2")).await;
    busy.hold();
    master.force().await;
    busy.started().await;
    control(&master, stored(&master, "w2").await.id, WorkerAction::Kill).await;
    a_while().await;
    assert!(is_shut_down(&busy));
    drop(busy);
    a_while().await;
    master.finish().await;
}

#[actix::test]
async fn an_attached_worker_is_told_of_a_builder_that_a_new_configuration_brings() {
    let master = TestMaster::new().await;
    let worker = master.attach(WorkerScript::new("w1")).await;
    a_while().await;
    let more = "c['builders'].append(util.BuilderConfig(name='late', workernames=['w1'], factory=factory))\n";
    master
        .reconfigure(&format!(
            "{CONFIG}{more}c['schedulers'][0] = schedulers.ForceScheduler(name='force', builderNames=['b', 'late'])\n"
        ))
        .await;
    a_while().await;
    let makes = |request: &Request| match request {
        Request::StartCommand { args, .. } => args.get("paths").is_some_and(|paths| has(paths, "/w/w1/late")),
        _ => false,
    };
    assert!(worker.heard().iter().any(makes), "{:?}", worker.heard());
    drop(worker);
    a_while().await;
    master.finish().await;
}

fn has(paths: &Value, path: &str) -> bool {
    matches!(paths, Value::Array(paths) if paths.contains(&path.into()))
}
