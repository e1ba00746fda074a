//! `buildbot create-master`: makes a base directory with a sample configuration and an empty database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::MASTER_CFG;
use super::output::remark;
use crate::clock::Clock;
use crate::config;
use crate::db::{self, OpenOptions};
use crate::master;

const DEFAULT_DB: &str = "sqlite:///state.sqlite";
const SAMPLE: &str = "master.cfg.sample";

/// Makes the base directory of a new master
///
/// Writes master.cfg.sample and an empty database. In a directory that exists only these two are touched: master.cfg is
/// never changed.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot create-master master
  cp master/master.cfg.sample master/master.cfg    make it yours, then
  buildbot checkconfig master
  buildbot start master

Exit codes: 0 made, 1 not made, 2 wrong usage")]
pub(super) struct CreateMaster {
    /// Say nothing when all is well
    #[arg(short, long)]
    quiet: bool,
    /// Accepted for compatibility: a directory that exists is always reused, and its master.cfg kept
    #[arg(short, long, hide = true)]
    force: bool,
    /// Accepted for compatibility: nothing in a base directory depends on its place
    #[arg(short, long, hide = true)]
    relocatable: bool,
    /// Where the database is to be, relative to the base directory; the configuration has to name the same
    #[arg(long, default_value = DEFAULT_DB, value_name = "URL")]
    db: String,
    /// The base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl CreateMaster {
    /// As without options, and without a word.
    pub(super) fn quiet(base_dir: PathBuf) -> Self {
        Self { quiet: true, force: false, relocatable: false, db: DEFAULT_DB.to_owned(), base_dir }
    }

    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        fs::create_dir_all(&self.base_dir).with_context(|| format!("cannot make {}", self.base_dir.display()))?;
        let base_dir = super::base_dir(&self.base_dir)?;
        let sample = base_dir.join(SAMPLE);
        fs::write(&sample, config::sample()).with_context(|| format!("cannot write {}", sample.display()))?;
        create_database(&base_dir, &self.db)?;
        remark(self.quiet, format_args!("a master can live in {} now.", base_dir.display()));
        if !base_dir.join(MASTER_CFG).exists() {
            remark(self.quiet, format_args!("Next: copy {SAMPLE} to {MASTER_CFG} there and make it yours, then"));
        }
        remark(self.quiet, format_args!("  buildbot start {}", base_dir.display()));
        Ok(ExitCode::SUCCESS)
    }
}

fn create_database(base_dir: &Path, db_url: &str) -> anyhow::Result<()> {
    let options = OpenOptions {
        base_dir: base_dir.to_owned(),
        db_url: db_url.to_owned(),
        master_name: master::name(base_dir),
        clock: Clock::system(),
    };
    db::open(&options).context("cannot make the database")?;
    Ok(())
}
