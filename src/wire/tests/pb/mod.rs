//! Workers that speak Perspective Broker.

mod changes;
mod commands;
mod logins;
mod peer;
mod replay;
mod visitors;

use buildbot_protocol::pb::{Jelly, LocalId, RemoteId};

use self::peer::Peer;
use super::*;

fn wire() -> TestWire {
    let admission = Admission {
        builders: [("b", "dir-b"), ("c", "dir-c")].map(|(name, dir)| (name.to_owned(), dir.to_owned())).to_vec(),
        keepalive: Duration::from_secs(3_600),
    };
    TestWire::with(admission, WireLimits::default())
}

fn text(text: &str) -> Jelly {
    Jelly::from(text)
}

fn dict(entries: &[(&str, Jelly)]) -> Jelly {
    Jelly::Dict(entries.iter().map(|(key, value)| (text(key), value.clone())).collect())
}

fn facts() -> Jelly {
    let commands = dict(&[("shell", text("3.3")), ("uploadFile", text("3.3"))]);
    dict(&[("basedir", text("/w/w1")), ("version", text("4.3.0")), ("worker_commands", commands)])
}

/// A worker that has attached with builders `b` and `c`, the link to it, its builders, and the perspective it got.
struct Attached {
    peer: Peer,
    link: WorkerLink,
    b: LocalId,
    perspective: RemoteId,
}

/// Introduces a worker to the end.
async fn attach(wire: &TestWire, name: &str) -> Attached {
    let newer_than = wire.gate.links.lock().unwrap().last().map_or(0, WorkerLink::session);
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind.into();
    let login = peer.log_in(name, "secret", mind).await;
    peer.answer("print", Jelly::None).await;
    peer.answer("getWorkerInfo", facts()).await;
    let (b, c) = (peer.broker.export().unwrap(), peer.broker.export().unwrap());
    peer.answer("setBuilderList", dict(&[("b", b.into()), ("c", c.into())])).await;
    peer.answer("print", Jelly::None).await;
    peer.answer("print", Jelly::None).await;
    let perspective = peer.answer_to(login).await.unwrap().as_remote().unwrap();
    let link = wire.attached(newer_than).await;
    Attached { peer, link, b, perspective }
}
