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
    (port, receiver_at(listener, codes))
}

fn receiver_at(listener: TcpListener, codes: &'static [u16]) -> Receiver<Posted> {
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
    posted
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
    let push = format!(
        "reporters.HttpStatusPush('http://127.0.0.1:{port}/hook?x=1', name='push', secret='{KEY}', \
         auth=('bob', 's3cret'), headers={{'X-Team': 'core'}})"
    );
    with_services(site, &push)
}

fn with_services(site: &Site, services: &str) -> String {
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
from buildbot.status.status_push import HttpStatusPush
c['services'] = [{services}]
"#,
        http = site.http_port,
        worker = site.worker_port,
    )
}

fn started(port: u16) -> Site {
    started_with(Site::new(|site| configuration(site, port)))
}

/// With one build.
fn started_with(mut site: Site) -> Site {
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

/// The packets of a form.
fn packets(posted: &Posted) -> Vec<Value> {
    let form = String::from_utf8(posted.body.clone()).unwrap();
    let mut bytes = Vec::new();
    let mut letters = form.strip_prefix("packets=").unwrap().bytes();
    while let Some(letter) = letters.next() {
        bytes.push(match letter {
            b'+' => b' ',
            b'%' => {
                let digits = [letters.next().unwrap(), letters.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    json::from_slice::<Vec<Value>>(&bytes).unwrap()
}

#[test]
fn all_that_happens_is_posted_in_order_as_0_8_did() {
    let (port, posted) = receiver(&[503]);
    let push = format!("HttpStatusPush('http://127.0.0.1:{port}/', name='all', retryDelay=1, chunkSize=3)");
    let site = started_with(Site::new(|site| with_services(site, &push)));
    let first = next(&posted);
    assert_eq!(first.header("content-type"), Some("application/x-www-form-urlencoded"));
    let mut told: Vec<Value> = Vec::new();
    while !told.iter().any(|packet| packet["event"] == json!("buildFinished")) {
        told.extend(packets(&next(&posted)));
    }
    let ids: Vec<i64> = told.iter().map(|packet| packet["id"].as_i64().unwrap()).collect();
    assert!(ids.is_sorted() && packets(&first).iter().all(|packet| told.contains(packet)), "{ids:?}");
    let names: Vec<&str> = told.iter().map(|packet| packet["event"].as_str().unwrap()).collect();
    let wanted = ["requestSubmitted", "buildStarted", "stepStarted", "stepFinished", "buildFinished"];
    let places: Vec<_> = wanted.iter().map(|name| names.iter().position(|told| told == name)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{names:?}");
    let build = &told.last().unwrap()["payload"]["build"];
    assert_eq!((&build["builderName"], &build["number"], &build["results"]), (&json!("b"), &json!(1), &json!(0)));
    assert_eq!(build["steps"][0]["name"], json!("test"));
    assert!(site.get_text("reporters").contains("buildFinished"));
}

#[test]
fn nothing_is_missing_at_the_receiver_after_an_outage_in_which_the_master_is_killed() {
    // Reserved and not listened at: every connection is refused.
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = reserved.local_addr().unwrap().port();
    drop(reserved);
    let mut site = started(port);
    let force = |site: &Site, number| {
        site.control("forceschedulers/force", "force", json!({"builderNames": ["b"]}));
        site.finished_build("b", number);
    };
    (2..=4).for_each(|number| force(&site, number));
    site.kill_master();
    site.start_master();
    site.wait_for_worker();
    (5..=6).for_each(|number| force(&site, number));
    site.kill_master();
    let posted = receiver_at(TcpListener::bind(("127.0.0.1", port)).unwrap(), &[]);
    site.start_master();
    let mut told: Vec<(i64, bool)> = Vec::new();
    while told.len() < 12 {
        let build = next(&posted).json();
        let line = (build["number"].as_i64().unwrap(), build["complete"].as_bool().unwrap());
        // At least once: what was being sent when the master died may come again.
        if !told.contains(&line) {
            told.push(line);
        }
    }
    for number in 1..=6 {
        let place = |complete| told.iter().position(|line| *line == (number, complete)).unwrap();
        assert!(place(false) < place(true), "{told:?}");
    }
}
