//! `buildbot migrate`: a configuration with modern names.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::MASTER_CFG;
use super::output::{complain, say};
use crate::config;

/// Prints a configuration with modern names
///
/// The file itself stays as it is. What has to be rewritten by hand is told on standard error, with its line.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot migrate master.cfg > new.cfg
  buildbot checkconfig new.cfg

Exit codes: 0 nothing is left to do by hand, 1 something is, or the file is no Python, 2 wrong usage")]
pub(super) struct Migrate {
    /// A configuration file, or a base directory with a master.cfg
    #[arg(default_value = ".", value_name = "FILE|DIR")]
    path: PathBuf,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let file = if self.path.is_dir() { self.path.join(MASTER_CFG) } else { self.path };
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let migrated = match config::migrate(&name, &text) {
            Ok(migrated) => migrated,
            Err(errors) => {
                complain(errors);
                return Ok(ExitCode::FAILURE);
            }
        };
        say(migrated.text.trim_end());
        complain(format_args!("{} places have modern names now", migrated.n_changes));
        for note in &migrated.notes {
            complain(format_args!("by hand: {note}"));
        }
        Ok(if migrated.notes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
