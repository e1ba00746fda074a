//! `/ws` and `/sse` from the handshake to the end, over pipes in memory: time and the pace of a client are the test's.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev;
use actix_web::error::PayloadError;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use actix_web::web::{Bytes, Data, Path, Payload};
use actix_web::{FromRequest, test};
use futures_util::{SinkExt, StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::site::Site;
use crate::domain::learned::{Average, LearnedStep, TIME};
use crate::domain::{BuildId, BuilderId, Event, LogId, StepId};
use crate::json::{self, Value, json};
use crate::testing::past_builds::{start_step, teach};
use crate::web::error::WebError;
use crate::web::live::{HubPlace, sse, websocket};

type BoxedPayloadStream = Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, PayloadError>>>>;

/// Bytes on the way to a client that does not read.
const PIPE: usize = 16 << 10;

/// A site with a hub.
struct LiveSite {
    site: Site,
    hub: Data<HubPlace>,
}

impl LiveSite {
    /// With the events that made it.
    async fn new() -> (Self, Vec<Event>) {
        let (site, _) = Site::filled().await;
        let events = site.database.events.borrow().iter().map(|committed| committed.event.clone()).collect();
        (Self { site, hub: Data::default() }, events)
    }

    fn publish(&self, events: &[Event]) {
        self.site.state.handle.live().publish(Arc::from(events));
    }

    async fn connect(&self) -> Client {
        let (near, far) = duplex(PIPE);
        let (from_client, to_client) = split(far);
        let request = test::TestRequest::default()
            .insert_header((UPGRADE, "websocket"))
            .insert_header((CONNECTION, "Upgrade"))
            .insert_header((SEC_WEBSOCKET_VERSION, "13"))
            .insert_header((SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="))
            .to_http_request();
        let (arrived, mut incoming) = mpsc::unbounded_channel();
        actix::spawn(read_all(from_client, arrived));
        let incoming: BoxedPayloadStream = Box::pin(stream::poll_fn(move |cx| incoming.poll_recv(cx)));
        let mut payload = dev::Payload::Stream { payload: incoming };
        let payload = Payload::from_request(&request, &mut payload).await.unwrap();
        let response = websocket(request, payload, self.site.state.clone(), self.hub.clone()).await.unwrap();
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        actix::spawn(write_all(response.into_body(), to_client));
        Client { socket: WebSocketStream::from_raw_socket(near, Role::Client, None).await, last_id: 0 }
    }

    async fn sse(&self, path: &str) -> Result<BoxBody, WebError> {
        let response = sse::get(Path::from(path.to_owned()), self.site.state.clone(), self.hub.clone()).await?;
        Ok(response.into_body())
    }
}

/// Reads on when nobody listens any more, as the buffers of a connection do.
async fn read_all(mut from: ReadHalf<DuplexStream>, to: mpsc::UnboundedSender<Result<Bytes, PayloadError>>) {
    let mut buffer = [0; 4_096];
    while let Ok(n_read @ 1..) = from.read(&mut buffer).await {
        let _ = to.send(Ok(Bytes::copy_from_slice(&buffer[..n_read])));
    }
}

/// Takes from a body only what the pipe has room for, as a connection does.
async fn write_all(mut body: BoxBody, mut to: WriteHalf<DuplexStream>) {
    while let Some(chunk) = next_chunk(&mut body).await {
        if to.write_all(&chunk).await.is_err() {
            return;
        }
    }
    let _ = to.shutdown().await;
}

async fn next_chunk(body: &mut BoxBody) -> Option<Bytes> {
    poll_fn(|cx| Pin::new(&mut *body).poll_next(cx)).await.map(Result::unwrap)
}

async fn next_text(body: &mut BoxBody) -> Option<String> {
    next_chunk(body).await.map(|chunk| String::from_utf8(chunk.to_vec()).unwrap())
}

struct Client {
    socket: WebSocketStream<DuplexStream>,
    last_id: i64,
}

impl Client {
    async fn send(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// The next text.
    async fn hear(&mut self) -> Value {
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => return json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Reads to the end: the texts, the code and the reason.
    async fn hear_end(&mut self) -> (Vec<Value>, u16, String) {
        let mut texts = Vec::new();
        loop {
            match self.socket.next().await.unwrap().unwrap() {
                Message::Text(text) => texts.push(json::from_str(&text).unwrap()),
                Message::Close(Some(frame)) => return (texts, frame.code.into(), frame.reason.to_string()),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn ask(&mut self, command: &str, path: &str) -> Value {
        self.last_id += 1;
        self.send(&json!({"cmd": command, "path": path, "_id": self.last_id}).to_string()).await;
        let reply = self.hear().await;
        assert_eq!(reply["_id"], json!(self.last_id));
        reply
    }

    async fn consume(&mut self, path: &str) {
        assert_eq!(self.ask("startConsuming", path).await["msg"], "OK");
    }
}

/// The one element that REST shows at a path, with what `/ws` adds and leaves out.
async fn element(site: &Site, key: &str) -> Value {
    let (kind, rest) = key.split_once('/').unwrap();
    let (id, _) = rest.split_once('/').unwrap();
    let answer = site.api(&format!("/{kind}/{id}")).await.json();
    answer[kind][0].clone()
}

fn update(build: i64) -> Event {
    Event::BuildPropertiesChanged { build: BuildId(build) }
}

#[actix_web::test]
async fn a_client_hears_of_all_events_in_order_with_the_elements_of_rest() {
    let (live, events) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.consume("*/*/*").await;
    live.publish(&events);
    let expected: Vec<&Event> =
        events.iter().filter(|event| !matches!(event, Event::BuildPropertiesChanged { .. })).collect();
    assert!(20 < expected.len(), "{expected:?}");
    for event in expected {
        let frame = client.hear().await;
        let key = frame["k"].as_str().unwrap().to_owned();
        assert_eq!(key, event.key());
        let mut shown = element(&live.site, &key).await;
        if key.ends_with("/new") && key.starts_with("buildsets/") {
            shown["scheduler"] = json!("force");
        }
        assert_eq!(frame["m"], shown, "{key}");
    }
}

#[actix_web::test]
async fn a_build_is_heard_of_under_its_builder_and_its_worker() {
    let (live, events) = LiveSite::new().await;
    let started = events.iter().find(|event| matches!(event, Event::BuildStarted { .. })).unwrap();
    for pattern in ["builders/1/builds/*/*", "workers/1/builds/*/*", "builders/*/builds/1/new"] {
        let mut client = live.connect().await;
        client.consume(pattern).await;
        live.publish(std::slice::from_ref(started));
        let frame = client.hear().await;
        assert_eq!(frame["m"]["buildid"], json!(1), "{pattern}: {frame}");
    }
}

#[actix_web::test]
async fn what_is_expected_of_a_build_is_told_when_its_steps_move() {
    let (live, _) = LiveSite::new().await;
    let time = BTreeMap::from([(TIME.to_owned(), Average { value: 70.0, n_samples: 1 })]);
    let usual = LearnedStep { name: "git".to_owned(), position: 0, presence: 1.0, group: None, metrics: time };
    teach(live.site.db(), BuilderId(1), vec![usual]).await.unwrap();
    let mut client = live.connect().await;
    client.consume("builds/*/estimate/*").await;
    let step = start_step(live.site.db(), BuildId(2), 0, "git").await.unwrap();
    live.publish(&[Event::StepStarted { step, build: BuildId(2) }]);
    let frame = client.hear().await;
    assert_eq!((&frame["k"], &frame["m"]["usual_s"]), (&json!("builds/2/estimate/update"), &json!(70)), "{frame}");
    assert_eq!(frame["m"]["steps"][0]["stepid"], json!(step.0));
}

#[actix_web::test]
async fn properties_and_growing_logs_are_told_with_what_matters() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.consume("builds/*/properties/*").await;
    client.consume("steps/2/logs/stdio/*").await;
    client.consume("logs/*/append").await;
    let log = live.site.api("/logs/1").await.json()["logs"][0].clone();
    let step = StepId(log["stepid"].as_i64().unwrap());
    live.publish(&[update(1), Event::LogAppended { log: LogId(1), step, n_lines: 3 }]);
    let frame = client.hear().await;
    assert_eq!(frame["k"], "builds/1/properties/update");
    assert_eq!(frame["m"], live.site.api("/builds/1/properties").await.json()["properties"][0]);
    for key in ["logs/1/append", "steps/2/logs/stdio/append"] {
        let frame = client.hear().await;
        assert_eq!((&frame["k"], &frame["m"]["num_lines"]), (&json!(key), &json!(3)));
        assert_eq!(frame["m"]["slug"], log["slug"]);
    }
}

#[actix_web::test]
async fn commands_are_acknowledged_and_mistakes_named() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    assert_eq!(client.ask("ping", "").await["msg"], "pong");
    client.consume("builds/*/*").await;
    client.consume("builds/*/*").await;
    assert_eq!(client.ask("stopConsuming", "builds/*/*").await["code"], 200);
    assert_eq!(client.ask("stopConsuming", "builds/*/*").await["code"], 400);
    assert_eq!(client.ask("dance", "x").await["code"], 404);
    assert_eq!(client.ask("startConsuming", &"x/".repeat(100)).await["code"], 400);
    live.publish(&[update(1)]);
    client.consume("builds/1/properties/*").await;
    live.publish(&[update(1)]);
    assert_eq!(client.hear().await["k"], "builds/1/properties/update");
}

#[actix_web::test]
async fn a_client_that_does_not_read_is_let_go_and_the_others_hear_everything() {
    let (live, _) = LiveSite::new().await;
    let (mut slow, mut quick) = (live.connect().await, live.connect().await);
    slow.consume("builds/*/properties/*").await;
    quick.consume("builds/*/properties/*").await;
    let n_events = 3_000;
    for _ in 0..n_events {
        live.publish(&[update(1)]);
        assert_eq!(quick.hear().await["k"], "builds/1/properties/update");
    }
    let (heard, code, reason) = slow.hear_end().await;
    assert!(heard.len() < n_events, "{}", heard.len());
    assert_eq!((code, reason.as_str()), (1013, "the client reads too slowly: connect again and reload"));
}

#[actix_web::test]
async fn a_large_group_of_events_is_no_reason_to_let_a_client_go() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.consume("builds/*/properties/*").await;
    client.consume("*/*/*/*").await;
    let reading = actix::spawn(async move {
        for _ in 0..10_000 {
            assert_eq!(client.hear().await["k"], "builds/1/properties/update");
        }
    });
    live.publish(&vec![update(1); 5_000]);
    reading.await.unwrap();
}

#[actix_web::test]
async fn clients_of_a_hub_that_lost_events_are_told_to_come_again() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.consume("builds/*/properties/*").await;
    for _ in 0..10_000 {
        live.publish(&[update(1)]);
    }
    let (heard, code, reason) = client.hear_end().await;
    assert!(heard.is_empty());
    assert_eq!(code, 1013);
    assert!(reason.contains("events were lost"), "{reason}");

    let mut client = live.connect().await;
    client.consume("builds/*/properties/*").await;
    live.publish(&[update(2)]);
    assert_eq!(client.hear().await["k"], "builds/2/properties/update");
}

#[actix_web::test]
async fn a_client_that_gives_no_sign_of_life_is_let_go_and_one_that_only_listens_is_not() {
    let (live, _) = LiveSite::new().await;
    let (mut silent, mut listening) = (live.connect().await, live.connect().await);
    listening.consume("builds/*/properties/*").await;
    let listening = actix::spawn(async move { listening.hear().await });
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    live.publish(&[update(1)]);
    assert_eq!(listening.await.unwrap()["k"], "builds/1/properties/update");
    let (_, code, _) = silent.hear_end().await;
    assert_eq!(code, 1001);
}

#[actix_web::test]
async fn a_command_that_is_too_long_ends_the_session() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.send(&"x".repeat(5_000)).await;
    let (_, code, _) = client.hear_end().await;
    assert_eq!(code, 1009);
}

#[actix_web::test]
async fn events_come_as_server_sent_events_too() {
    let (live, _) = LiveSite::new().await;
    let mut body = live.sse("listen").await.unwrap();
    let handshake = next_text(&mut body).await.unwrap();
    let id = handshake.strip_prefix("event: handshake\ndata: ").unwrap().trim_end().to_owned();
    live.sse(&format!("add/{id}/builds/*/properties/*")).await.unwrap();
    live.publish(&[update(1)]);
    let event = next_text(&mut body).await.unwrap();
    let data = event.strip_prefix("event: event\ndata: ").unwrap();
    let data: Value = json::from_str(data).unwrap();
    assert_eq!(data["key"], json!(["builds", "1", "properties", "update"]));
    assert_eq!(data["message"], live.site.api("/builds/1/properties").await.json()["properties"][0]);

    live.sse(&format!("remove/{id}/builds/*/properties/*")).await.unwrap();
    live.publish(&[update(1)]);
    assert_eq!(next_text(&mut body).await.unwrap(), ": still here\n\n");

    drop(body);
    for path in ["add", &format!("add/{id}/a"), &format!("remove/{id}/a"), "add/nobody/a"] {
        assert!(matches!(live.sse(path).await, Err(WebError::BadRequest(_))), "{path}");
    }
}

#[actix_web::test]
async fn clients_are_told_that_the_master_ends() {
    let (live, _) = LiveSite::new().await;
    let mut client = live.connect().await;
    client.consume("builds/*/*").await;
    let mut events = live.sse("listen/builds/*/*").await.unwrap();
    assert!(next_text(&mut events).await.unwrap().starts_with("event: handshake"));
    live.site.state.end();
    let (_, code, reason) = client.hear_end().await;
    assert_eq!((code, reason.as_str()), (1001, "the master ends: connect again when it is back"));
    assert_eq!(next_text(&mut events).await, None);
}
