//! What builds left behind or lost, for tests of those who look at it.

use crate::db::transitions::{AddStep, NoteProgress, RemoveBuilds, RemoveLogs, StartStep, StoreLearned};
use crate::db::{Db, DbError};
use crate::domain::learned::LearnedStep;
use crate::domain::{BuildId, BuilderId, StepId};

/// Takes the text of a build's logs away.
pub async fn remove_logs(db: &Db, build: BuildId) -> Result<(), DbError> {
    db.write(RemoveLogs { builds: vec![build] }).await.map(drop)
}

/// Removes an ended build.
pub async fn remove_build(db: &Db, build: BuildId) -> Result<(), DbError> {
    db.write(RemoveBuilds { builds: vec![build] }).await.map(drop)
}

/// Has a builder know this of its steps.
pub async fn teach(db: &Db, builder: BuilderId, steps: Vec<LearnedStep>) -> Result<(), DbError> {
    db.write(StoreLearned { builder, steps }).await
}

/// Adds a step to a running build and starts it.
pub async fn start_step(db: &Db, build: BuildId, number: i32, name: &str) -> Result<StepId, DbError> {
    let add = AddStep { build, number, name: name.to_owned(), state_string: String::new(), group: None };
    let step = db.write(add).await?.id;
    db.write(StartStep { step, locks_acquired: true }).await?;
    Ok(step)
}

/// Has a step say how far it is.
pub async fn note(db: &Db, step: StepId, metric: &str, value: f64) -> Result<(), DbError> {
    db.write(NoteProgress { step, metric: metric.to_owned(), value }).await
}
