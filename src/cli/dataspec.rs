//! `buildbot dataspec`: what configurations can use.

use std::process::ExitCode;

use clap::Args;

use super::output::say;
use crate::config;

/// Shows what configurations can use
///
/// Prints the reference of all keys and constructors as Markdown, as it is in the manual.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot dataspec --config > reference.md
  buildbot dataspec --missing

Exit codes: 0 done, 2 wrong usage")]
pub(super) struct Dataspec {
    /// Print the reference of all keys and constructors, as Markdown
    #[arg(long)]
    config: bool,
    /// List what Buildbot has and this master has not yet, by kind
    #[arg(long, conflicts_with = "config", required_unless_present = "config")]
    missing: bool,
}

impl Dataspec {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        say(if self.missing { config::missing() } else { config::reference() });
        Ok(ExitCode::SUCCESS)
    }
}
