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
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::time::Instant;

const ATTACKS: [&str; 7] = ["none", "half-open", "one-byte", "long-strings", "references", "deaf", "logins"];

/// How long each attack is watched.
const WATCH: Duration = Duration::from_secs(6);

/// Between two commands of the worker that is watched.
const PAUSE: Duration = Duration::from_millis(20);

/// A command that takes longer than this is lost.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);

/// The worker that is watched.
const GOOD: &str = "good";

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
        // Nobody waits for the attackers, or for anybody in the end.
        if link.name() == GOOD {
            let _ = self.attached.send(link);
        }
    }

    fn wants_to_leave(&self, _: &str) {}

    fn detached(&self, _: &str, _: u64, _: &str) {}
}

fn main() -> anyhow::Result<()> {
    // Both sides have more than ten thousand connections.
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
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
    let worker = ScriptedWorker::connect(stream, WorkerScript::new(GOOD)).await;
    let worker = worker.map_err(|refused| anyhow::anyhow!("{refused:?}"))?;
    let link = links.recv().await.context("the worker is let in")?;
    let mut good = Good { worker, link, n_commands: 0 };

    println!("| attack | commands | median ms | 99 % ms | most ms | memory MB | grown by MB |");
    println!("|---|---|---|---|---|---|---|");
    for attack in ATTACKS {
        let before = memory_mb()?;
        match begin(attack, address.port()) {
            Ok(attacker) => row(attack, attacker, &mut good, before).await?,
            Err(error) => println!("| {attack} | it did not begin: {error:#} | | | | | |"),
        }
        // What silence is allowed to last, so that nobody is left.
        tokio::time::sleep(Duration::from_secs(11)).await;
    }
    Ok(())
}

/// The worker that is watched, and the master's way to it.
struct Good {
    worker: ScriptedWorker,
    link: WorkerLink,
    n_commands: u32,
}

impl Good {
    /// Runs one command; how long it took to start.
    async fn command(&mut self) -> anyhow::Result<Duration> {
        self.n_commands += 1;
        let command = StartCommand {
            builder_name: Some("b".to_owned()),
            ..StartCommand::new(self.n_commands.to_string(), "shell", Default::default())
        };
        let started = Instant::now();
        let link = self.link.clone();
        let running = tokio::spawn(async move { link.run(command).await });
        self.worker.started().await;
        let time = started.elapsed();
        running.await??;
        Ok(time)
    }
}

/// Watches the good worker during one attack.
async fn row(attack: &str, mut attacker: Child, good: &mut Good, before: f64) -> anyhow::Result<()> {
    let (mut times, mut most) = (Vec::new(), before);
    let began = Instant::now();
    while began.elapsed() < WATCH {
        let within = tokio::time::timeout(COMMAND_WITHIN, good.command()).await;
        times.push(within.context("a command was lost")??);
        most = most.max(memory_mb()?);
        tokio::time::sleep(PAUSE).await;
    }
    let has_given_up = attacker.try_wait()?.is_some();
    if !has_given_up {
        attacker.kill()?;
        attacker.wait()?;
    }
    let attack = if has_given_up { format!("{attack} (ended early)") } else { attack.to_owned() };
    report(&attack, times, (most, most - before));
    Ok(())
}

/// Starts an attacker and waits until it is at work.
fn begin(attack: &str, port: u16) -> anyhow::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    let mut child = command.arg(attack).arg(port.to_string()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
    if line.trim() != "ready" {
        // It says why on its standard error.
        anyhow::bail!("it ended with {}", child.wait()?);
    }
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
