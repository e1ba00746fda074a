//! `buildbot reconfig`: has a running master load its configuration again, all of it or nothing.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::output::{complain, remark};
use super::{ask_master, base_dir, block_on, progress};
use crate::control::{Reconfigured, Request, Response, VersionLine};

/// A configuration is a program: it may take a while.
const PATIENCE: Duration = Duration::from_secs(600);

/// Has the running master load its configuration again
///
/// The new configuration is put in force as a whole. If anything is wrong with it, all of that is said, and the old one
/// stays. Running builds are not disturbed.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot reconfig
  buildbot reconfig --dry-run /srv/buildbot/master
  buildbot reconfig --list
  buildbot reconfig --to 12

Exit codes: 0 the new configuration is in force, 1 it is not, 2 wrong usage")]
pub(super) struct Reconfig {
    /// Only say what would change
    #[arg(long)]
    dry_run: bool,
    /// Put this earlier version in force again, and its text into master.cfg
    #[arg(long, value_name = "VERSION", conflicts_with = "list")]
    to: Option<i64>,
    /// List the versions that were in force
    #[arg(long, conflicts_with = "dry_run")]
    list: bool,
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl Reconfig {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.base_dir)?;
        let request = match self.to {
            _ if self.list => Request::Versions,
            Some(version) => Request::GoBack { version, dry_run: self.dry_run },
            None => Request::Reconfig { dry_run: self.dry_run },
        };
        let asked = async {
            progress::during(self.quiet, "loading the configuration", ask_master(&base_dir, request, PATIENCE)).await
        };
        match block_on(asked)? {
            Response::Reconfigured(reconfigured) => {
                self.report(&reconfigured);
                Ok(ExitCode::SUCCESS)
            }
            Response::Versions { versions } => {
                list(&versions);
                Ok(ExitCode::SUCCESS)
            }
            Response::Rejected { errors } => {
                match self.to {
                    Some(version) => {
                        complain(format_args!("version {version} cannot be put in force, all stays as it is:"));
                    }
                    None => complain("the configuration has errors, the old one stays in force:"),
                }
                for error in errors {
                    complain(error);
                }
                Ok(ExitCode::FAILURE)
            }
            other => bail!("the master gave an answer to something else: {other:?}"),
        }
    }

    fn report(&self, reconfigured: &Reconfigured) {
        for warning in &reconfigured.warnings {
            complain(format_args!("warning: {warning}"));
        }
        let verdict = match (reconfigured.changes.is_empty(), self.dry_run) {
            (true, _) => "the configuration is good, and nothing differs",
            (false, true) => "the configuration is good and would change:",
            (false, false) => "the new configuration is in force; it changed:",
        };
        remark(self.quiet, verdict);
        for change in &reconfigured.changes {
            remark(self.quiet, format_args!("  {change}"));
        }
        if let Some(version) = reconfigured.version {
            remark(self.quiet, format_args!("this is version {version}"));
        }
    }
}

/// A line for each version and change.
fn list(versions: &[VersionLine]) {
    for version in versions {
        let when = jiff::Timestamp::from_second(version.applied_at).unwrap_or_default();
        remark(
            false,
            format_args!("{:>4}  {}  {}", version.number, when.strftime("%Y-%m-%d %H:%M:%S UTC"), version.cause),
        );
        for change in &version.changes {
            remark(false, format_args!("      {change}"));
        }
    }
}
