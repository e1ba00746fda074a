//! `buildbot-worker stop`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use nix::sys::signal::{Signal, kill};

use super::{Directory, remark, worker_dir};
use crate::base_dir::BaseDir;
use crate::pid_file;

/// Stops the worker; its running commands are killed
///
/// The master builds elsewhere, or later, what was running here.
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker stop worker

Exit codes: 0 no worker runs in this directory any more, 1 it still does, 2 wrong usage")]
pub(super) struct Stop {
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    directory: Directory,
}

const PATIENCE: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Stop {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = worker_dir(&self.directory.path)?;
        let was_running = stop(&base_dir)?;
        if !self.quiet {
            remark(if was_running { "worker stopped" } else { "no worker is running here" });
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Ends the worker of a directory and waits for it; whether there was one.
pub(super) fn stop(base_dir: &BaseDir) -> anyhow::Result<bool> {
    let Some(pid) = pid_file::resident(base_dir) else { return Ok(false) };
    kill(pid, Signal::SIGTERM).with_context(|| format!("cannot end process {pid}"))?;
    for _ in 0..PATIENCE.as_millis() / LOOK_EVERY.as_millis() {
        if !pid_file::is_alive(pid) {
            return Ok(true);
        }
        #[expect(clippy::disallowed_methods, reason = "there is no event for the end of somebody else's child")]
        std::thread::sleep(LOOK_EVERY);
    }
    bail!("process {pid} does not end")
}
