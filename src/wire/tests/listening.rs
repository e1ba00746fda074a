//! Who is heard at a port, and what is said to others.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nUser-Agent: AutobahnPython/26.10.2\r\nHost: localhost:29990\r\n\
    Upgrade: WebSocket\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n\
    Authorization: Basic dzE6c2VjcmV0\r\nSec-WebSocket-Key: 8OFILm8jZ/FBs+RnVaYsvw==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

const GREETING: &[u8] = &[0x02, 0x80, 0x02, 0x82, b'p', b'b', 0x04, 0x82, b'n', b'o', b'n', b'e'];

const VERSION: &[u8] = &[0x02, 0x80, 0x13, 0x87, 0x06, 0x81];

async fn answer_to(request: &str) -> String {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::Any);
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_a_bare_status_line() {
    let without = REQUEST.replace("Authorization", "X");
    assert_eq!(answer_to(&without).await, "HTTP/1.1 401 Unauthorized\r\n\r\n");
    let wrong = REQUEST.replace("dzE6c2VjcmV0", "dzE6d3Jvbmc=");
    assert_eq!(answer_to(&wrong).await, "HTTP/1.1 401 Unauthorized\r\n\r\n");
    let broken = REQUEST.replace("Basic", "Bearer");
    assert_eq!(answer_to(&broken).await, "HTTP/1.1 400 Bad request\r\n\r\n");
    assert_eq!(answer_to("GET / HTTP/1.1\r\n\r\n").await, "HTTP/1.1 400 Bad request\r\n\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_handshake_that_trickles_in_is_good_enough() {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::Any);
    for byte in REQUEST.bytes() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        peer.write_all(&[byte]).await.unwrap();
    }
    let mut answer = [0; 32];
    peer.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 101 Switching Protocols"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_waits_is_greeted_after_a_moment() {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::Any);
    let began = Instant::now();
    let mut greeting = [0; GREETING.len()];
    peer.read_exact(&mut greeting).await.unwrap();
    assert_eq!((&greeting[..], began.elapsed()), (GREETING, Duration::from_millis(100)));
    peer.write_all(b"\x02\x82pb").await.unwrap();
    assert_eq!(peer.read(&mut greeting).await.unwrap(), VERSION.len());
    assert!(greeting.starts_with(VERSION));
    assert_eq!(peer.read(&mut greeting).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_millis(10_100));
}

#[tokio::test(start_paused = true)]
async fn a_port_of_perspective_broker_greets_at_once() {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::PerspectiveBroker);
    let began = Instant::now();
    let mut greeting = [0; GREETING.len()];
    peer.read_exact(&mut greeting).await.unwrap();
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_port_of_msgpack_never_greets() {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::Msgpack);
    let began = Instant::now();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_login_that_falls_silent_is_dropped_after_ten_seconds() {
    let wire = TestWire::new();
    let mut peer = wire.dial(Dialects::Any);
    peer.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let began = Instant::now();
    assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn tls_without_a_certificate_and_noise_are_dropped_at_once() {
    for first in [b"\x16\x03\x01".as_slice(), b"\xff\xff"] {
        let wire = TestWire::new();
        let mut peer = wire.dial(Dialects::Any);
        peer.write_all(first).await.unwrap();
        let began = Instant::now();
        assert_eq!(peer.read(&mut [0; 16]).await.unwrap(), 0);
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn a_worker_comes_in_through_a_real_port() {
    let wire = TestWire::new();
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = Listener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    let entrance = Entrance { dialects: Dialects::Any, encryption: Encryption::None };
    let serving = tokio::spawn(listener.run(Arc::clone(&wire.hub), entrance));
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let _worker = ScriptedWorker::connect(stream, WorkerScript::new("w1")).await.unwrap();
    assert_eq!(wire.attached(0).await.ping().await, Ok(()));
    serving.abort();
}
