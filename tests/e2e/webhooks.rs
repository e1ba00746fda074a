//! Builds posted to an HTTP server, which checks the signatures by itself.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use buildbot::json::{self, Value, json};
use ring::hmac;

use crate::site::{Site, WORKER, wait_for};

const KEY: &str = "a key of the receiver";

/// A request as it came.
struct Posted {
    head: String,
    body: Vec<u8>,
}

impl Posted {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    /// As the documentation of forges says how to check it.
    fn is_signed(&self) -> bool {
        let Some(signature) = self.header("x-hub-signature-256").and_then(|value| value.strip_prefix("sha256=")) else {
            return false;
        };
        let bytes: Option<Vec<u8>> =
            (0..signature.len()).step_by(2).map(|at| u8::from_str_radix(signature.get(at..at + 2)?, 16).ok()).collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, KEY.as_bytes());
        bytes.is_some_and(|bytes| hmac::verify(&key, &self.body, &bytes).is_ok())
    }

    fn json(&self) -> Value {
        json::from_slice(&self.body).unwrap()
    }
}

/// Serves until the test ends; the first requests are answered with these codes, all others with 200.
fn receiver(codes: &'static [u16]) -> (u16, Receiver<Posted>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, posted) = channel();
    std::thread::spawn(move || {
        let mut codes = codes.iter();
        for stream in listener.incoming().map_while(Result::ok) {
            let code = codes.next().copied().unwrap_or(200);
            if take(stream, code, &sender).is_none() {
                break;
            }
        }
    });
    (port, posted)
}

fn take(mut stream: TcpStream, code: u16, sender: &Sender<Posted>) -> Option<()> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let (head, mut body) = loop {
        let n_read = stream.read(&mut piece).ok()?;
        bytes.extend_from_slice(&piece[..n_read]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&bytes[..end]).into_owned(), bytes.split_off(end + 4));
        }
        if n_read == 0 {
            return Some(());
        }
    };
    let mut posted = Posted { head, body: Vec::new() };
    let length: usize = posted.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        let n_read = stream.read(&mut piece).ok().filter(|n_read| *n_read != 0)?;
        body.extend_from_slice(&piece[..n_read]);
    }
    posted.body = body;
    let answer = format!("HTTP/1.1 {code} X\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    let _ = stream.write_all(answer.as_bytes());
    sender.send(posted).ok()
}

fn configuration(site: &Site, port: u16) -> String {
    format!(
        r#"
from buildbot.plugins import *
c = BuildmasterConfig = {{}}
c['title'] = "Webhooks"
c['buildbotURL'] = "http://127.0.0.1:{http}/"
c['workers'] = [worker.Worker("{WORKER}", "pass")]
c['protocols'] = {{'pb': {{'port': 'tcp:{worker}:interface=127.0.0.1'}}}}
factory = util.BuildFactory([steps.ShellCommand(name="test", command=["true"])])
c['builders'] = [util.BuilderConfig(name="b", workernames=["{WORKER}"], factory=factory)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
c['www'] = dict(port='tcp:{http}:interface=127.0.0.1', plugins={{}})
c['services'] = [reporters.HttpStatusPush('http://127.0.0.1:{port}/hook?x=1', name='push', secret='{KEY}',
    auth=('bob', 's3cret'), headers={{'X-Team': 'core'}})]
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

fn started(port: u16) -> Site {
    let mut site = Site::new(|site| configuration(site, port));
    site.start_master();
    site.start_worker();
    site.wait_for_worker();
    site.control("forceschedulers/force", "force", json!({"builderNames": ["b"]}));
    site.finished_build("b", 1);
    site
}

/// The next request; nothing takes this long unless it hangs.
fn next(posted: &Receiver<Posted>) -> Posted {
    posted.recv_timeout(Duration::from_secs(120)).unwrap()
}

#[test]
fn builds_are_posted_and_signed() {
    let (port, posted) = receiver(&[]);
    let site = started(port);
    let (first, second) = (next(&posted), next(&posted));
    assert!(first.is_signed() && second.is_signed());
    assert!(first.head.starts_with("POST /hook?x=1 HTTP/1.1"), "{}", first.head);
    assert_eq!(first.header("authorization"), Some("Basic Ym9iOnMzY3JldA=="));
    assert_eq!(first.header("x-team"), Some("core"));
    assert_eq!(first.header("x-buildbot-event"), Some("builds/1/new"));
    let (new, finished) = (first.json(), second.json());
    assert_eq!((&new["complete"], &new["results"]), (&json!(false), &Value::Null));
    assert_eq!((&finished["complete"], &finished["results"]), (&json!(true), &json!(0)));
    assert_eq!(finished["builder"]["name"], json!("b"));
    assert_eq!(finished["properties"]["buildername"], json!(["b", "Builder"]));
    let url = format!("http://127.0.0.1:{}/builders/", site.http_port);
    assert!(finished["url"].as_str().unwrap().starts_with(&url), "{finished}");
}

#[test]
fn a_request_is_repeated_until_it_is_taken_and_by_hand() {
    let (port, posted) = receiver(&[503, 404]);
    let site = started(port);
    let first = next(&posted);
    // The first attempt found a server that was not ready, the second one was refused, and its successor taken.
    let all: Vec<Posted> = vec![next(&posted), next(&posted)];
    let ids: Vec<Option<&str>> = all.iter().map(|posted| posted.header("x-buildbot-delivery")).collect();
    assert!(all.iter().all(Posted::is_signed) && ids[0] != ids[1]);
    assert!(ids.contains(&first.header("x-buildbot-delivery")), "the same delivery has the same name");
    let refused = wait_for("the refusal", || {
        site.query("state.sqlite", "SELECT CAST(id AS TEXT) AS value FROM deliveries WHERE state = 'refused'").pop()
    });
    let page = site.get_text("reporters");
    assert!(page.contains("404 Not Found") && page.contains("refused"), "{page}");
    let url = format!("http://127.0.0.1:{}/reporters/{refused}/again", site.http_port);
    ureq::post(url).send_empty().unwrap();
    assert!(next(&posted).is_signed());
}
