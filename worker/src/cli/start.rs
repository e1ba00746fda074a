//! `buildbot-worker start` and `restart`.
//!
//! In the background it is this program again, in a session of its own. The starter waits until that worker is
//! attached, or shows what it logged before it gave up.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use nix::unistd::setsid;

use super::foreground::{self, Mode};
use super::{Directory, complain, progress, remark, stop, worker_dir};
use crate::base_dir::BaseDir;
use crate::pid_file;

/// Starts the worker
///
/// In the background, unless told otherwise. A worker that does not reach its master keeps trying; the command says so
/// and ends. The log is twistd.log in the worker's directory.
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker start worker
  buildbot-worker start --nodaemon /srv/buildbot/worker    for a service manager

BUILDBOT_LOG chooses what is logged, such as BUILDBOT_LOG=debug.
Exit codes: 0 it runs, 1 it does not, 2 wrong usage")]
pub(super) struct Start {
    /// Stay in the foreground, and log to the terminal
    #[arg(long)]
    nodaemon: bool,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// How a background worker is called by its starter
    #[arg(long, hide = true)]
    detached: bool,
    #[command(flatten)]
    directory: Directory,
}

/// Stops the worker and starts it again
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker restart worker

Exit codes: 0 it runs, 1 it does not, 2 wrong usage")]
pub(super) struct Restart {
    /// Stay in the foreground, and log to the terminal
    #[arg(long)]
    nodaemon: bool,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    directory: Directory,
}

/// A starter waits this long for the worker to attach.
const PATIENCE: Duration = Duration::from_secs(10);
/// Lines of the log that are shown when it did not.
const N_LINES: usize = 20;

impl Start {
    pub(super) fn run(self, level: &'static str) -> anyhow::Result<ExitCode> {
        let base_dir = worker_dir(&self.directory.path)?;
        if self.detached {
            setsid().context("cannot leave the session of the terminal")?;
            return foreground::run(&base_dir, Mode::Detached, level);
        }
        start(&base_dir, &How { nodaemon: self.nodaemon, quiet: self.quiet, level })
    }
}

impl Restart {
    pub(super) fn run(self, level: &'static str) -> anyhow::Result<ExitCode> {
        let base_dir = worker_dir(&self.directory.path)?;
        stop::stop(&base_dir)?;
        start(&base_dir, &How { nodaemon: self.nodaemon, quiet: self.quiet, level })
    }
}

/// How to start.
struct How {
    nodaemon: bool,
    quiet: bool,
    /// What is logged, unless the environment says otherwise.
    level: &'static str,
}

fn start(base_dir: &BaseDir, how: &How) -> anyhow::Result<ExitCode> {
    if let Some(pid) = pid_file::resident(base_dir) {
        bail!("the worker is running already, process {pid}");
    }
    if how.nodaemon {
        return foreground::run(base_dir, Mode::Foreground, how.level);
    }
    let mut child = spawn(base_dir, how.level)?;
    let (sender, first_line) = mpsc::channel();
    let stdout = child.stdout.take().context("the worker has no output")?;
    std::thread::spawn(move || {
        let mut line = String::new();
        // An error is the end of the output, like the worker's death.
        let read = BufReader::new(stdout).read_line(&mut line).unwrap_or(0);
        let _ = sender.send(read != 0);
    });
    match progress::receive("waiting until the worker reaches its master", &first_line, PATIENCE) {
        Ok(true) => {
            if !how.quiet {
                remark("worker started and attached");
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(false) => {
            let status = child.wait().context("cannot wait for the worker")?;
            complain(&format!("the worker did not start ({status}); it logged:"));
            show_log(base_dir);
            Ok(ExitCode::FAILURE)
        }
        Err(_) => {
            if !how.quiet {
                remark("worker started; it has not reached the master yet and keeps trying. So far it logged:");
                show_log(base_dir);
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn spawn(base_dir: &BaseDir, level: &str) -> anyhow::Result<Child> {
    // not to the pipe of whoever calls, who would wait for its end as long as the worker lives
    let log = base_dir.log_file();
    let errors = OpenOptions::new().create(true).append(true).open(&log);
    Command::new(std::env::current_exe().context("cannot find this program")?)
        .args(["start", "--detached"])
        .args((level == "debug").then_some("--verbose"))
        .arg(base_dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors.with_context(|| format!("cannot open {}", log.display()))?)
        .spawn()
        .context("cannot start the worker")
}

fn show_log(base_dir: &BaseDir) {
    let text = std::fs::read_to_string(base_dir.log_file()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(N_LINES)) {
        complain(&format!("  {line}"));
    }
}
