//! The attackers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, bail};
use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{Broker, CallId, Incoming, Jelly, Limits, LocalId, RemoteId, Target};

/// Connections of the attacks that need many.
const N_HALF_OPEN: usize = 10_000;
const N_SLOW: usize = 1_000;

/// References in one call.
const N_REFERENCES: usize = 10_000;

/// Attacks until it is killed; says `ready` once it is at work.
pub fn run(kind: &str, port: u16) -> anyhow::Result<()> {
    match kind {
        "none" => ready(),
        "half-open" => half_open(port)?,
        "one-byte" => one_byte(port)?,
        "long-strings" => long_strings(port)?,
        "references" => references(port)?,
        "deaf" => deaf(port)?,
        "logins" => logins(port)?,
        other => bail!("there is no attack {other}"),
    }
    for_ever()
}

fn ready() {
    println!("ready");
}

fn for_ever() -> ! {
    loop {
        std::thread::park();
    }
}

fn dial(port: u16) -> anyhow::Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", port)).context("cannot connect")
}

#[expect(clippy::disallowed_methods, reason = "a program that measures lives in real time")]
fn sleep(time: Duration) {
    std::thread::sleep(time);
}

/// Connections that say nothing, opened again when they are closed.
fn half_open(port: u16) -> anyhow::Result<()> {
    let mut connections = Vec::with_capacity(N_HALF_OPEN);
    for _ in 0..N_HALF_OPEN {
        connections.push(dial(port)?);
    }
    ready();
    loop {
        sleep(Duration::from_secs(10));
        connections.iter_mut().for_each(|connection| dial_again(connection, port));
    }
}

/// Somebody who is turned away tries again later.
fn dial_again(connection: &mut TcpStream, port: u16) {
    if let Ok(new) = dial(port) {
        *connection = new;
    }
}

/// Handshakes of one byte a second.
fn one_byte(port: u16) -> anyhow::Result<()> {
    let mut connections = (0..N_SLOW).map(|_| dial(port)).collect::<anyhow::Result<Vec<_>>>()?;
    ready();
    for byte in b"GET / HTTP/1.1\r\nHost: master.example\r\nUpgrade: WebSocket\r\n".iter().cycle() {
        for connection in &mut connections {
            if connection.write_all(&[*byte]).is_err() {
                dial_again(connection, port);
            }
        }
        sleep(Duration::from_secs(1));
    }
    Ok(())
}

/// Names of 100 MB, in both dialects, as fast as they are taken.
fn long_strings(port: u16) -> anyhow::Result<()> {
    ready();
    let block = [b'x'; 64 * 1024];
    // 100 MB as a length of banana: seven bits each, the smallest first, then the mark of a string.
    let beginnings: [&[u8]; 2] = [b"GET / HTTP/1.1\r\nAuthorization: Basic ", b"\x02\x82pb\x00\x48\x57\x2f\x82"];
    for beginning in beginnings.iter().cycle() {
        let Ok(mut connection) = dial(port) else { continue };
        if !beginning.starts_with(b"GET") {
            sleep(Duration::from_millis(120));
        }
        let sent =
            connection.write_all(beginning).and_then(|()| (0..1600).try_for_each(|_| connection.write_all(&block)));
        // It is cut off somewhere.
        drop(sent);
    }
    Ok(())
}

/// Wrong passwords, one after the other.
fn logins(port: u16) -> anyhow::Result<()> {
    ready();
    let request = "GET / HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nAuthorization: Basic dzE6d3Jvbmc=\r\n\
        Sec-WebSocket-Key: 8OFILm8jZ/FBs+RnVaYsvw==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    loop {
        let Ok(mut connection) = dial(port) else { continue };
        // Whether it is answered or cut off does not matter.
        let _ = connection.write_all(request.as_bytes());
        let _ = connection.read_to_end(&mut Vec::new());
    }
}

/// A worker that hands over ten thousand references, again and again.
fn references(port: u16) -> anyhow::Result<()> {
    let mut first = Some(Worker::attach(port, "references")?);
    ready();
    again_and_again(|| {
        let (mut worker, perspective) = match first.take() {
            Some(attached) => attached,
            None => Worker::attach(port, "references")?,
        };
        let objects: Vec<Jelly> =
            (0..N_REFERENCES).map_while(|_| worker.broker.export().ok()).map(Jelly::from).collect();
        worker.call(perspective.into(), "keepalive", &[Jelly::List(objects)])?;
        loop {
            worker.pump()?;
        }
    })
}

/// A worker that calls as fast as it can and reads no answers.
fn deaf(port: u16) -> anyhow::Result<()> {
    let mut first = Some(Worker::attach(port, "deaf")?);
    ready();
    again_and_again(|| {
        let (mut worker, perspective) = match first.take() {
            Some(attached) => attached,
            None => Worker::attach(port, "deaf")?,
        };
        loop {
            for _ in 0..1000 {
                worker.call(perspective.into(), "x", &[])?;
            }
            // It blocks here, in the end.
            worker.stream.write_all(&worker.broker.take_output())?;
        }
    })
}

/// Attacks that end with the connection begin once more.
fn again_and_again(mut attack: impl FnMut() -> anyhow::Result<()>) -> ! {
    loop {
        let _ = attack();
        sleep(Duration::from_millis(20));
    }
}

/// A worker that speaks Perspective Broker, and waits for what it reads.
struct Worker {
    stream: TcpStream,
    broker: Broker,
}

impl Worker {
    fn attach(port: u16, name: &str) -> anyhow::Result<(Self, RemoteId)> {
        let limits = Limits { references: 1 << 20, calls: 1 << 30, ..Limits::SESSION };
        let mut worker = Self { stream: dial(port)?, broker: Broker::client(limits) };
        let mind = worker.broker.export()?;
        while !worker.pump()?.iter().any(|incoming| matches!(incoming, Incoming::Ready)) {}
        let asked = worker.call(Target::Root, "login", &[Jelly::Bytes(name.as_bytes().to_vec())])?;
        let mut parts = worker.answer(asked, mind)?.into_items().context("a challenge")?.into_iter();
        let challenge = parts.next().and_then(Jelly::into_bytes).and_then(|bytes| bytes.try_into().ok());
        let challenger = parts.next().and_then(|part| part.as_remote()).context("a challenger")?;
        let response = Challenge(challenge.context("16 bytes")?).response("secret").to_vec();
        let asked = worker.call(challenger.into(), "respond", &[Jelly::Bytes(response), mind.into()])?;
        let perspective = worker.answer(asked, mind)?.as_remote().context("a perspective")?;
        Ok((worker, perspective))
    }

    fn call(&mut self, target: Target, method: &str, args: &[Jelly]) -> anyhow::Result<CallId> {
        Ok(self.broker.call(target, method, args, &[])?)
    }

    fn pump(&mut self) -> anyhow::Result<Vec<Incoming>> {
        self.stream.write_all(&self.broker.take_output())?;
        let mut buffer = [0; 16 * 1024];
        let n_read = self.stream.read(&mut buffer)?;
        anyhow::ensure!(0 < n_read, "the master hung up");
        Ok(self.broker.receive(&buffer[..n_read])?)
    }

    /// Waits for an answer; what the master asks meanwhile is answered as a worker does.
    fn answer(&mut self, asked: CallId, mind: LocalId) -> anyhow::Result<Jelly> {
        loop {
            for incoming in self.pump()? {
                match incoming {
                    Incoming::Answer { call, value } if call == asked => return Ok(value),
                    Incoming::Error { failure, .. } => bail!("{failure}"),
                    Incoming::Call { method, reply, .. } => {
                        let answer = match method.as_str() {
                            "getWorkerInfo" => Jelly::Dict(vec![("basedir".into(), "/w".into())]),
                            "setBuilderList" => Jelly::Dict(vec![("b".into(), mind.into())]),
                            _ => Jelly::None,
                        };
                        self.broker.answer(reply, &answer)?;
                    }
                    _ => {}
                }
            }
        }
    }
}
