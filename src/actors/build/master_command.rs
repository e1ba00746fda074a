//! A process of the master: runs beside the core, writes to a log by credit, and ends with its whole group.
//!
//! What leaves its process group (`setsid`) is not found again; what stays in it is killed.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::Stream;
use crate::steps::{Fault, MasterCommand, MasterOutcome};
use crate::wire::LogWriter;

/// After the interrupt signal, before the group is killed.
const GRACE: Duration = Duration::from_secs(10);
/// What the command left behind may hold its output open for this long.
const LEFTOVERS: Duration = Duration::from_secs(5);
/// Bytes that are read before the log has stored them.
const CREDIT: usize = 64 * 1024;

type End = Option<Result<MasterOutcome, String>>;

/// A command that runs. Dropping it kills the process group.
pub struct MasterProcess {
    end: watch::Receiver<End>,
    group: Pid,
    signal: Signal,
}

impl MasterProcess {
    /// Starts a command whose output goes to `log`, on a runtime beside the core.
    pub fn start(
        command: &MasterCommand,
        base_dir: &Path,
        log: Arc<LogWriter>,
        runtime: &Handle,
    ) -> Result<Self, Fault> {
        let signal = signal(&command.interrupt_signal)?;
        let _on_runtime = runtime.enter();
        let child = spawn(command, base_dir).map_err(|error| {
            let program = command.argv.first().map_or("", String::as_str);
            Fault::World(format!("cannot start {program:?} on the master: {error}"))
        })?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let group = group.expect("a child has an id until it is waited for");
        let deadline = command.timeout.map(|timeout| Instant::now() + timeout);
        let (ended, end) = watch::channel(None);
        runtime.spawn(async move {
            let outcome = attend(child, group, deadline, &log).await;
            ended.send_replace(Some(outcome));
        });
        Ok(Self { end, group, signal })
    }

    /// Waits for the end; what the command has printed is stored then.
    pub async fn ended(&self) -> Result<MasterOutcome, Fault> {
        let mut end = self.end.clone();
        let end = end.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        let lost = || Err("the master is about to stop".to_owned());
        end.unwrap_or_else(lost).map_err(|why| Fault::World(format!("the command on the master was lost: {why}")))
    }

    /// Asks the process group to end, and kills it if it does not.
    pub async fn interrupt(&self) {
        self.tell(self.signal);
        if tokio::time::timeout(GRACE, self.ended()).await.is_err() {
            self.tell(Signal::SIGKILL);
        }
    }

    fn tell(&self, signal: Signal) {
        if self.end.borrow().is_none() {
            // It may have ended by itself just now; then there is nobody to tell.
            let _ = killpg(self.group, signal);
        }
    }
}

impl Drop for MasterProcess {
    fn drop(&mut self) {
        self.tell(Signal::SIGKILL);
    }
}

/// `KILL` or `SIGKILL`.
fn signal(name: &str) -> Result<Signal, Fault> {
    let full_name = if name.starts_with("SIG") { name.to_owned() } else { format!("SIG{name}") };
    Signal::from_str(&full_name).map_err(|_| Fault::Config(format!("there is no signal '{name}'")))
}

fn spawn(command: &MasterCommand, base_dir: &Path) -> io::Result<Child> {
    let (program, arguments) =
        command.argv.split_first().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command"))?;
    let mut process = Command::new(program);
    process
        .args(arguments)
        .current_dir(base_dir.join(&command.workdir))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    if let Some(env) = &command.env {
        process.env_clear().envs(env);
    }
    process.spawn()
}

/// Reads until the command has ended; kills it when its time is over, or when its output cannot be kept.
async fn attend(
    mut child: Child,
    group: Pid,
    deadline: Option<Instant>,
    log: &LogWriter,
) -> Result<MasterOutcome, String> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut reading =
        pin!(async { tokio::try_join!(copy(stdout, Stream::Stdout, log), copy(stderr, Stream::Stderr, log)) });
    let (mut has_read, mut timed_out) = (false, false);
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| error.to_string())?,
            read = &mut reading, if !has_read => {
                has_read = true;
                if let Err(why) = read {
                    let _ = killpg(group, Signal::SIGKILL);
                    return Err(why);
                }
            }
            () = until(deadline), if !timed_out => {
                timed_out = true;
                let _ = killpg(group, Signal::SIGKILL);
            }
        }
    };
    if !has_read && let Ok(Err(why)) = tokio::time::timeout(LEFTOVERS, reading).await {
        return Err(why);
    }
    log.flush_lines(&mut |_, _| {}).stored().await.map_err(|error| error.to_string())?;
    Ok(if timed_out { MasterOutcome::TimedOut } else { outcome(status) })
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn outcome(status: ExitStatus) -> MasterOutcome {
    match status.signal() {
        Some(signal) => MasterOutcome::Killed(signal),
        None => MasterOutcome::Exited(status.code().unwrap_or(-1)),
    }
}

/// Copies a pipe to the log; reads on only when what was read is stored.
async fn copy(pipe: Option<impl AsyncRead + Unpin>, stream: Stream, log: &LogWriter) -> Result<(), String> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    let mut bytes = Vec::with_capacity(CREDIT);
    loop {
        let n_read = pipe.read_buf(&mut bytes).await.map_err(|error| error.to_string())?;
        let text = if n_read == 0 { String::from_utf8_lossy(&bytes).into_owned() } else { take_text(&mut bytes) };
        log.append(stream, &text).stored().await.map_err(|error| error.to_string())?;
        if n_read == 0 {
            return Ok(());
        }
        bytes.reserve(CREDIT.saturating_sub(bytes.len()));
    }
}

/// Takes the text, and leaves a character whose end has not arrived yet.
fn take_text(bytes: &mut Vec<u8>) -> String {
    let rest = bytes.split_off(bytes.len() - unfinished(bytes));
    let text = String::from_utf8_lossy(bytes).into_owned();
    *bytes = rest;
    text
}

/// How many bytes at the end begin a character that needs more.
fn unfinished(bytes: &[u8]) -> usize {
    for (n, byte) in (1..=3).zip(bytes.iter().rev()) {
        let wanted = match byte {
            0x80..=0xBF => continue,
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => 1,
        };
        return if n < wanted { n } else { 0 };
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_arrive_in_pieces_stay_whole() {
        let text = "aä€😀b";
        for cut in 0..text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            let mut bytes = first.to_vec();
            let mut read = take_text(&mut bytes);
            bytes.extend_from_slice(second);
            read.push_str(&take_text(&mut bytes));
            assert_eq!((read.as_str(), bytes.len()), (text, 0), "cut at {cut}");
        }
        assert_eq!(take_text(&mut vec![b'a', 0xFF, b'b', 0x80]), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn signals_have_names_with_and_without_their_beginning() {
        assert_eq!(signal("TERM").unwrap(), Signal::SIGTERM);
        assert_eq!(signal("SIGINT").unwrap(), Signal::SIGINT);
        assert!(matches!(signal("NONE"), Err(Fault::Config(_))));
    }
}
