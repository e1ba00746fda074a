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
/// Loads it as a master would, without one, and names every error with its line. What is known from Buildbot
/// and not available yet is noted, and is no error here; a master does not start with it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot checkconfig
  buildbot checkconfig /srv/buildbot/master
  buildbot checkconfig new/master.cfg

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage")]
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
                for note in &config.not_available {
                    complain(format_args!("note: {note}"));
                }
                let verdict = match config.not_available.len() {
                    0 => "the configuration is good",
                    _ => "the configuration is good, but no master starts with it yet: see the notes",
                };
                remark(self.quiet, verdict);
                Ok(ExitCode::SUCCESS)
            }
            Err(errors) => {
                complain(errors);
                Ok(ExitCode::FAILURE)
            }
        }
    }
}
