//! What a worker and its master say to each other before the first build.

use std::collections::BTreeMap;

use buildbot_protocol::{Arguments, Request, Value, WorkerSettings};

use super::facts::{FactsError, WorkerFacts};
use super::link::{LinkError, StartCommand, WorkerLink};
use super::session::Dialect;
use crate::domain::CommandOutcome;

/// Cursor movements and overwritten lines become line ends; the worker cuts its output there.
///
/// Workers in Python compile it with their own engine, so it stays with what all engines of theirs know.
const NEWLINE_RE: &str = r"(\r\n|\r(?=[^\n])|\x1b\[(?:u|2J|[0-9]+;[0-9]+[Hf])|\x08+)";

/// Longer lines are cut, in characters. Workers in Python lose text when they cut, so it is far above what they have
/// by default, and well below `BUFFER_SIZE`.
const MAX_LINE_LENGTH: i64 = 32 * 1024;

/// How long a worker gathers output before it sends it, in seconds.
const BUFFER_TIMEOUT: f64 = 0.2;

/// How much output a worker gathers before it sends it, in bytes or so.
const BUFFER_SIZE: i64 = 64 * 1024;

/// The directory of a worker's own descriptions; it exists on every worker.
const INFO_DIR: &str = "info";

/// The bits of a file's mode that tell its kind, and the kind of a directory.
const S_IFMT: i64 = 0o170_000;
const S_IFDIR: i64 = 0o040_000;

/// The reason a worker cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Facts(#[from] FactsError),
    #[error("{command} failed on the worker with code {rc}")]
    Preparation { command: &'static str, rc: i64 },
}

/// What becomes of directories that belong to no builder, if the worker wants to be rid of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leftovers {
    /// A build of a builder that has just been removed may still run there.
    Keep,
    Remove,
}

/// Introduces a worker that has just connected.
pub(super) async fn attach(link: &WorkerLink, builders: Vec<(String, String)>) -> Result<(), AttachError> {
    print_attached(link).await?;
    let facts = link.inner().request(Request::GetWorkerInfo).await?;
    link.inner().learn(WorkerFacts::from_answer(facts)?);
    if link.inner().dialect() == Dialect::Msgpack {
        set_settings(link).await?;
    }
    prepare_builders(link, &builders, Leftovers::Remove).await?;
    for _ in &builders {
        print_attached(link).await?;
    }
    Ok(())
}

/// Makes the directories of builders, and tells the worker of each builder.
pub(super) async fn prepare_builders(
    link: &WorkerLink,
    builders: &[(String, String)],
    leftovers: Leftovers,
) -> Result<(), AttachError> {
    link.inner().remember_builders(builders.to_vec());
    match link.inner().dialect() {
        Dialect::Msgpack => {
            let dirs: Vec<&str> = builders.iter().map(|(_, dir)| dir.as_str()).collect();
            prepare_directories(link, &dirs, leftovers).await
        }
        // The worker makes the directories itself.
        Dialect::PerspectiveBroker => Ok(link.inner().set_builders(builders.to_vec()).await?),
    }
}

async fn set_settings(link: &WorkerLink) -> Result<(), LinkError> {
    let settings = WorkerSettings {
        newline_re: NEWLINE_RE.to_owned(),
        max_line_length: MAX_LINE_LENGTH,
        buffer_timeout: BUFFER_TIMEOUT,
        buffer_size: BUFFER_SIZE,
    };
    link.inner().request(Request::SetWorkerSettings(settings)).await.map(|_| ())
}

async fn print_attached(link: &WorkerLink) -> Result<(), LinkError> {
    let request = Request::Print { message: "attached".to_owned() };
    link.inner().request(request).await.map(|_| ())
}

async fn prepare_directories(link: &WorkerLink, dirs: &[&str], leftovers: Leftovers) -> Result<(), AttachError> {
    let facts = link.facts();
    let listing = succeed(link, "listdir", [("path", facts.basedir.as_str().into())]).await?;
    if facts.delete_leftover_dirs && leftovers == Leftovers::Remove {
        remove_leftovers(link, dirs, &listing.files).await?;
    }
    let mut missing: Vec<String> = dirs
        .iter()
        .copied()
        .chain([INFO_DIR])
        .filter(|dir| !listing.files.iter().any(|file| file == dir))
        .map(|dir| facts.path(dir))
        .collect();
    missing.sort();
    missing.dedup();
    if !missing.is_empty() {
        succeed(link, "mkdir", [("paths", paths(missing))]).await?;
    }
    Ok(())
}

/// Removes directories that belong to no builder; a worker asks for this with `delete_leftover_dirs`.
async fn remove_leftovers(link: &WorkerLink, dirs: &[&str], files: &[String]) -> Result<(), AttachError> {
    let is_wanted = |file: &String| {
        // A builder may live below a directory of its own.
        file == INFO_DIR || dirs.iter().any(|dir| dir.split(['/', '\\']).next() == Some(file.as_str()))
    };
    let mut leftovers = Vec::new();
    for file in files.iter().filter(|file| !is_wanted(file)) {
        let path = link.facts().path(file);
        let outcome = run(link, "stat", [("path", path.as_str().into())]).await?;
        if outcome.rc == 0 && outcome.stat.first().is_some_and(|mode| mode & S_IFMT == S_IFDIR) {
            leftovers.push(path);
        }
    }
    if !leftovers.is_empty() {
        succeed(link, "rmdir", [("paths", paths(leftovers))]).await?;
    }
    Ok(())
}

fn paths(paths: Vec<String>) -> Value {
    Value::Array(paths.into_iter().map(Value::Str).collect())
}

async fn succeed(
    link: &WorkerLink,
    command: &'static str,
    args: [(&str, Value); 1],
) -> Result<CommandOutcome, AttachError> {
    let outcome = run(link, command, args).await?;
    match outcome.rc {
        0 => Ok(outcome),
        rc => Err(AttachError::Preparation { command, rc }),
    }
}

async fn run(link: &WorkerLink, name: &str, args: [(&str, Value); 1]) -> Result<CommandOutcome, LinkError> {
    let args: Arguments = BTreeMap::from(args.map(|(key, value)| (key.to_owned(), value)));
    let id = link.inner().next_own_id();
    link.run(StartCommand::new(id, name, args)).await
}
