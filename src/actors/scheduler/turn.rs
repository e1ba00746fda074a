//! One turn of a scheduler: look at the facts, decide, store, until there is nothing left to do.

use std::error::Error;
use std::sync::Arc;

use tracing::{error, info};

use super::{SchedulerDeps, memory};
use crate::actors::priority_question::prioritised;
use crate::actors::scripts::CallFunction;
use crate::actors::supervisor::AskError;
use crate::db::transitions::FireScheduler;
use crate::db::views::deciders::{self, SchedulerRecord};
use crate::db::views::{changes, upstream};
use crate::db::{Db, DbError};
use crate::domain::{Change, SchedulerId, Timestamp};
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::facts::{Decision, Facts, Memory, UpstreamBuildset, UpstreamMemory, Waiting};
use crate::schedulers::{Answers, Prospect, Question, Rules, decide_ahead};

/// Changes that are looked at in one decision.
const CHANGES_PER_DECISION: i64 = 100;
/// More rounds of questions than any decision has kinds of questions.
const MAX_ROUNDS: usize = 8;

/// The reason a turn came to nothing; the next one starts from the same state.
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    #[error("the database failed")]
    Database(#[from] DbError),
    #[error("the script pool did not answer")]
    Scripts(#[from] AskError),
    #[error("its functions raise new questions for ever")]
    Endless,
}

/// Answers when to look again, if nothing happens before.
pub async fn take(
    id: SchedulerId,
    config: Arc<SchedulerConfig>,
    rules: Arc<Rules>,
    deps: SchedulerDeps,
) -> Result<Option<Timestamp>, TurnError> {
    let mut answers = Answers::default();
    let mut rounds = 0;
    loop {
        let facts = facts(&deps.db, id, &rules).await?;
        let builders = deps.config.borrow().builder_ids(&config.builder_names);
        match decide_ahead(&rules, &builders, facts, &answers, deps.clock.now()) {
            Prospect::Ask(questions) => {
                rounds += 1;
                if MAX_ROUNDS < rounds {
                    return Err(TurnError::Endless);
                }
                ask(&deps, &config.name, questions, &mut answers).await?;
            }
            Prospect::Decide(mut decisions) => {
                // What is not stored yet is decided on as stored, but for the moment at which that will be: when to
                // look again is said from what has been read.
                let last = decisions.pop_if(|last| last.is_empty());
                if decisions.is_empty() {
                    return Ok(last.and_then(|last| last.wake_at));
                }
                rounds = 0;
                fire(&deps, id, decisions, &config).await?;
            }
        }
    }
}

async fn facts(db: &Db, id: SchedulerId, rules: &Rules) -> Result<Facts, DbError> {
    let looks_at_changes = rules.looks_at_changes();
    let upstream = rules.upstream().map(str::to_owned);
    db.read(move |conn| {
        let record = deciders::scheduler_record(conn, id)?;
        let mut memory = memory::read(&record.state);
        if upstream.is_some() {
            // What was seen before it began to wait for this upstream was another's.
            let known = memory.upstream.take().filter(|known| record.upstream_since < known.seen);
            memory.upstream = known.or_else(|| Some(UpstreamMemory { seen: record.upstream_since, open: Vec::new() }));
        }
        let new_changes = match looks_at_changes {
            true => changes::after(conn, record.last_change, CHANGES_PER_DECISION)?,
            false => Vec::new(),
        };
        let buildsets = match upstream {
            Some(name) => {
                let known = memory.upstream.clone().unwrap_or_default();
                upstream::buildsets(conn, &name, known.seen, &known.open)?
            }
            None => Vec::new(),
        };
        Ok(facts_of(record, memory, new_changes, buildsets))
    })
    .await
}

fn facts_of(
    record: SchedulerRecord,
    memory: Memory,
    new_changes: Vec<Change>,
    buildsets: Vec<upstream::Buildset>,
) -> Facts {
    let waiting = record.waiting.into_iter().map(|(change, important, classified_at)| Waiting {
        change: Arc::new(change),
        important,
        classified_at,
    });
    let upstream = buildsets.into_iter().map(|found| UpstreamBuildset {
        id: found.id,
        results: found.results,
        stamps: found.stamps,
        changes: found.changes,
        change_properties: found.change_properties,
    });
    Facts {
        enabled: record.enabled,
        last_change: record.last_change,
        waiting: waiting.collect(),
        new_changes: new_changes.into_iter().map(Arc::new).collect(),
        memory,
        upstream: upstream.collect(),
    }
}

async fn ask(
    deps: &SchedulerDeps,
    scheduler: &str,
    questions: Vec<Question>,
    answers: &mut Answers,
) -> Result<(), AskError> {
    for question in questions {
        let call = CallFunction { function: question.function.clone(), arguments: question.arguments() };
        let answer = deps.scripts.ask(call).await?;
        if let Err(error) = &answer {
            error!(error = error as &dyn Error, scheduler, "a function of the configuration failed");
        }
        answers.add(question, answer.ok());
    }
    Ok(())
}

async fn fire(
    deps: &SchedulerDeps,
    scheduler: SchedulerId,
    decisions: Vec<Decision>,
    config: &SchedulerConfig,
) -> Result<(), DbError> {
    let mut fires = Vec::new();
    for decision in decisions {
        let Decision { classified, last_change, consumed, memory, buildset, wake_at: _ } = decision;
        let state = memory.as_ref().map(memory::write);
        let buildset = match buildset {
            Some(buildset) => Some(prioritised((&deps.db, &deps.config, &deps.scripts), config, buildset).await),
            None => None,
        };
        fires.push(FireScheduler { scheduler, classified, last_change, consumed, state, buildset });
    }
    for fired in deps.db.write(fires).await?.into_iter().flatten() {
        info!(scheduler = config.name, buildset.id = fired.buildset.0, "buildset submitted");
    }
    Ok(())
}
