//! `buildbot dataspec`: what there is, as a document.

use std::process::ExitCode;

use clap::Args;

use super::output::say;
use crate::config;

/// Prints the reference of everything a configuration can use
///
/// As Markdown, from the table that configurations are checked against.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot dataspec --config > reference.md

Exit codes: 0 printed, 2 wrong usage")]
pub(super) struct Dataspec {
    /// Keys and constructors of the configuration
    #[arg(long, required = true)]
    config: bool,
}

impl Dataspec {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        if self.config {
            say(config::reference().trim_end());
        }
        Ok(ExitCode::SUCCESS)
    }
}
