//! Change source: polls one source and hands what it finds to the intake.
//!
//! - Hears: its own timer.
//! - Tells: nothing; it asks the intake to store changes together with its new position.
//! - Writes: nothing itself.
//! - Restart: permanent. Its position is read from the database before the first poll; a failed poll is tried again
//!   after a growing wait.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tracing::{info, warn};

use super::change_intake::{AcceptChanges, AcceptError};
use super::scripts::CallFunction;
use super::supervisor::{Ask, AskError, Child, ShellContext};
use crate::changes::config::GitPollerConfig;
use crate::changes::{self, ChangeSource as _, GitPoller, PollError, Polled};
use crate::clock::Clock;
use crate::db::views::deciders;
use crate::db::{Db, DbError};
use crate::domain::{ChangeSourceId, CodebaseId};

#[derive(Clone)]
pub struct ChangeSourceDeps {
    pub db: Db,
    pub clock: Clock,
    pub intake: Ask<AcceptChanges>,
    pub scripts: Ask<CallFunction>,
    pub base_dir: PathBuf,
}

/// The reason a poll brought nothing.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error("cannot read the source's position")]
    Position(#[source] DbError),
    #[error("cannot poll")]
    Poll(#[source] PollError),
    #[error("the intake did not answer")]
    Ask(#[source] AskError),
    #[error(transparent)]
    Accept(AcceptError),
}

pub struct ChangeSource {
    id: ChangeSourceId,
    name: String,
    git: GitPollerConfig,
    /// The codebase whose history it keeps.
    codebase: Option<CodebaseId>,
    deps: ChangeSourceDeps,
    /// Failed polls in a row.
    failures: u32,
}

impl ChangeSource {
    pub fn new(
        (id, name): (ChangeSourceId, String),
        git: GitPollerConfig,
        codebase: Option<CodebaseId>,
        deps: ChangeSourceDeps,
    ) -> Self {
        Self { id, name, git, codebase, deps, failures: 0 }
    }

    fn interval(&self) -> Duration {
        self.git.poll_interval
    }

    /// The wait after a failure: doubles from five seconds, never longer than the usual interval or ten minutes.
    fn back_off(&self) -> Duration {
        let doubled = FIRST_BACK_OFF.saturating_mul(1_u32.checked_shl(self.failures.min(8)).unwrap_or(u32::MAX));
        doubled.min(self.interval().max(FIRST_BACK_OFF)).min(LONGEST_BACK_OFF)
    }

    fn poll(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let turn = turn((self.id, self.name.clone()), self.git.clone(), self.codebase, self.deps.clone());
        ctx.spawn(turn, |this, outcome, ctx| {
            let wait = match outcome {
                Ok(turn) => {
                    this.failures = 0;
                    if 0 < turn.n_changes {
                        info!(source = this.name, n_changes = turn.n_changes, "new changes");
                    }
                    if turn.more { Duration::ZERO } else { this.interval() }
                }
                Err(error) => {
                    let wait = this.back_off();
                    this.failures = this.failures.saturating_add(1);
                    warn!(error = &error as &dyn Error, source = this.name, wait_s = wait.as_secs(), "poll failed");
                    wait
                }
            };
            ctx.later(wait, Self::poll);
        });
    }
}

const FIRST_BACK_OFF: Duration = Duration::from_secs(5);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(600);

/// What one poll brought.
struct Turn {
    n_changes: usize,
    /// There is more to fetch at once.
    more: bool,
}

/// Reads the position, polls, and stores changes and the new position in one transaction.
async fn turn(
    (id, source): (ChangeSourceId, String),
    git: GitPollerConfig,
    codebase: Option<CodebaseId>,
    deps: ChangeSourceDeps,
) -> Result<Turn, TurnError> {
    let state = deps.db.read(move |conn| deciders::change_source_state(conn, id)).await.map_err(TurnError::Position)?;
    let mut poller = GitPoller::new(git, &deps.base_dir).with_functions(functions(deps.scripts.clone()));
    let Polled { changes, history, state: new_state, more } = poller.poll(&state).await.map_err(TurnError::Poll)?;
    let n_changes = changes.len();
    if changes.is_empty() && new_state == state {
        return Ok(Turn { n_changes, more });
    }
    let history = codebase.map(|codebase| (codebase, history));
    let accept = AcceptChanges { source, source_id: Some(id), changes, poll_state: Some(new_state), history };
    deps.intake.ask(accept).await.map_err(TurnError::Ask)?.map_err(TurnError::Accept)?;
    Ok(Turn { n_changes, more })
}

/// The door to the operator's functions.
fn functions(scripts: Ask<CallFunction>) -> changes::CallFunction {
    Arc::new(move |function, arguments| {
        let scripts = scripts.clone();
        Box::pin(async move {
            let answer = scripts.ask(CallFunction { function, arguments }).await;
            answer.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        })
    })
}

impl Child for ChangeSource {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.git.poll_at_launch {
            self.poll(ctx);
        } else {
            let interval = self.interval();
            ctx.later(interval, Self::poll);
        }
    }
}
