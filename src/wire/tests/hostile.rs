//! Peers that want to be a burden, and workers beside them that do not notice.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn strangers_beyond_the_limit_are_closed_at_once_and_those_who_are_in_do_not_count() {
    let limits = WireLimits { strangers: 2, ..WireLimits::default() };
    let wire = TestWire::with(Admission::default(), limits);
    let (_one, first) = wire.attach(WorkerScript::new("w1")).await;
    let (_two, second) = wire.attach(WorkerScript::new("w2")).await;
    let silent = [wire.dial(Dialects::Msgpack), wire.dial(Dialects::Any)];
    tokio::task::yield_now().await;
    let began = Instant::now();
    let mut late = wire.dial(Dialects::Any);
    assert_eq!(late.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::ZERO);
    for link in [&first, &second] {
        assert_eq!(link.run(shell("1", None)).await.unwrap().rc, 0);
    }

    // Nobody may wait for long without a word.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let (_three, third) = wire.attach(WorkerScript::new("w3")).await;
    assert_eq!(third.ping().await, Ok(()));
    drop(silent);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_connections_that_never_log_in_leaves_nothing_behind() {
    let wire = TestWire::new();
    let (_worker, link) = wire.attach(WorkerScript::new("w1")).await;
    let mut crowd = Vec::new();
    for n in 0..500 {
        let mut peer = wire.dial(Dialects::Any);
        // Some are silent, some say a little, some say half of something.
        let words: &[u8] = [b"".as_slice(), b"G", b"\x02\x82pb", b"GET / HTTP/1.1\r\nUpgrade: Web"][n % 4];
        peer.write_all(words).await.unwrap();
        crowd.push(peer);
    }
    assert_eq!(link.run(shell("1", None)).await.unwrap().rc, 0);
    for mut peer in crowd {
        let mut buffer = [0; 256];
        while let Ok(Ok(1..)) = timeout(Duration::from_secs(60), peer.read(&mut buffer)).await {}
    }
    assert_eq!(link.run(shell("2", None)).await.unwrap().rc, 0);
    let limits = WireLimits::default();
    assert_eq!(wire.hub.n_places_for_strangers(), limits.strangers);
}
