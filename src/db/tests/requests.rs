//! Requests from their claim to their end.

use crate::clock::Clock;
use crate::db::transitions::{
    AddLog, AddStep, CancelRequest, Cancelled, FinishBuild, FinishCause, Rebuild, RecoverAtStart, StartBuild,
    StartBuildOutcome,
};
use crate::db::views::{buildsets, deciders};
use crate::domain::{
    Build, BuildRequest, BuildRequestId, Event, LogKind, Properties, RequestState, Results, StampSpec, Timestamp,
};
use crate::testing::test_db::{TestDb, TestSite};

fn clock() -> Clock {
    Clock::simulated(Timestamp::from_secs(1_767_225_600))
}

async fn start(db: &TestDb, site: &TestSite, request: BuildRequestId) -> StartBuildOutcome {
    let start = StartBuild {
        shown_at: None,
        builder: site.builder,
        requests: vec![request],
        worker: site.worker,
        properties: Properties::new(),
        state_string: "building".to_owned(),
    };
    db.db.write(start).await.unwrap()
}

async fn started(db: &TestDb, site: &TestSite, request: BuildRequestId) -> Build {
    match start(db, site, request).await {
        StartBuildOutcome::Started(build) => build,
        StartBuildOutcome::Lost => panic!("request {request} could not be claimed"),
    }
}

fn finish(build: &Build, results: Results, cause: FinishCause) -> FinishBuild {
    FinishBuild { build: build.id, results, state_string: "ended".to_owned(), properties: Properties::new(), cause }
}

async fn request(db: &TestDb, id: BuildRequestId) -> BuildRequest {
    db.db.read(move |conn| deciders::requests_by_id(conn, &[id])).await.unwrap().remove(0)
}

#[actix::test]
async fn a_request_is_claimed_once() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let id = db.request(&site).await.requests[0].1;
    let build = started(&db, &site, id).await;
    assert_eq!(build.number, 1);
    assert_eq!(start(&db, &site, id).await, StartBuildOutcome::Lost);
    db.assert_sound().await;
}

#[actix::test]
async fn merged_requests_are_built_again_from_the_newest_source_and_the_first_build_is_named() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let mut requests = Vec::new();
    for revision in ["r1", "r2"] {
        let source = StampSpec { revision: Some(revision.to_owned()), ..StampSpec::default() };
        requests.push(db.request_of(&site, source).await.requests[0].1);
    }
    let start = StartBuild {
        shown_at: None,
        builder: site.builder,
        requests,
        worker: site.worker,
        properties: Properties::new(),
        state_string: "building".to_owned(),
    };
    let StartBuildOutcome::Started(first) = db.db.write(start).await.unwrap() else { panic!("it starts") };
    let rebuild = async |build| {
        let again = Rebuild { build, reason: "rebuild".to_owned() };
        db.db.write(again).await.unwrap().unwrap()
    };
    let again = rebuild(first.id).await;
    let wanted = request(&db, again.requests[0].1).await;
    assert_eq!(wanted.source_stamps[0].1.revision.as_deref(), Some("r2"));
    let second = started(&db, &site, wanted.id).await;
    let third = rebuild(second.id).await;
    let found = db.db.read(move |conn| buildsets::find(conn, third.buildset)).await.unwrap().unwrap();
    assert_eq!(found.rebuilt_build, Some(first.id));
}

#[actix::test]
async fn the_end_of_a_build_completes_its_request_and_buildset_and_happens_once() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let fired = db.request(&site).await;
    let build = started(&db, &site, fired.requests[0].1).await;
    let ended = db.db.write(finish(&build, Results::Failure, FinishCause::Normal)).await.unwrap();
    assert_eq!(ended.completed, [(fired.requests[0].1, Results::Failure)]);
    assert_eq!(ended.buildsets, [fired.buildset]);
    let again = db.db.write(finish(&build, Results::Success, FinishCause::Normal)).await.unwrap();
    assert!(again.completed.is_empty() && again.buildsets.is_empty());
    assert!(matches!(
        request(&db, fired.requests[0].1).await.state,
        RequestState::Complete { results: Results::Failure, .. }
    ));
    db.assert_sound().await;
}

#[actix::test]
async fn the_third_loss_of_its_worker_ends_a_request_in_exception() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let id = db.request(&site).await.requests[0].1;
    let lost = FinishCause::WorkerLost { max_losses: 3 };
    for _ in 0..2 {
        let build = started(&db, &site, id).await;
        let ended = db.db.write(finish(&build, Results::Retry, lost)).await.unwrap();
        assert_eq!(ended.requeued, [id]);
    }
    // A restart of the master in between is no loss.
    let build = started(&db, &site, id).await;
    assert_eq!(db.db.write(finish(&build, Results::Retry, FinishCause::MasterStopped)).await.unwrap().requeued, [id]);
    let build = started(&db, &site, id).await;
    let ended = db.db.write(finish(&build, Results::Retry, lost)).await.unwrap();
    assert_eq!(ended.completed, [(id, Results::Exception)]);
    db.assert_sound().await;
}

#[actix::test]
async fn a_lost_build_leaves_no_open_steps_or_logs() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let id = db.request(&site).await.requests[0].1;
    let build = started(&db, &site, id).await;
    let add = AddStep { build: build.id, number: 0, name: "make".to_owned(), state_string: String::new(), group: None };
    let step = db.db.write(add).await.unwrap();
    db.db.write(AddLog { step: step.id, name: "stdio".to_owned(), kind: LogKind::Stream }).await.unwrap();
    db.db.write(finish(&build, Results::Retry, FinishCause::WorkerLost { max_losses: 3 })).await.unwrap();
    db.assert_sound().await;
}

#[actix::test]
async fn a_start_after_a_crash_requeues_what_was_running_and_nothing_else() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let running = db.request(&site).await.requests[0].1;
    let waiting = db.request(&site).await.requests[0].1;
    let build = started(&db, &site, running).await;
    let db = db.reopen().await;
    let recovered = db.db.write(RecoverAtStart).await.unwrap();
    assert_eq!(recovered.builds, [build.id]);
    let open = db.db.read(|conn| deciders::unclaimed_requests(conn, None)).await.unwrap();
    assert_eq!(open.iter().map(|request| request.id).collect::<Vec<_>>(), [running, waiting]);
    assert_eq!(open[0].worker_losses, 0);
    assert_eq!(db.db.write(RecoverAtStart).await.unwrap(), Default::default());
    db.assert_sound().await;
}

#[actix::test]
async fn only_a_waiting_request_can_be_cancelled() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    let (first, second) = (db.request(&site).await.requests[0].1, db.request(&site).await.requests[0].1);
    started(&db, &site, second).await;
    let cancel = |request| CancelRequest { request, reason: "unwanted".to_owned(), results: Results::Cancelled };
    assert_eq!(db.db.write(cancel(first)).await.unwrap(), Cancelled::Yes);
    assert!(matches!(db.db.write(cancel(first)).await.unwrap(), Cancelled::NotWaiting(RequestState::Complete { .. })));
    assert!(matches!(db.db.write(cancel(second)).await.unwrap(), Cancelled::NotWaiting(RequestState::Claimed { .. })));
    assert_eq!(db.db.write(cancel(BuildRequestId(99))).await.unwrap(), Cancelled::NoSuch);
    assert!(db.events.borrow().iter().any(|event| event.event.key() == "buildrequests/1/cancelled"));
    db.assert_sound().await;
}

#[actix::test]
async fn events_are_numbered_in_the_order_of_commits() {
    let db = TestDb::new(&clock());
    let site = db.site().await;
    for _ in 0..3 {
        db.request(&site).await;
    }
    let seqs: Vec<i64> = db.events.borrow().iter().map(|event| event.seq).collect();
    assert_eq!(seqs, (1..).take(seqs.len()).collect::<Vec<_>>());
    let added = |event: &Event| matches!(event, Event::BuildsetAdded { .. });
    assert_eq!(db.events.borrow().iter().filter(|event| added(&event.event)).count(), 3);
}
