//! `buildbot tryserver`: puts a job from standard input into the directory of a `Try_Jobdir`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use sha2::{Digest, Sha256};

use crate::clock::Clock;

/// Puts a try job into the directory of a Try_Jobdir scheduler
///
/// This is the other end of 'buildbot try --connect=ssh'. The job comes on standard input, is written into DIR/tmp and
/// moved to DIR/new, so that the scheduler never sees half of it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot tryserver --jobdir=/srv/buildbot/master/try < job

Exit codes: 0 the job is in the directory, 1 it is not, 2 wrong usage")]
pub(super) struct Tryserver {
    /// The directory of jobs
    #[arg(long, value_name = "DIR")]
    jobdir: PathBuf,
}

impl Tryserver {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let mut job = Vec::new();
        io::stdin().read_to_end(&mut job).context("cannot read the job")?;
        if job.is_empty() {
            bail!("there is no job on standard input");
        }
        let digest: String = Sha256::digest(&job).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}.{}-{digest}", Clock::system().now().micros(), std::process::id());
        let (unfinished, new) = (self.jobdir.join("tmp").join(&name), self.jobdir.join("new").join(&name));
        let written = File::create_new(&unfinished).and_then(|mut file| {
            file.write_all(&job)?;
            file.sync_all()
        });
        written.with_context(|| format!("cannot write {}", unfinished.display()))?;
        fs::rename(&unfinished, &new).with_context(|| format!("cannot move the job to {}", new.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}
