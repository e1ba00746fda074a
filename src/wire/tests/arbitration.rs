//! Two connections of one name.

use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_second_connection_is_closed_while_the_first_one_lives() {
    let wire = TestWire::new();
    let (_first, link) = wire.attach(WorkerScript::new("w1")).await;
    let mut second = ScriptedWorker::connect(wire.dial(Dialects::Msgpack), WorkerScript::new("w1")).await.unwrap();
    second.gone().await;
    assert_eq!(link.ping().await, Ok(()));
    assert_eq!(wire.heard(), [Heard::Attached("w1".to_owned(), link.session())]);
}

#[tokio::test(start_paused = true)]
async fn a_second_connection_wins_against_a_silent_one_after_ten_seconds() {
    let wire = TestWire::with(Admission::default(), WireLimits::default());
    let (first, old) = wire.attach(WorkerScript::new("w1")).await;
    first.stop_answering();
    let began = Instant::now();
    let _second = ScriptedWorker::connect(wire.dial(Dialects::Msgpack), WorkerScript::new("w1")).await.unwrap();
    wire.detached(old.session()).await;
    assert_eq!(began.elapsed(), Duration::from_secs(10));
    let new = wire.attached(old.session()).await;
    assert_eq!(new.ping().await, Ok(()));
    let heard = wire.heard();
    assert!(matches!(&heard[1], Heard::Detached(_, session, _) if *session == old.session()), "{heard:?}");
    assert_eq!(heard[2], Heard::Attached("w1".to_owned(), new.session()));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_reconnects_after_a_loss_is_welcome() {
    let wire = TestWire::new();
    let (first, old) = wire.attach(WorkerScript::new("w1")).await;
    first.hang_up();
    wire.detached(old.session()).await;
    let (_second, new) = wire.attach(WorkerScript::new("w1")).await;
    assert!(old.session() < new.session());
    assert_eq!(new.run(shell("1", None)).await.unwrap().rc, 0);
}
