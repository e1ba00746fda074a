//! How long commands of a well-behaved worker take to start while others are a burden, and what the burden costs:
//!
//!     cargo run --release --features testing --example hostile-peers
//!
//! The wire of a master runs in this process, on one thread as in a real one; the attackers are processes of their own.

mod attack;

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use buildbot::testing::scripted_worker::{ScriptedWorker, WorkerScript};
use buildbot::wire::{
    Admission, Dialects, Encryption, Entrance, Gate, Hub, Listener, Proof, Refusal, StartCommand, WireLimits,
    WorkerLink,
};
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::Instant;

const ATTACKS: [&str; 7] = ["none", "half-open", "one-byte", "long-strings", "references", "deaf", "logins"];

/// How long each attack is watched.
const WATCH: Duration = Duration::from_secs(6);

/// Between two commands of the worker that is watched.
const PAUSE: Duration = Duration::from_millis(20);

/// Lets everybody in whose password is `secret`.
struct Anybody {
    attached: mpsc::UnboundedSender<WorkerLink>,
}

impl Gate for Anybody {
    fn admit<'a>(&'a self, _: &'a str, proof: &'a Proof<'_>) -> BoxFuture<'a, Result<Admission, Refusal>> {
        let verdict = if proof.fits("secret") { Ok(Admission::default()) } else { Err(Refusal::WrongPassword) };
        Box::pin(std::future::ready(verdict))
    }

    fn attached(&self, link: WorkerLink) {
        // Nobody waits for the attackers.
        let _ = self.attached.send(link);
    }

    fn wants_to_leave(&self, _: &str) {}

    fn detached(&self, _: &str, _: u64, _: &str) {}
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, kind, port] = arguments.as_slice() {
        return attack::run(kind, port.parse().context("the port")?);
    }
    let wire = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let own = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    own.block_on(watch(&wire))
}

async fn watch(wire: &Runtime) -> anyhow::Result<()> {
    let (attached, mut links) = mpsc::unbounded_channel();
    let hub = Hub::new(Arc::new(Anybody { attached }), WireLimits::default());
    let listener = {
        let _guard = wire.enter();
        Listener::bind("127.0.0.1:0".parse()?)?
    };
    let address = listener.local_addr()?;
    wire.spawn(listener.run(hub, Entrance { dialects: Dialects::Any, encryption: Encryption::None }));

    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let worker = ScriptedWorker::connect(stream, WorkerScript::new("good")).await;
    let mut worker = worker.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
    let link = links.recv().await.context("the worker is let in")?;

    println!("| attack | commands | median ms | 99 % ms | most ms | memory MB | grown by MB |");
    println!("|---|---|---|---|---|---|---|");
    let mut n_commands = 0;
    for attack in ATTACKS {
        let before = memory_mb()?;
        let mut attacker = begin(attack, address.port())?;
        let mut times = Vec::new();
        let mut most = before;
        let began = Instant::now();
        while began.elapsed() < WATCH {
            n_commands += 1;
            let command = StartCommand {
                builder_name: Some("b".to_owned()),
                ..StartCommand::new(n_commands.to_string(), "shell", Default::default())
            };
            let started = Instant::now();
            let running = tokio::spawn({
                let link = link.clone();
                async move { link.run(command).await }
            });
            worker.started().await;
            times.push(started.elapsed());
            running.await??;
            most = most.max(memory_mb()?);
            tokio::time::sleep(PAUSE).await;
        }
        attacker.kill()?;
        attacker.wait()?;
        report(attack, times, (most, most - before));
        // What silence is allowed to last, so that nobody is left.
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    Ok(())
}

/// Starts an attacker and waits until it is at work.
fn begin(attack: &str, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    let mut child = command.arg(attack).arg(port.to_string()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
    anyhow::ensure!(line.trim() == "ready", "the attacker said {line:?}");
    Ok(child)
}

fn report(attack: &str, mut times: Vec<Duration>, (most, grown): (f64, f64)) {
    times.sort_unstable();
    let at = |share: f64| {
        let index = ((times.len() - 1) as f64 * share) as usize;
        times[index].as_secs_f64() * 1000.0
    };
    let n = times.len();
    println!("| {attack} | {n} | {:.2} | {:.2} | {:.2} | {most:.1} | {grown:.1} |", at(0.5), at(0.99), at(1.0));
}

/// What this process holds.
fn memory_mb() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
    let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes / 1024.0)
}
