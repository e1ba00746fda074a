//! `buildbot cleanupdb`: removes what the configuration's policies free, or says what that is.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;

use super::config_access::ConfigAccess;
use super::output::remark;
use super::{ask_master, base_dir, block_on, progress};
use crate::cli::pid_file::{Resident, resident};
use crate::control::{CleanedUp, Request, Response};
use crate::master;

/// A large database is cleaned up a little at a time.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// Removes old builds, logs and changes now
///
/// What goes is said by c['changeHorizon'], c['buildHorizon'], c['logHorizon'] and util.JanitorConfigurator in
/// master.cfg. A running master does this by itself every hour; when none is running, this command does it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot cleanupdb --dry-run
  buildbot cleanupdb /srv/buildbot/master

Exit codes: 0 done, 1 not done, 2 wrong usage")]
pub(super) struct Cleanupdb {
    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Accepted; logs are compressed when they are written
    #[arg(short, long)]
    force: bool,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    access: ConfigAccess,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl Cleanupdb {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.base_dir)?;
        let what = if self.dry_run { "looking at the database" } else { "cleaning up" };
        let done = block_on(progress::during(self.quiet, what, clean_up(&base_dir, &self.access, self.dry_run)))?;
        self.report(&done);
        Ok(ExitCode::SUCCESS)
    }

    fn report(&self, done: &CleanedUp) {
        if done.frees.is_empty() {
            remark(self.quiet, "there is nothing to remove");
        } else {
            remark(self.quiet, if self.dry_run { "would be removed:" } else { "removed by its policies:" });
        }
        for line in &done.frees {
            remark(self.quiet, format_args!("  {line}"));
        }
        if let Some(removed) = done.removed.as_ref().filter(|_| !done.frees.is_empty()) {
            remark(self.quiet, removed);
        }
    }
}

async fn clean_up(base_dir: &Path, access: &ConfigAccess, dry_run: bool) -> anyhow::Result<CleanedUp> {
    if !matches!(resident(base_dir)?, Resident::Master(_)) {
        let program = env::current_exe().context("cannot find this program")?;
        let loader = access.loader(base_dir).with_precheck(access.precheck(program));
        return master::clean_up(base_dir, loader, dry_run).await;
    }
    match ask_master(base_dir, Request::CleanUp { dry_run }, PATIENCE).await? {
        Response::CleanedUp(done) => Ok(done),
        other => bail!("the master gave an answer to something else: {other:?}"),
    }
}
