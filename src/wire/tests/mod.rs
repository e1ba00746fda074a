//! Masters and workers that talk over streams in memory, in virtual time.

mod arbitration;
mod attaching;
mod commands;
mod hostile;
mod listening;
mod liveness;
mod pb;
mod pressure;
mod tls;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use buildbot_protocol::Value;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::io::DuplexStream;
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::*;
use crate::clock::Clock;
use crate::domain::{LogId, LogKind, Timestamp};
use crate::testing::log_shelf::LogShelf;
use crate::testing::scripted_worker::{ScriptedWorker, WorkerScript};

/// A name for what the gate heard.
#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Attached(String, u64),
    Detached(String, u64, String),
    WantsToLeave(String),
}

/// Admits everybody whose password is `secret`; `change` is no worker but sends changes.
struct TestGate {
    changes: Arc<Mutex<Vec<BTreeMap<String, Value>>>>,
    admission: Admission,
    heard: watch::Sender<Vec<Heard>>,
    links: Mutex<Vec<WorkerLink>>,
    /// Further clients.
    visitors: Mutex<Vec<(String, Visitor)>>,
}

impl TestGate {
    fn admit_as(&self, name: &str, visitor: Visitor) {
        self.visitors.lock().unwrap().push((name.to_owned(), visitor));
    }

    fn visitor(&self, name: &str) -> Option<Visitor> {
        let visitors = self.visitors.lock().unwrap();
        visitors.iter().find(|(known, _)| known == name).map(|(_, visitor)| visitor.clone())
    }
}

impl Gate for TestGate {
    fn admit<'a>(&'a self, name: &'a str, proof: &'a Proof<'_>) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let verdict = match proof.fits("secret") {
            _ if name == "change" || self.visitor(name).is_some() => Err(Refusal::UnknownWorker),
            true => Ok(self.admission.clone()),
            false => Err(Refusal::WrongPassword),
        };
        std::future::ready(verdict).boxed()
    }

    fn admit_client(&self, name: &str, proof: &Proof<'_>) -> Option<Visitor> {
        let sink = Visitor::Changes(Arc::new(Changes(Arc::clone(&self.changes))));
        let visitor = if name == "change" { Some(sink) } else { self.visitor(name) };
        visitor.filter(|_| proof.fits("secret"))
    }

    fn attached(&self, link: WorkerLink) {
        let heard = Heard::Attached(link.name().to_owned(), link.session());
        self.links.lock().unwrap().push(link);
        self.heard.send_modify(|all| all.push(heard));
    }

    fn wants_to_leave(&self, name: &str) {
        self.heard.send_modify(|all| all.push(Heard::WantsToLeave(name.to_owned())));
    }

    fn detached(&self, name: &str, session: u64, why: &str) {
        self.heard.send_modify(|all| all.push(Heard::Detached(name.to_owned(), session, why.to_owned())));
    }
}

/// Keeps changes, if they have an author.
struct Changes(Arc<Mutex<Vec<BTreeMap<String, Value>>>>);

impl ChangeSink for Changes {
    fn add_change(&self, change: BTreeMap<String, Value>) -> BoxFuture<'static, Result<(), String>> {
        let has_author = change.contains_key("who");
        self.0.lock().unwrap().push(change);
        std::future::ready(if has_author { Ok(()) } else { Err("who was it?".to_owned()) }).boxed()
    }
}

/// The wire of a master.
struct TestWire {
    gate: Arc<TestGate>,
    hub: Arc<Hub>,
    shelf: LogShelf,
}

impl TestWire {
    fn new() -> Self {
        Self::with(Admission { keepalive: Duration::from_secs(60), ..Admission::default() }, WireLimits::default())
    }

    fn with(admission: Admission, limits: WireLimits) -> Self {
        let gate = Arc::new(TestGate {
            changes: Arc::default(),
            admission,
            heard: watch::Sender::default(),
            links: Mutex::default(),
            visitors: Mutex::default(),
        });
        let hub = Hub::new(Arc::clone(&gate) as Arc<dyn Gate>, limits);
        Self { gate, hub, shelf: LogShelf::open() }
    }

    /// The worker's end of a connection that the master serves.
    fn dial(&self, dialects: Dialects) -> DuplexStream {
        self.dial_at(Entrance { dialects, encryption: Encryption::None })
    }

    fn dial_at(&self, entrance: Entrance) -> DuplexStream {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let hub = Arc::clone(&self.hub);
        tokio::spawn(async move { serve_connection(&hub, near, &entrance).await });
        far
    }

    /// A worker that has attached, and the link to it.
    async fn attach(&self, script: WorkerScript) -> (ScriptedWorker, WorkerLink) {
        let newer_than = self.gate.links.lock().unwrap().last().map_or(0, WorkerLink::session);
        let worker = ScriptedWorker::connect(self.dial(Dialects::Msgpack), script).await.unwrap();
        (worker, self.attached(newer_than).await)
    }

    /// The link of the first session after another one, once it is attached.
    async fn attached(&self, newer_than: u64) -> WorkerLink {
        let is_it = |heard: &Heard| matches!(heard, Heard::Attached(_, session) if newer_than < *session);
        self.gate.heard.subscribe().wait_for(|all| all.iter().any(is_it)).await.unwrap();
        let links = self.gate.links.lock().unwrap();
        links.iter().find(|link| newer_than < link.session()).cloned().unwrap()
    }

    /// Why a session ended, once it did.
    async fn detached(&self, session: u64) -> String {
        let find = |all: &Vec<Heard>| {
            all.iter().find_map(|heard| match heard {
                Heard::Detached(_, number, why) if *number == session => Some(why.clone()),
                _ => None,
            })
        };
        let mut heard = self.gate.heard.subscribe();
        let all = heard.wait_for(|all| find(all).is_some()).await.unwrap();
        find(&all).unwrap()
    }

    fn heard(&self) -> Vec<Heard> {
        self.gate.heard.borrow().clone()
    }

    fn log(&self, id: i64) -> Arc<LogWriter> {
        self.log_on(id, &self.shelf)
    }

    fn log_on(&self, id: i64, shelf: &LogShelf) -> Arc<LogWriter> {
        let config = LogWriterConfig {
            log: LogId(id),
            kind: LogKind::Stream,
            limits: LogLimits::default(),
            clock: Clock::simulated(Timestamp::from_secs(1_000)),
            redactor: None,
            runtime: Handle::current(),
        };
        Arc::new(LogWriter::new(config, Arc::new(shelf.clone()), Box::new(|_| {})))
    }
}

/// A shell command of builder `b`.
fn shell(id: &str, stdio: Option<Arc<LogWriter>>) -> StartCommand {
    let args = [("command".to_owned(), "make".into())].into();
    StartCommand { builder_name: Some("b".to_owned()), stdio, ..StartCommand::new(id, "shell", args) }
}
