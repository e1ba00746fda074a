//! Many clients that tail one log, and what they see how late; `scripts/log-tails` puts it together.
//!
//!     log-tails write BYTES SECONDS                      prints lines of 100 bytes, so many bytes a second
//!     log-tails read HOST:PORT LOG CLIENTS SECONDS [NEWEST]  follows a log in which somebody writes like that
//!
//! Every line begins with the moment at which it was written. A client asks and grants as the page of a log does
//! (`src/web/static/log.js`), but only looks for these marks: it must not be what is measured. With `NEWEST` 0 it
//! takes every line; otherwise it skips what is older than so many lines whenever it is further behind.

use std::env;
use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use memchr::memmem;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::LocalSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

/// What a mark begins with; its microseconds since 1970 follow, in sixteen digits.
const MARK: &str = "at=";
const DIGITS: usize = 16;
const LINE: usize = 100;
/// As many lines as the page grants.
const GRANT: usize = 4_000;
/// What comes before is not counted: clients connect one after the other.
const WARM_UP: Duration = Duration::from_secs(3);

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let number = |at: usize| -> anyhow::Result<u64> {
        let text = arguments.get(at).context("a number is missing")?;
        text.parse().with_context(|| format!("{text} is no number"))
    };
    match arguments.first().map(String::as_str) {
        Some("write") => write(number(1)?, number(2)?),
        Some("read") => {
            let address = arguments.get(1).context("the address is missing")?;
            let newest = if arguments.len() > 5 { number(5)? } else { 400 };
            let crowd = Crowd { address, log: number(2)?, n_clients: number(3)?, seconds: number(4)?, newest };
            let runtime = Builder::new_current_thread().enable_all().build()?;
            LocalSet::new().block_on(&runtime, crowd.read())
        }
        _ => anyhow::bail!(
            "usage: log-tails write BYTES SECONDS | log-tails read HOST:PORT LOG CLIENTS SECONDS [NEWEST]"
        ),
    }
}

#[expect(clippy::disallowed_methods, reason = "two processes share no other clock")]
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "a program that prints a line now and then, and does nothing else")]
fn write(bytes: u64, seconds: u64) -> anyhow::Result<()> {
    let began = now();
    let mut output = std::io::stdout().lock();
    let (mut n_lines, mut text) = (0_u64, String::new());
    loop {
        let at = now();
        let passed = at.saturating_sub(began);
        if passed >= seconds.saturating_mul(1_000_000) {
            return Ok(());
        }
        let due = passed.saturating_mul(bytes) / 1_000_000 / LINE as u64;
        text.clear();
        for line in n_lines..due {
            let mark = format!("{MARK}{at:0DIGITS$} line {line} ");
            text.push_str(&format!("{mark:x<width$}\n", width = LINE - 1));
        }
        n_lines = due;
        output.write_all(text.as_bytes())?;
        output.flush()?;
        std::thread::sleep(Duration::from_millis(10));
    }
}

struct Crowd<'a> {
    address: &'a str,
    log: u64,
    n_clients: u64,
    seconds: u64,
    /// 0 for every line.
    newest: u64,
}

/// What one client saw, in microseconds between the writing of a line and its arrival.
#[derive(Default)]
struct Seen {
    newest: Vec<u64>,
    oldest: Vec<u64>,
    n_lines: usize,
    n_bytes: usize,
}

impl Crowd<'_> {
    async fn read(&self) -> anyhow::Result<()> {
        let newest = if self.newest == 0 { String::new() } else { format!("&newest={}", self.newest) };
        let url = format!("ws://{}/logs/{}/tail?grant={GRANT}{newest}", self.address, self.log);
        let began = Instant::now();
        let (from, end) = (began + WARM_UP, began + Duration::from_secs(self.seconds));
        let clients = (0..self.n_clients)
            .map(|_| tokio::task::spawn_local(client(self.address.to_owned(), url.clone(), from, end)));
        let clients: Vec<_> = clients.collect();
        let (mut all, mut last_of_each) = (Seen::default(), Vec::new());
        for client in clients {
            let seen = client.await??;
            last_of_each.extend(seen.oldest.iter().max());
            all.newest.extend(seen.newest);
            all.oldest.extend(seen.oldest);
            all.n_lines += seen.n_lines;
            all.n_bytes += seen.n_bytes;
        }
        let seconds = (end - from).as_secs_f64();
        let per_second = |n: usize| n as f64 / seconds;
        println!(
            "{} clients, {:.1} MB/s and {:.0} lines/s in all, {} frames, client's cpu {:.0} %",
            last_of_each.len(),
            per_second(all.n_bytes) / 1e6,
            per_second(all.n_lines),
            all.newest.len(),
            cpu_seconds()? / self.seconds as f64 * 100.0,
        );
        print("newest line of a frame", &mut all.newest);
        print("oldest line of a frame", &mut all.oldest);
        print("worst line of a client", &mut last_of_each);
        Ok(())
    }
}

fn print(what: &str, micros: &mut [u64]) {
    micros.sort_unstable();
    let at = |share: f64| {
        let at = (micros.len() as f64 * share) as usize;
        micros.get(at.min(micros.len().saturating_sub(1))).map_or(f64::NAN, |micros| *micros as f64 / 1e3)
    };
    println!(
        "{what}: median {:.0} ms, 99 % {:.0} ms, 99.9 % {:.0} ms, worst {:.0} ms",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

fn cpu_seconds() -> anyhow::Result<f64> {
    let usage = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_SELF)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

async fn client(address: String, url: String, from: Instant, end: Instant) -> anyhow::Result<Seen> {
    let stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = tokio_tungstenite::client_async(&url, stream).await?;
    let mut seen = Seen::default();
    let mut granted = GRANT;
    while let Ok(message) = tokio::time::timeout_at(end, socket.next()).await {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(reason))) => anyhow::bail!("closed: {reason:?}"),
            Some(Ok(_)) => continue,
            Some(Err(error)) => return Err(error.into()),
            None => anyhow::bail!("the connection ended"),
        };
        let n_lines = seen.look(text.as_bytes(), Instant::now() >= from);
        granted = granted.saturating_sub(n_lines);
        if granted < GRANT / 2 {
            let grant = format!("{{\"grant\":{}}}", GRANT - granted);
            socket.send(Message::text(grant)).await?;
            granted = GRANT;
        }
    }
    Ok(seen)
}

impl Seen {
    /// How many marks a frame has; keeps the age of the first and the last if it `counts`.
    fn look(&mut self, frame: &[u8], counts: bool) -> usize {
        let now = now();
        let n_lines = memmem::find_iter(frame, MARK).count();
        let age = |at: Option<usize>| {
            let digits = at.and_then(|at| frame.get(at + MARK.len()..at + MARK.len() + DIGITS))?;
            let written: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
            Some(now.saturating_sub(written))
        };
        if counts
            && let (Some(oldest), Some(newest)) =
                (age(memmem::find(frame, MARK.as_bytes())), age(memmem::rfind(frame, MARK.as_bytes())))
        {
            self.oldest.push(oldest);
            self.newest.push(newest);
            self.n_lines += n_lines;
            self.n_bytes += frame.len();
        }
        n_lines
    }
}
