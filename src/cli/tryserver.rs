//! `buildbot tryserver`: puts a job from standard input into the directory of a `Try_Jobdir`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
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
    /// The directory of jobs; ~/ is the home directory
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
        let jobdir = at_home(&self.jobdir, std::env::home_dir());
        let (unfinished, new) = (jobdir.join("tmp").join(&name), jobdir.join("new").join(&name));
        let written = File::create_new(&unfinished).and_then(|mut file| {
            file.write_all(&job)?;
            file.sync_all()
        });
        written.with_context(|| format!("cannot write {}", unfinished.display()))?;
        fs::rename(&unfinished, &new).with_context(|| format!("cannot move the job to {}", new.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A shell expands `~/` only where a word begins, so not after `--jobdir=`.
fn at_home(path: &Path, home: Option<PathBuf>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tilde_is_the_home_directory() {
        let of = |path: &str| at_home(Path::new(path), Some(PathBuf::from("/home/ann")));
        assert_eq!(of("~/jobs"), Path::new("/home/ann/jobs"));
        assert_eq!((of("~joe/jobs"), of("/srv/jobs")), (PathBuf::from("~joe/jobs"), PathBuf::from("/srv/jobs")));
        assert_eq!(at_home(Path::new("~/jobs"), None), Path::new("~/jobs"));
    }
}
