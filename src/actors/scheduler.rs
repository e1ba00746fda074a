//! Scheduler: turns changes and forms into buildsets.
//!
//! - Hears: [`ReconsiderChanges`] and [`SubmitForced`] from its parent, and its own timer.
//! - Tells: nothing itself; `Event::BuildsetAdded` goes to the writer together with its rows.
//! - Writes: its row, classified changes, buildsets, requests (`fire_scheduler`).
//! - Restart: permanent. Everything it decides from is in the database; the same state gives the same decision.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{error, info};

use super::applied::AppliedConfig;
use super::handle::{CommandError, ForceRequest, Forced};
use super::scripts::CallFunction;
use super::supervisor::{Ask, AskError, Child, Handle, Reply, ShellContext, Timer};
use crate::clock::Clock;
use crate::db::transitions::FireScheduler;
use crate::db::views::changes;
use crate::db::views::deciders::{self, SchedulerRecord};
use crate::db::{Db, DbError};
use crate::domain::{BuilderId, Change, NewBuildset, SchedulerId, Timestamp};
use crate::schedulers::Answers;
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::force;
use crate::schedulers::single_branch::{self, Decision, Outcome, Rules, State, Waiting};

/// Says that there may be new changes, or that the scheduler was switched on.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderChanges;

/// Submits the buildset that a person asked for.
#[derive(Message)]
#[rtype(result = "Result<Forced, CommandError>")]
pub struct SubmitForced {
    pub request: ForceRequest,
}

#[derive(Clone)]
pub struct SchedulerDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
}

/// The reason a turn came to nothing; the next one starts from the same state.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error("the database failed")]
    Database(#[from] DbError),
    #[error("the script pool did not answer")]
    Scripts(#[from] AskError),
    #[error("its functions raise new questions for ever")]
    Endless,
}

pub struct Scheduler {
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    /// How it looks at changes; none if it does not.
    rules: Option<Arc<Rules>>,
    deps: SchedulerDeps,
    /// Whether a turn is being taken.
    busy: bool,
    /// Whether something changed since that turn looked.
    again: bool,
    timer: Option<Timer>,
}

/// Timers aimed at a date are armed again at least this often, so that a stepped clock is noticed.
const LONGEST_TIMER: Duration = Duration::from_secs(30);
/// Wait before a failed turn is taken again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);
/// Changes that are looked at in one turn.
const CHANGES_PER_TURN: i64 = 500;
/// More rounds of questions than any decision has kinds of questions.
const MAX_ROUNDS: usize = 8;

impl Scheduler {
    pub fn new(id: SchedulerId, config: SchedulerConfig, deps: SchedulerDeps) -> Self {
        let rules = Rules::new(&config).ok().map(Arc::new);
        Self { id, config: Arc::new(config), rules, deps, busy: false, again: false, timer: None }
    }

    fn reconsider(&mut self, ctx: &mut ShellContext<'_, Self>) {
        let Some(rules) = self.rules.clone() else { return };
        if self.busy {
            self.again = true;
            return;
        }
        self.busy = true;
        let turn = turn(self.id, Arc::clone(&self.config), rules, self.deps.clone());
        ctx.spawn(turn, |this, outcome, ctx| {
            this.busy = false;
            match outcome {
                Ok(wake_at) => this.arm(wake_at, ctx),
                Err(error) => {
                    error!(error = &error as &dyn Error, scheduler = this.config.name, "cannot decide on changes");
                    ctx.later(AGAIN_AFTER, Self::reconsider);
                }
            }
            if std::mem::take(&mut this.again) {
                this.reconsider(ctx);
            }
        });
    }

    fn arm(&mut self, wake_at: Option<Timestamp>, ctx: &mut ShellContext<'_, Self>) {
        if let Some(timer) = self.timer.take() {
            timer.cancel();
        }
        if let Some(at) = wake_at {
            let wait = at.since(self.deps.clock.now()).min(LONGEST_TIMER);
            self.timer = Some(ctx.later(wait, Self::reconsider));
        }
    }
}

/// One look at the state and one decision, again until there is nothing to do; answers when to look again.
async fn turn(
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    rules: Arc<Rules>,
    deps: SchedulerDeps,
) -> Result<Option<Timestamp>, TurnError> {
    let mut answers = Answers::default();
    let mut rounds = 0;
    loop {
        let (record, changes) = deps
            .db
            .read(move |conn| {
                let record = deciders::scheduler_record(conn, id)?;
                let changes = changes::after(conn, record.last_change, CHANGES_PER_TURN)?;
                Ok((record, changes))
            })
            .await?;
        let builders = deps.config.borrow().builder_ids(&config.builder_names);
        let state = state_of(record, changes);
        match single_branch::decide(&rules, &builders, &state, &answers, deps.clock.now()) {
            Outcome::Ask(questions) => {
                rounds += 1;
                if MAX_ROUNDS < rounds {
                    return Err(TurnError::Endless);
                }
                for question in questions {
                    let call = CallFunction { function: question.function.clone(), arguments: question.arguments() };
                    let answer = deps.scripts.ask(call).await?;
                    if let Err(error) = &answer {
                        error!(
                            error = error as &dyn Error,
                            scheduler = config.name,
                            "a function of the configuration failed"
                        );
                    }
                    answers.add(question, answer.ok());
                }
            }
            Outcome::Decide(decision) => {
                let wake_at = decision.wake_at;
                if decision.is_empty() {
                    return Ok(wake_at);
                }
                rounds = 0;
                fire(&deps.db, id, decision, &config.name).await?;
            }
        }
    }
}

fn state_of(record: SchedulerRecord, changes: Vec<Change>) -> State {
    let waiting = record.waiting.into_iter().map(|(change, important, classified_at)| Waiting {
        change: Arc::new(change),
        important,
        classified_at,
    });
    State {
        enabled: record.enabled,
        last_change: record.last_change,
        waiting: waiting.collect(),
        new_changes: changes.into_iter().map(Arc::new).collect(),
    }
}

async fn fire(db: &Db, scheduler: SchedulerId, decision: Decision, name: &str) -> Result<(), DbError> {
    let Decision { classified, last_change, consumed, buildset, wake_at: _ } = decision;
    let fired = db.write(FireScheduler { scheduler, classified, last_change, consumed, state: None, buildset }).await?;
    if let Some(fired) = fired {
        info!(scheduler = name, buildset.id = fired.buildset.0, "buildset submitted");
    }
    Ok(())
}

/// Checks the form and stores its buildset.
async fn submit(
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    deps: SchedulerDeps,
    request: ForceRequest,
) -> Result<Forced, CommandError> {
    let input = force::validate(&config, &request.values, request.owner.as_deref()).map_err(CommandError::Invalid)?;
    let own = deps.config.borrow().builder_ids(&config.builder_names);
    let builders = chosen(&request.builders, own, &config.name)?;
    let buildset: NewBuildset = input.into_buildset(&config.name, builders);
    let fire = FireScheduler {
        scheduler: id,
        classified: Vec::new(),
        last_change: None,
        consumed: Vec::new(),
        state: None,
        buildset: Some(buildset),
    };
    let fired = deps.db.write(fire).await.map_err(|error| CommandError::Failed(error.to_string()))?;
    let fired = fired.ok_or_else(|| CommandError::Failed("no buildset was made".to_owned()))?;
    info!(scheduler = config.name, buildset.id = fired.buildset.0, "buildset forced");
    Ok(Forced { buildset: fired.buildset, requests: fired.requests })
}

/// The builders that were named, if the scheduler has them; all of its own if none was.
fn chosen(wanted: &[BuilderId], own: Vec<BuilderId>, scheduler: &str) -> Result<Vec<BuilderId>, CommandError> {
    if wanted.is_empty() {
        return Ok(own);
    }
    match wanted.iter().find(|builder| !own.contains(builder)) {
        Some(stranger) => Err(CommandError::NotFound(format!("scheduler {scheduler:?} has no builder {stranger}"))),
        None => Ok(wanted.to_vec()),
    }
}

impl Child for Scheduler {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.reconsider(ctx);
    }
}

impl Handle<ReconsiderChanges> for Scheduler {
    fn handle(&mut self, _: ReconsiderChanges, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.reconsider(ctx);
        Reply::Now(())
    }
}

impl Handle<SubmitForced> for Scheduler {
    fn handle(
        &mut self,
        SubmitForced { request }: SubmitForced,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Forced, CommandError>> {
        let submit = submit(self.id, Arc::clone(&self.config), self.deps.clone(), request);
        Reply::later(submit)
    }
}
