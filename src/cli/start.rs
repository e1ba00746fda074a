//! `buildbot start`: runs the master, in the background unless told otherwise.
//!
//! In the background it is this program again, in a session of its own, with its output going to `twistd.log`.
//! The caller waits until that master says it is up, or shows what it logged before it gave up.

use std::env;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use nix::unistd::setsid;
use tokio::process::Child;
use tokio::time::{sleep, timeout};

use super::config_access::ConfigAccess;
use super::log_tail::{end_of_log, last_lines};
use super::output::{complain, remark};
use super::pid_file::{Resident, remove, resident};
use super::{MASTER_CFG, base_dir, block_on, foreground, progress};
use crate::control::client::ask;
use crate::control::{Request, Response};
use crate::telemetry::{Echo, MASTER_LOG};

/// Pause between two looks at a master that is coming up.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long one look may take.
const LOOK_PATIENCE: Duration = Duration::from_secs(5);

/// Lines of the log that are shown when a master did not come up.
const N_LINES: usize = 30;

/// Starts the master
///
/// In the background, unless told otherwise: the command ends when the master is up, or shows what it logged before it
/// gave up. The log is twistd.log in the base directory.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot start
  buildbot start /srv/buildbot/master
  buildbot start --nodaemon /srv/buildbot/master    for a service manager

BUILDBOT_LOG chooses what is logged, such as BUILDBOT_LOG=debug.
Exit codes: 0 the master is up, 1 it is not, 2 wrong usage")]
pub(super) struct Start {
    /// Stay in the foreground, and log to the terminal, too
    #[arg(long)]
    pub(super) nodaemon: bool,
    /// Seconds to wait until the master is up
    #[arg(long, alias = "start-timeout", default_value_t = 60, value_name = "SECONDS")]
    pub(super) timeout: u64,
    /// Say nothing when all is well
    #[arg(short, long)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) access: ConfigAccess,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    pub(super) base_dir: PathBuf,
    /// How a background master is called by its starter
    #[arg(long, hide = true)]
    pub(super) detached: bool,
}

/// How waiting for a new master ended.
enum Arrival {
    Up,
    Died(ExitStatus),
    Late,
}

impl Start {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.base_dir)?;
        if self.detached {
            setsid().context("cannot leave the session of the terminal")?;
            return foreground::run_master(&base_dir, Echo::FileOnly, &self.access);
        }
        check_start(&base_dir, self.quiet)?;
        if self.nodaemon {
            return foreground::run_master(&base_dir, Echo::Stderr, &self.access);
        }
        let log_from = end_of_log(&base_dir);
        let patience = Duration::from_secs(self.timeout);
        let starting = async {
            progress::during(
                self.quiet,
                "waiting until the master is up",
                start_detached(&base_dir, &self.access, patience),
            )
            .await
        };
        match block_on(starting)? {
            Arrival::Up => {
                remark(self.quiet, "master started");
                return Ok(ExitCode::SUCCESS);
            }
            Arrival::Died(status) => complain(format_args!("the master did not start ({status}); it logged:")),
            Arrival::Late => complain(format_args!("the master is not up after {patience:?}; so far it logged:")),
        }
        for line in last_lines(&base_dir, log_from, N_LINES).unwrap_or_default() {
            complain(line);
        }
        Ok(ExitCode::FAILURE)
    }
}

fn check_start(base_dir: &Path, quiet: bool) -> anyhow::Result<()> {
    if !base_dir.join(MASTER_CFG).is_file() {
        bail!("{} has no {MASTER_CFG}; 'buildbot create-master' makes a sample to start from", base_dir.display());
    }
    match resident(base_dir)? {
        Resident::Nobody => (),
        Resident::Master(pid) => bail!("a master is running in {} already, process {pid}", base_dir.display()),
        Resident::Stale(pid) => {
            remark(quiet, format_args!("removing the pid file of process {pid}, which is no master any more"));
            remove(base_dir, pid);
        }
    }
    Ok(())
}

async fn start_detached(base_dir: &Path, access: &ConfigAccess, patience: Duration) -> anyhow::Result<Arrival> {
    let mut child = spawn(base_dir, access)?;
    let pid = child.id();
    tokio::select! {
        status = child.wait() => Ok(Arrival::Died(status?)),
        is_up = timeout(patience, until_up(base_dir, pid)) => Ok(if is_up.is_ok() { Arrival::Up } else { Arrival::Late }),
    }
}

fn spawn(base_dir: &Path, access: &ConfigAccess) -> anyhow::Result<Child> {
    let log = base_dir.join(MASTER_LOG);
    let open = || OpenOptions::new().create(true).append(true).open(&log);
    let (stdout, stderr) = (open(), open());
    let cannot_open = || format!("cannot open {}", log.display());
    tokio::process::Command::new(env::current_exe().context("cannot find this program")?)
        .args(["start", "--detached"])
        .args(access.flags())
        .arg(base_dir)
        .stdin(Stdio::null())
        .stdout(stdout.with_context(cannot_open)?)
        .stderr(stderr.with_context(cannot_open)?)
        .spawn()
        .context("cannot start the master")
}

/// Waits until the process `pid` answers that it is up.
pub(super) async fn until_up(base_dir: &Path, pid: Option<u32>) {
    loop {
        // What is not there yet may be there next time; what never comes is the caller's deadline.
        if let Ok(Response::Status(status)) = ask(base_dir, Request::Status, LOOK_PATIENCE).await
            && status.is_up
            && pid.is_none_or(|pid| pid == status.pid)
        {
            return;
        }
        sleep(LOOK_EVERY).await;
    }
}
