//! `buildbot checkconfig`: says what is wrong with a configuration, without a running master.
//!
//! The file is read in a child process, which is this command again: what would kill a master kills the child.

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::MASTER_CFG;
use super::config_access::ConfigAccess;
use super::output::{complain, remark, say};
use crate::config::{ConfigErrors, MasterConfig, Report, limit_this_process};
use crate::json;

/// Says what is wrong with a configuration
///
/// Loads it as a master would, without one, and names every error with its line. What is known from Buildbot
/// and not available yet is noted, and is no error here; a master does not start with it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot checkconfig
  buildbot checkconfig /srv/buildbot/master
  buildbot checkconfig --strict new/master.cfg
  buildbot checkconfig --json                      for editors

Exit codes: 0 nothing is wrong, 1 something is, 2 wrong usage")]
pub(super) struct Checkconfig {
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// Take warnings, such as old spellings, for errors
    #[arg(long)]
    strict: bool,
    /// Write everything as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    access: ConfigAccess,
    /// This process is the child
    #[arg(long, hide = true)]
    child: bool,
    /// A configuration file, or a base directory with a master.cfg
    #[arg(default_value = ".", value_name = "FILE|DIR")]
    path: PathBuf,
}

impl Checkconfig {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let path = self.path.canonicalize().with_context(|| format!("no file {}", self.path.display()))?;
        let file = if path.is_dir() { path.join(MASTER_CFG) } else { path };
        let base_dir = file.parent().context("a configuration file lies in a directory")?;
        let loaded = self.load(&file, base_dir)?;
        if self.json || self.child {
            let report = report(&loaded);
            let is_bad = !report.errors.is_empty() || (self.strict && !report.warnings.is_empty());
            say(json::to_string(&report));
            return Ok(if is_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS });
        }
        match loaded {
            Ok(config) => Ok(self.tell(&config)),
            Err(errors) => {
                complain(errors);
                Ok(ExitCode::FAILURE)
            }
        }
    }

    fn load(&self, file: &Path, base_dir: &Path) -> anyhow::Result<Result<MasterConfig, ConfigErrors>> {
        let mut loader = self.access.loader(base_dir);
        if self.child {
            limit_this_process(loader.pulse());
        } else {
            let program = env::current_exe().context("cannot find this program")?;
            loader = loader.with_precheck(self.access.precheck(program));
        }
        Ok(loader.file(file))
    }

    fn tell(&self, config: &MasterConfig) -> ExitCode {
        for warning in &config.warnings {
            complain(format_args!("warning: {warning}"));
        }
        for component in &config.inactive {
            complain(format_args!("warning: {component} is known but does nothing yet"));
        }
        if self.strict && !config.warnings.is_empty() {
            complain("warnings are errors with --strict; 'buildbot migrate' rewrites most old spellings");
            return ExitCode::FAILURE;
        }
        for note in &config.not_available {
            complain(format_args!("note: {note}"));
        }
        let verdict = match config.not_available.len() {
            0 => "the configuration is good",
            _ => "the configuration is good, but no master starts with it yet: see the notes",
        };
        remark(self.quiet, verdict);
        ExitCode::SUCCESS
    }
}

fn report(loaded: &Result<MasterConfig, ConfigErrors>) -> Report {
    match loaded {
        Ok(config) => Report {
            errors: Vec::new(),
            warnings: config.warning_entries(),
            notes: config.not_available.iter().map(Into::into).collect(),
            inactive: config.inactive.clone(),
        },
        Err(errors) => Report { errors: errors.iter().map(Into::into).collect(), ..Report::default() },
    }
}
