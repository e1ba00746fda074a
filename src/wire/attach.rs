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

/// Introduces a worker that has just connected.
pub(super) async fn attach(link: &WorkerLink, dirs: &[String], builders: &[String]) -> Result<(), AttachError> {
    print_attached(link).await?;
    let facts = link.inner().request(Request::GetWorkerInfo).await?;
    link.inner().learn(WorkerFacts::from_answer(facts)?);
    prepare_builders(link, dirs, builders).await
}

/// Makes the directories of builders, and tells the worker of each builder.
pub(super) async fn prepare_builders(
    link: &WorkerLink,
    dirs: &[String],
    builders: &[String],
) -> Result<(), AttachError> {
    match link.inner().dialect() {
        Dialect::Msgpack => {
            set_settings(link).await?;
            prepare_directories(link, dirs).await?;
        }
        Dialect::PerspectiveBroker => {
            // The worker makes the directories itself.
            let builders = builders.iter().cloned().zip(dirs.iter().cloned()).collect();
            link.inner().set_builders(builders).await?;
        }
    }
    for _ in builders {
        print_attached(link).await?;
    }
    Ok(())
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

async fn prepare_directories(link: &WorkerLink, dirs: &[String]) -> Result<(), AttachError> {
    let facts = link.facts();
    let listing = succeed(link, "listdir", [("path", facts.basedir.as_str().into())]).await?;
    if facts.delete_leftover_dirs {
        remove_leftovers(link, dirs, &listing.files).await?;
    }
    let mut missing: Vec<String> = dirs
        .iter()
        .map(String::as_str)
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
async fn remove_leftovers(link: &WorkerLink, dirs: &[String], files: &[String]) -> Result<(), AttachError> {
    let is_wanted = |file: &String| {
        // A builder may live below a directory of its own.
        file == INFO_DIR || dirs.iter().any(|dir| dir.split(['/', '\\']).next() == Some(file))
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
