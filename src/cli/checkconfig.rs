//! `buildbot checkconfig`: says what is wrong with a configuration, without a running master.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::MASTER_CFG;
use super::output::{complain, remark};
use crate::config;

/// Says what is wrong with a configuration
///
/// Loads it as a master would, without one, and names every error with its line.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot checkconfig
  buildbot checkconfig /srv/buildbot/master
  buildbot checkconfig new/master.cfg

Exit codes: 0 a master can run with it, 1 it cannot, 2 wrong usage")]
pub(super) struct Checkconfig {
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// A configuration file, or a base directory with a master.cfg
    #[arg(default_value = ".", value_name = "FILE|DIR")]
    path: PathBuf,
}

impl Checkconfig {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let path = self.path.canonicalize().with_context(|| format!("no file {}", self.path.display()))?;
        let file = if path.is_dir() { path.join(MASTER_CFG) } else { path };
        let base_dir = file.parent().context("a configuration file lies in a directory")?;
        match config::load(&file, base_dir) {
            Ok(config) => {
                for warning in &config.warnings {
                    complain(format_args!("warning: {warning}"));
                }
                for component in &config.inactive {
                    complain(format_args!("warning: {component} is known but does nothing yet"));
                }
                remark(self.quiet, "the configuration is good");
                Ok(ExitCode::SUCCESS)
            }
            Err(errors) => {
                complain(errors);
                Ok(ExitCode::FAILURE)
            }
        }
    }
}
