//! `buildbot stop`: ends the master and waits for that.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{sleep, timeout};

use super::output::{complain, remark};
use super::pid_file::{Resident, is_alive, remove, resident};
use super::{ask_master, base_dir, block_on, progress};
use crate::control::{Request, Response};

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a master may take when nothing else was said; unlimited when builds are to finish first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Stops the master
///
/// Running builds are cut off and built again when the master is back, unless --clean lets them finish.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot stop
  buildbot stop --clean /srv/buildbot/master
  buildbot stop --no-wait /srv/buildbot/master

Exit codes: 0 no master is running any more, 1 it still is, 2 wrong usage")]
pub(super) struct Stop {
    /// Let running builds finish first
    #[arg(long)]
    pub(super) clean: bool,
    /// Do not wait until the master has ended
    #[arg(long)]
    pub(super) no_wait: bool,
    /// Seconds to wait for the end; by default 60, or for ever with --clean
    #[arg(long, value_name = "SECONDS")]
    pub(super) timeout: Option<u64>,
    /// Say nothing when all is well
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    pub(super) base_dir: PathBuf,
}

/// What there was to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Ended,
    /// No master was running.
    NothingRan,
    /// It has been told to stop, and still runs.
    Late,
}

impl Stop {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let ending = self.stop()?;
        if ending == Ending::NothingRan {
            remark(self.quiet, format_args!("no master is running in {}", self.base_dir.display()));
        }
        Ok(if ending == Ending::Late { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }

    pub(super) fn stop(&self) -> anyhow::Result<Ending> {
        let base_dir = base_dir(&self.base_dir)?;
        let pid = match resident(&base_dir)? {
            Resident::Master(pid) => pid,
            Resident::Nobody => return Ok(Ending::NothingRan),
            Resident::Stale(pid) => {
                remark(self.quiet, format_args!("removing the pid file of process {pid}, which is no master any more"));
                remove(&base_dir, pid);
                return Ok(Ending::NothingRan);
            }
        };
        block_on(self.stop_process(&base_dir, pid))
    }

    async fn stop_process(&self, base_dir: &Path, pid: Pid) -> anyhow::Result<Ending> {
        if self.clean {
            match ask_master(base_dir, Request::Stop { clean: true }, PATIENCE).await? {
                Response::Stopping => remark(self.quiet, "the master stops when its builds have finished"),
                other => bail!("the master gave an answer to something else: {other:?}"),
            }
        } else {
            kill(pid, Signal::SIGTERM).with_context(|| format!("cannot stop process {pid}"))?;
        }
        if self.no_wait {
            remark(self.quiet, format_args!("process {pid} has been told to stop"));
            return Ok(Ending::Ended);
        }
        let patience = match self.timeout {
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => (!self.clean).then_some(PATIENCE),
        };
        let waiting = wait_for_end(pid, patience);
        if !progress::during(self.quiet, "waiting until the master has ended", waiting).await {
            complain(format_args!("process {pid} has been told to stop and still runs"));
            return Ok(Ending::Late);
        }
        remove(base_dir, pid);
        remark(self.quiet, "master stopped");
        Ok(Ending::Ended)
    }
}

/// Whether the process ended in time; without patience it waits for ever.
async fn wait_for_end(pid: Pid, patience: Option<Duration>) -> bool {
    let until_gone = async {
        while is_alive(pid) {
            sleep(LOOK_EVERY).await;
        }
    };
    match patience {
        Some(patience) => timeout(patience, until_gone).await.is_ok(),
        None => {
            until_gone.await;
            true
        }
    }
}
