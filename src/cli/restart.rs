//! `buildbot restart`: stops the master, if one is running, and starts it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::config_access::ConfigAccess;
use super::output::remark;
use super::start::Start;
use super::stop::{Ending, Stop};

/// Stops the master and starts it again
///
/// What was running is built again, unless --clean lets it finish first. Where no master is running one is started.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot restart
  buildbot restart --clean /srv/buildbot/master

Exit codes: 0 the master is up, 1 it did not end or is not up, 2 wrong usage")]
pub(super) struct Restart {
    /// Stay in the foreground, and log to the terminal, too
    #[arg(long)]
    nodaemon: bool,
    /// Let running builds finish first
    #[arg(long)]
    clean: bool,
    /// Seconds to wait until the master is up
    #[arg(long, alias = "start-timeout", default_value_t = 60, value_name = "SECONDS")]
    timeout: u64,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    access: ConfigAccess,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl Restart {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self { nodaemon, clean, timeout, quiet, access, base_dir } = self;
        let stop = Stop { clean, no_wait: false, timeout: None, quiet, base_dir: base_dir.clone() };
        match stop.stop()? {
            Ending::Ended => (),
            Ending::NothingRan => remark(quiet, "no master was running"),
            Ending::Late => return Ok(ExitCode::FAILURE),
        }
        Start { nodaemon, timeout, quiet, access, base_dir, detached: false }.run()
    }
}
