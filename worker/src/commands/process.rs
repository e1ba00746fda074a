//! One child process of a command: its output is said, its limits kept, its whole tree killed when it must end.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use buildbot_protocol::Update;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tracing::warn;

use super::context::now;
use super::log_files::LogFiles;
use super::{CommandContext, CommandError};
use crate::output::LineSplitter;
use crate::process::leftovers::{MARK, RunningMark};
use crate::process::{pty, signals};

/// What to run, and within which limits.
pub struct ProcessSpec {
    pub words: Vec<String>,
    pub workdir: String,
    pub environment: BTreeMap<String, String>,
    pub want_stdout: bool,
    pub want_stderr: bool,
    /// Whether it gets a terminal instead of pipes.
    pub use_pty: bool,
    pub stdin: Vec<u8>,
    pub limits: Limits,
    pub log_files: LogFiles,
}

#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest silence.
    pub timeout: Option<Duration>,
    /// Longest time in all.
    pub max_time: Option<Duration>,
    /// Most lines of output.
    pub max_lines: Option<i64>,
    /// TERM first, and the interrupt signal after this long.
    pub sigterm_time: Option<Duration>,
    pub interrupt_signal: Signal,
}

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEnd {
    Exited(i32),
    /// By a signal, ours or another.
    Signalled(i32),
    /// It could not be started.
    NotStarted(String),
    /// It survived even the last signal.
    Survived,
}

/// Output is read in pieces of this size, a little less than a batch.
const PIECE: usize = 32 * 1024;
/// A killed process has this long to be gone.
const SURVIVAL: Duration = Duration::from_secs(5);
/// Log files are looked at this often.
const LOG_FILES_EVERY: Duration = Duration::from_secs(2);

/// Runs a process to its end.
pub async fn run(context: &CommandContext, mut spec: ProcessSpec) -> Result<ProcessEnd, CommandError> {
    let mark = RunningMark::new(&context.session.base_dir().running(), &context.id)
        .map_err(|error| CommandError::Failed(format!("cannot note that the command runs: {error}")))?;
    let (mut child, outputs) = match spawn(&spec, &mark) {
        Ok(spawned) => spawned,
        Err(error) => return Ok(ProcessEnd::NotStarted(error.to_string())),
    };
    feed(&mut child, std::mem::take(&mut spec.stdin));
    let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    let mut watch = Watch::new(context, &spec, group);
    let end = watch.follow(&mut child, outputs, &mut spec.log_files).await;
    if watch.killing.is_some() || end.is_err() {
        // What left the process group carries the mark.
        mark.kill_all();
    }
    end
}

/// What a process prints.
struct Outputs {
    stdout: Option<Box<dyn AsyncRead + Unpin>>,
    stderr: Option<Box<dyn AsyncRead + Unpin>>,
}

/// Also what nobody wants is read: it shows that the process is alive.
fn spawn(spec: &ProcessSpec, mark: &RunningMark) -> std::io::Result<(Child, Outputs)> {
    let (program, arguments) = spec
        .words
        .split_first()
        .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidInput, "the command is empty"))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(&spec.workdir)
        .env_clear()
        .envs(&spec.environment)
        .env(MARK, mark.value())
        .kill_on_drop(true);
    if spec.use_pty {
        let terminal = pty::attach(&mut command)?;
        return Ok((command.spawn()?, Outputs { stdout: Some(Box::new(terminal)), stderr: None }));
    }
    command
        .stdin(if spec.stdin.is_empty() { Stdio::null() } else { Stdio::piped() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn AsyncRead + Unpin>);
    let stderr = child.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn AsyncRead + Unpin>);
    Ok((child, Outputs { stdout, stderr }))
}

/// Writes the input and closes it; a process that does not read it is its own affair.
fn feed(child: &mut Child, input: Vec<u8>) {
    if let Some(mut stdin) = child.stdin.take() {
        tokio::task::spawn_local(async move {
            let _ = stdin.write_all(&input).await;
        });
    }
}

/// A process that is being killed.
struct Killing {
    /// When the next signal is due.
    next_at: Instant,
    /// Whether the interrupt signal has been sent.
    last_sent: bool,
}

struct Watch<'a> {
    context: &'a CommandContext,
    limits: Limits,
    group: Option<Pid>,
    stdout: LineSplitter,
    stderr: LineSplitter,
    wants_stdout: bool,
    wants_stderr: bool,
    n_lines: i64,
    started: Instant,
    last_output: Instant,
    killing: Option<Killing>,
}

/// What a process did, or what is due.
enum Happening {
    Stdout(usize),
    Stderr(usize),
    Exited(ExitStatus),
    Interrupted,
    SendNow,
    LookAtLogFiles,
    Silent,
    TooLong,
    NextSignal,
}

impl<'a> Watch<'a> {
    fn new(context: &'a CommandContext, spec: &ProcessSpec, group: Option<Pid>) -> Self {
        let now = Instant::now();
        Self {
            context,
            limits: spec.limits.clone(),
            group,
            stdout: context.splitter(),
            stderr: context.splitter(),
            wants_stdout: spec.want_stdout,
            wants_stderr: spec.want_stderr,
            n_lines: 0,
            started: now,
            last_output: now,
            killing: None,
        }
    }

    /// Says the output until both pipes are closed and the process is gone.
    async fn follow(
        &mut self,
        child: &mut Child,
        outputs: Outputs,
        log_files: &mut LogFiles,
    ) -> Result<ProcessEnd, CommandError> {
        let Outputs { mut stdout, mut stderr } = outputs;
        let (mut out, mut err) = (vec![0; PIECE], vec![0; PIECE]);
        let mut status = None;
        let mut look_at = Instant::now() + LOG_FILES_EVERY;
        while status.is_none() || stdout.is_some() || stderr.is_some() {
            if let (Some(killing), Some(_)) = (&self.killing, status)
                && killing.last_sent
                && killing.next_at <= Instant::now()
            {
                // Somebody who left the group holds the pipes.
                break;
            }
            match self.next(child, &mut stdout, &mut out, &mut stderr, &mut err, status.is_some(), look_at).await {
                Happening::Stdout(0) => stdout = None,
                Happening::Stderr(0) => stderr = None,
                Happening::Stdout(n) => self.say_stdout(&out[..n]).await?,
                Happening::Stderr(n) => self.say_stderr(&err[..n]).await?,
                Happening::Exited(ended) => status = Some(ended),
                Happening::Interrupted => self.kill("command interrupted", None).await?,
                Happening::SendNow => self.context.flush().await?,
                Happening::LookAtLogFiles => {
                    if log_files.read(self.context, false).await? {
                        self.last_output = Instant::now();
                    }
                    look_at = Instant::now() + LOG_FILES_EVERY;
                }
                Happening::Silent => self.kill_for_silence().await?,
                Happening::TooLong => self.kill_for_length().await?,
                Happening::NextSignal if !self.signal_again() => return Ok(ProcessEnd::Survived),
                Happening::NextSignal => {}
            }
        }
        if self.wants_stderr {
            let rest = self.stderr.finish(now());
            self.context.say_lines(rest, Update::Stderr).await?;
        }
        if self.wants_stdout {
            let rest = self.stdout.finish(now());
            self.context.say_lines(rest, Update::Stdout).await?;
        }
        log_files.read(self.context, true).await?;
        Ok(status.map_or(ProcessEnd::Survived, |status| end_of(&status)))
    }

    #[expect(clippy::too_many_arguments, reason = "each is borrowed apart from the others by one select")]
    async fn next(
        &self,
        child: &mut Child,
        stdout: &mut Option<impl AsyncRead + Unpin>,
        out: &mut [u8],
        stderr: &mut Option<impl AsyncRead + Unpin>,
        err: &mut [u8],
        exited: bool,
        look_at: Instant,
    ) -> Happening {
        let is_dying = self.killing.is_some();
        tokio::select! {
            biased;
            () = at(self.killing.as_ref().map(|killing| killing.next_at)) => Happening::NextSignal,
            _why = self.context.interrupted(), if !is_dying => Happening::Interrupted,
            () = self.context.due() => Happening::SendNow,
            () = at(after(self.started, self.limits.max_time)), if !is_dying => Happening::TooLong,
            n = read(stdout, out) => Happening::Stdout(n),
            n = read(stderr, err) => Happening::Stderr(n),
            status = child.wait(), if !exited => match status {
                Ok(status) => Happening::Exited(status),
                Err(error) => {
                    warn!(error = %error, "cannot wait for a process");
                    Happening::NextSignal
                }
            },
            () = tokio::time::sleep_until(look_at) => Happening::LookAtLogFiles,
            () = at(after(self.last_output, self.limits.timeout)), if !is_dying => Happening::Silent,
        }
    }

    async fn say_stdout(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.last_output = Instant::now();
        let lines = self.stdout.push(bytes, self.context.newlines(), now());
        let n = lines.times.len();
        if self.wants_stdout {
            self.context.say_lines(lines, Update::Stdout).await?;
        }
        self.count(n).await
    }

    async fn say_stderr(&mut self, bytes: &[u8]) -> Result<(), CommandError> {
        self.last_output = Instant::now();
        let lines = self.stderr.push(bytes, self.context.newlines(), now());
        let n = lines.times.len();
        if self.wants_stderr {
            self.context.say_lines(lines, Update::Stderr).await?;
        }
        self.count(n).await
    }

    async fn count(&mut self, n: usize) -> Result<(), CommandError> {
        self.n_lines = self.n_lines.saturating_add(i64::try_from(n).unwrap_or(i64::MAX));
        match self.limits.max_lines {
            Some(max) if max < self.n_lines && self.killing.is_none() => {
                let why = format!("command exceeds max lines: {} ({max} allowed)", self.n_lines);
                self.kill(&why, Some("max_lines_failure")).await
            }
            _ => Ok(()),
        }
    }

    async fn kill_for_silence(&mut self) -> Result<(), CommandError> {
        let seconds = self.limits.timeout.unwrap_or_default().as_secs_f64();
        let why = format!("command timed out: {seconds} seconds without output");
        self.kill(&why, Some("timeout_without_output")).await
    }

    async fn kill_for_length(&mut self) -> Result<(), CommandError> {
        let seconds = self.limits.max_time.unwrap_or_default().as_secs_f64();
        let why = format!("command timed out: {seconds} seconds elapsed");
        self.kill(&why, Some("timeout")).await
    }

    /// Says why and sends the first signal.
    async fn kill(&mut self, why: &str, failure_reason: Option<&str>) -> Result<(), CommandError> {
        let signal = match self.limits.sigterm_time {
            Some(_) => Signal::SIGTERM,
            None => self.limits.interrupt_signal,
        };
        let wait = self.limits.sigterm_time.unwrap_or(SURVIVAL);
        self.killing = Some(Killing { next_at: Instant::now() + wait, last_sent: self.limits.sigterm_time.is_none() });
        if let Some(group) = self.group {
            signals::send(group, signal);
        }
        if let Some(reason) = failure_reason {
            self.context.say(Update::FailureReason(reason.to_owned())).await?;
        }
        self.context.header(&format!("\n{why}, attempting to kill")).await?;
        self.context.flush().await?;
        Ok(())
    }

    /// Sends the next signal of the escalation; false if there is none left.
    fn signal_again(&mut self) -> bool {
        let Some(killing) = &mut self.killing else { return true };
        if killing.last_sent {
            if let Some(group) = self.group {
                signals::send(group, Signal::SIGKILL);
            }
            return false;
        }
        killing.last_sent = true;
        killing.next_at = Instant::now() + SURVIVAL;
        if let Some(group) = self.group {
            signals::send(group, self.limits.interrupt_signal);
        }
        true
    }
}

fn after(moment: Instant, duration: Option<Duration>) -> Option<Instant> {
    duration.and_then(|duration| moment.checked_add(duration))
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// Reads what is there; 0 is the end. A pipe that is closed is never ready.
async fn read(pipe: &mut Option<impl AsyncRead + Unpin>, buffer: &mut [u8]) -> usize {
    match pipe {
        // A pipe that cannot be read is at its end.
        Some(pipe) => pipe.read(buffer).await.unwrap_or(0),
        None => std::future::pending().await,
    }
}

fn end_of(status: &ExitStatus) -> ProcessEnd {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => ProcessEnd::Exited(code),
        (None, Some(signal)) => ProcessEnd::Signalled(signal),
        (None, None) => ProcessEnd::Survived,
    }
}
