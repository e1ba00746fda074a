//! Silence, and who is taken for dead.

use buildbot_protocol::Request;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_worker_that_answers_stays() {
    let wire = TestWire::new();
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert_eq!(link.ping().await, Ok(()));
    let n_asked = worker.heard().into_iter().filter(|request| *request == Request::Keepalive).count();
    assert_eq!(n_asked, 60);
}

#[tokio::test(start_paused = true)]
async fn a_connection_on_which_nothing_comes_back_dies_after_two_intervals() {
    let wire = TestWire::new();
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.freeze();
    let began = Instant::now();
    let why = wire.detached(link.session()).await;
    assert!(why.contains("no sign of life"), "{why}");
    // One interval until it is asked, and two without an answer.
    assert_eq!(began.elapsed(), Duration::from_secs(180));
}

#[tokio::test(start_paused = true)]
async fn a_ping_without_answer_is_a_loss() {
    let wire = TestWire::with(Admission::default(), WireLimits::default());
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.stop_answering();
    assert!(matches!(link.ping().await, Err(LinkError::Lost(_))));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_an_answer_hears_of_the_loss_at_once() {
    let wire = TestWire::with(Admission::default(), WireLimits::default());
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.stop_answering();
    let began = Instant::now();
    let ping = tokio::spawn(async move { link.ping().await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    worker.hang_up();
    assert!(matches!(ping.await.unwrap(), Err(LinkError::Lost(why)) if why.contains("connection")));
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_closed_link_is_gone_for_everybody() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    link.shutdown();
    link.ping().await.unwrap();
    assert!(worker.heard().contains(&Request::Shutdown));
    wire.hub.close_all("the master stops");
    worker.gone().await;
    link.ended().await;
    assert_eq!(wire.detached(link.session()).await, "the master stops");
}
