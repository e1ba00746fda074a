//! A directory of try jobs, as a mailbox: whoever delivers writes into `tmp` and moves to `new`, we move to `cur`.
//!
//! A job is stored before it is moved. Which files have been stored is written together with their buildsets, so that
//! one whose move failed, or was cut off by a crash, is not built twice.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::{TryJobsDeps, builders_of, job_file};
use crate::actors::priority_question::prioritised;
use crate::db::DbError;
use crate::db::transitions::{FireScheduler, Fired};
use crate::db::views::deciders;
use crate::domain::{NewBuildset, SchedulerId};
use crate::json;
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::try_build;

/// Larger files are no jobs.
const MAX_BYTES: u64 = 64 << 20;

/// One look through a directory.
pub(super) struct Sweep {
    pub(super) id: SchedulerId,
    pub(super) config: SchedulerConfig,
    pub(super) dir: PathBuf,
    pub(super) deps: TryJobsDeps,
}

/// A file that was found.
struct Found {
    name: String,
    /// Name and content, so that another job of the same name is another.
    key: String,
    content: Vec<u8>,
}

/// The reason a directory could not be looked through to the end; what is left is for the next time.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Database(#[from] DbError),
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("looking died: {0}")]
    Died(#[from] tokio::task::JoinError),
}

impl Sweep {
    /// Stores and moves every job; answers what is wrong.
    pub(super) async fn run(self) -> Vec<String> {
        let mut complaints = Vec::new();
        if let Err(error) = self.all(&mut complaints).await {
            complaints.push(error.to_string());
        }
        complaints.into_iter().map(|what| format!("jobs of the scheduler {}: {what}", self.config.name)).collect()
    }

    async fn all(&self, complaints: &mut Vec<String>) -> Result<(), SweepError> {
        let dir = self.dir.clone();
        let (found, strange) = tokio::task::spawn_blocking(move || scan(&dir)).await??;
        complaints.extend(strange);
        if found.is_empty() {
            return Ok(());
        }
        let id = self.id;
        let record = self.deps.db.read(move |conn| deciders::scheduler_record(conn, id)).await?;
        if !record.enabled {
            return Ok(());
        }
        let mut ledger = Ledger::read(&record.state);
        ledger.stored.retain(|key| found.iter().any(|found| found.key == *key));
        for job in found {
            if !ledger.stored.contains(&job.key) {
                self.store(&job, &mut ledger).await?;
            }
            let (from, to) = (self.dir.join("new").join(&job.name), self.dir.join("cur").join(&job.name));
            match tokio::task::spawn_blocking(move || fs::rename(&from, to).map_err(at(&from))).await? {
                // Another job may come under its name.
                Ok(()) => drop(ledger.stored.remove(&job.key)),
                Err(error) => complaints.push(error.to_string()),
            }
        }
        if ledger.stored != ledger.written {
            self.write(&mut ledger, None).await?;
        }
        Ok(())
    }

    /// Stores the buildset of a job, and that it is stored. A file that is no job is only said to be none.
    async fn store(&self, found: &Found, ledger: &mut Ledger) -> Result<(), SweepError> {
        let scheduler = self.config.name.as_str();
        let job = match job_file::read(&found.content) {
            Ok(job) => job,
            Err(error) => {
                warn!(scheduler, file = found.name, "a file in the directory of jobs is no job: {error}");
                return Ok(());
            }
        };
        let Some(builders) = builders_of(&self.deps.config, &self.config, &job) else {
            let builders = &job.builder_names;
            warn!(scheduler, file = found.name, ?builders, "a try job names a builder that it may not start");
            return Ok(());
        };
        ledger.stored.insert(found.key.clone());
        let buildset = try_build::buildset(&self.config, job, builders);
        if let Some(fired) = self.write(ledger, Some(buildset)).await? {
            info!(scheduler, file = found.name, buildset.id = fired.buildset.0, "try job submitted");
        }
        Ok(())
    }

    /// Writes the ledger, and a buildset with it.
    async fn write(&self, ledger: &mut Ledger, buildset: Option<NewBuildset>) -> Result<Option<Fired>, DbError> {
        let buildset = match buildset {
            Some(buildset) => {
                let deps = (&self.deps.db, &self.deps.config, &self.deps.scripts);
                Some(prioritised(deps, &self.config, buildset).await)
            }
            None => None,
        };
        let fire = FireScheduler {
            scheduler: self.id,
            classified: Vec::new(),
            last_change: None,
            consumed: Vec::new(),
            state: Some(json::to_string(&json::json!({"stored": ledger.stored}))),
            buildset,
        };
        let fired = self.deps.db.write(fire).await?;
        ledger.written.clone_from(&ledger.stored);
        Ok(fired)
    }
}

/// The keys of files that were stored and are not moved yet, as far as we know, and as it is written.
struct Ledger {
    stored: BTreeSet<String>,
    written: BTreeSet<String>,
}

impl Ledger {
    fn read(state: &str) -> Self {
        let state: json::Value = json::from_str(state).unwrap_or_default();
        let keys = state["stored"].as_array().map(Vec::as_slice).unwrap_or_default();
        let stored: BTreeSet<String> = keys.iter().filter_map(|key| key.as_str().map(str::to_owned)).collect();
        Self { written: stored.clone(), stored }
    }
}

/// Every job in `new`, in the order of names, which begin with a time; and what is there and cannot be one.
fn scan(dir: &Path) -> Result<(Vec<Found>, Vec<String>), SweepError> {
    for part in ["tmp", "new", "cur"] {
        let part = dir.join(part);
        fs::create_dir_all(&part).map_err(at(&part))?;
    }
    let new = dir.join("new");
    let (mut found, mut strange) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(&new).map_err(at(&new))? {
        let path = entry.map_err(at(&new))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            strange.push(format!("{} has no name that can be read", path.display()));
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        match content(&path) {
            Ok(content) => {
                let digest: String =
                    Sha256::digest(&content).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                found.push(Found { name: name.to_owned(), key: format!("{name} {digest}"), content });
            }
            // Somebody else moved it meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => strange.push(format!("{}: {error}", path.display())),
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((found, strange))
}

/// A plain file's content: what links lead to is not ours to read.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    if MAX_BYTES < metadata.len() {
        return Err(io::Error::other(format!("it is larger than {MAX_BYTES} bytes")));
    }
    fs::read(path)
}

fn at(path: &Path) -> impl Fn(io::Error) -> SweepError {
    let path = path.to_owned();
    move |error| SweepError::Io { path: path.clone(), error }
}
