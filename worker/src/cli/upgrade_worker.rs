//! `buildbot-worker upgrade-worker`: makes a worker of ours of the directory of one in Python.

use std::process::ExitCode;

use clap::Args;

use super::{Directory, remark, worker_dir};
use crate::config;

/// Writes down in its own file what a Python worker was told
///
/// `start` takes the directory of a Python worker, or of an old buildslave, over as it is. This writes what stands in
/// its buildbot.tac to buildbot-worker.toml, which has every option, and which counts from then on. The old file stays.
#[derive(Args)]
#[command(after_help = "\
Examples:
  buildbot-worker upgrade-worker worker

Exit codes: 0 the directory is up to date, 1 it is not, 2 wrong usage")]
pub(super) struct UpgradeWorker {
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    directory: Directory,
}

impl UpgradeWorker {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = worker_dir(&self.directory.path)?;
        let is_new = !base_dir.path().join(config::FILE).exists();
        if is_new {
            config::write(base_dir.path(), &config::read(base_dir.path())?)?;
        }
        if !self.quiet {
            remark(if is_new { "wrote buildbot-worker.toml" } else { "the worker is up to date" });
        }
        Ok(ExitCode::SUCCESS)
    }
}
