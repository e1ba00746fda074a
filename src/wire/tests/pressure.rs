//! A log store that is slower than a worker.

use buildbot_protocol::Request;

use super::*;
use crate::testing::scripted_worker::{Reply, stdout};

fn small_pipeline() -> TestWire {
    let admission = Admission { keepalive: Duration::from_secs(60), ..Admission::default() };
    TestWire::with(admission, WireLimits { pipeline_bytes: 64 * 1024, ..WireLimits::default() })
}

#[tokio::test(start_paused = true)]
async fn a_master_whose_store_is_stuck_stops_reading_and_the_worker_stays_alive() {
    let wire = small_pipeline();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let shelf = LogShelf::closed();
    let log = wire.log_on(1, &shelf);
    let running = tokio::spawn({
        let (link, command) = (link.clone(), shell("1", Some(Arc::clone(&log))));
        async move { link.run(command).await }
    });
    worker.started().await;
    let text = format!("{}\n", "x".repeat(9_999));
    let answers: Vec<_> = (0..50)
        .map(|_| worker.tell(Request::Update { command_id: "1".to_owned(), updates: vec![stdout(&text)] }))
        .collect();
    worker.finish("1", Reply::rc(0));
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(wire.heard().len(), 1, "a paused connection is not a dead one");
    assert!(!running.is_finished());
    assert!(log.n_lines() <= 6, "{} lines were taken in", log.n_lines());

    shelf.allow(1_000);
    assert_eq!(running.await.unwrap().unwrap().rc, 0);
    assert_eq!(shelf.text(LogId(1)).len(), 50 * 10_001);
    for answer in answers {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(link.ping().await, Ok(()));
}
