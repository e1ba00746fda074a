//! Absences: says that a worker is missing once it has been away for longer than its configuration allows.
//!
//! - Hears: its own timer.
//! - Tells: nobody; the event `workers/<id>/missing` does.
//! - Writes: since when workers are away (`note_absences`), and that it was said (`tell_missing`).
//! - Restart: permanent. Absences are read from the database on every look.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tracing::{error, warn};

use crate::actors::applied::AppliedConfig;
use crate::actors::supervisor::{Child, ShellContext};
use crate::clock::Clock;
use crate::config::MasterConfig;
use crate::db::transitions::{ConfigIds, NoteAbsences, TellMissing};
use crate::db::views::reporters::{self, Absence};
use crate::db::{Db, DbError};
use crate::domain::{Timestamp, WorkerId};

/// Timers that are aimed at a date look at the clock this often.
const LOOK_EVERY: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub struct AbsencesDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
}

pub struct Absences {
    deps: AbsencesDeps,
}

impl Absences {
    pub fn new(deps: AbsencesDeps) -> Self {
        Self { deps }
    }

    fn look(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let applied = Arc::clone(&self.deps.config.borrow());
        if !is_needed(&applied.config) {
            return;
        }
        ctx.spawn(look(self.deps.clone()), |_, outcome, _| match outcome {
            Ok(missing) => {
                for worker in missing {
                    warn!(worker.name = worker, "a worker is missing");
                }
            }
            Err(error) => error!(error = &error as &dyn Error, "cannot tell which workers are missing"),
        });
    }
}

/// Whether anybody is to be told of workers.
fn is_needed(config: &MasterConfig) -> bool {
    config.workers.iter().any(|worker| !worker.notify_on_missing.is_empty())
}

/// Names of the workers that are missing since now.
async fn look(deps: AbsencesDeps) -> Result<Vec<String>, DbError> {
    deps.db.write(NoteAbsences).await?;
    let absences = deps.db.read(reporters::absences).await?;
    let applied = Arc::clone(&deps.config.borrow());
    let mut missing = Vec::new();
    for (worker, name) in due(&absences, &applied.config, &applied.ids, deps.clock.now()) {
        if deps.db.write(TellMissing { worker }).await? {
            missing.push(name);
        }
    }
    Ok(missing)
}

/// The workers that have been away for too long, of which nobody was told.
fn due(absences: &[Absence], config: &MasterConfig, ids: &ConfigIds, now: Timestamp) -> Vec<(WorkerId, String)> {
    let mut found = Vec::new();
    for worker in config.workers.iter().filter(|worker| !worker.notify_on_missing.is_empty()) {
        let Some((id, patience)) = ids.workers.get(&worker.name).copied().zip(worker.missing_timeout) else { continue };
        let is_due = |absence: &&Absence| absence.worker == id && !absence.told && patience <= now.since(absence.since);
        if absences.iter().any(|absence| is_due(&absence)) {
            found.push((id, worker.name.clone()));
        }
    }
    found
}

impl Child for Absences {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.look(ctx);
        ctx.every(LOOK_EVERY, Self::look);
    }
}
