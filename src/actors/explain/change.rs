//! What each scheduler makes of a change, worked out when somebody asks.

use std::sync::Arc;

use super::{ExplainDeps, ExplainError};
use crate::actors::scripts::CallFunction;
use crate::db::views::change_fate::{self, ChangeFate};
use crate::db::views::deciders;
use crate::domain::{ChangeId, SchedulerId};
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::cron::local_zone;
use crate::schedulers::explain::{ChangeFacts, Stance};
use crate::schedulers::{Answers, Rules};

/// What one scheduler makes of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerStance {
    pub scheduler: String,
    /// `built`, `waiting`, `ignored` or `unknown`.
    pub state: &'static str,
    /// A sentence without its subject, the scheduler.
    pub text: String,
}

/// More rounds of questions than any filter has kinds of questions.
const MAX_ROUNDS: usize = 8;

/// In the order of the configuration; `None` if there is no such change.
pub async fn stances(deps: &ExplainDeps, change: ChangeId) -> Result<Option<Vec<SchedulerStance>>, ExplainError> {
    let Some(fate) = deps.db.read(move |conn| change_fate::find(conn, change)).await? else { return Ok(None) };
    let applied = Arc::clone(&deps.config.borrow());
    let mut stances = Vec::new();
    for scheduler in &applied.config.schedulers {
        let Some(id) = applied.ids.schedulers.get(&scheduler.name).copied() else { continue };
        let stance = stance(deps, id, scheduler, &fate).await?;
        let (state, text) = (stance.word(), stance.to_string());
        stances.push(SchedulerStance { scheduler: scheduler.name.clone(), state, text });
    }
    Ok(Some(stances))
}

async fn stance(
    deps: &ExplainDeps,
    id: SchedulerId,
    config: &SchedulerConfig,
    fate: &ChangeFate,
) -> Result<Stance, ExplainError> {
    let record = deps.db.read(move |conn| deciders::scheduler_record(conn, id)).await?;
    let mut waiting = record.waiting.iter().filter(|(change, ..)| change.id == fate.change.id);
    let of_scheduler = fate.buildsets.iter().filter(|(name, _)| *name == config.name);
    let facts = ChangeFacts {
        enabled: record.enabled,
        has_builders: !config.builder_names.is_empty(),
        last_change: record.last_change,
        waiting: waiting.next().map(|(_, important, at)| (*important, *at)),
        buildsets: of_scheduler.map(|(_, buildset)| *buildset).collect(),
    };
    let rules = Rules::new(config, &local_zone()).map_err(|error| ExplainError::Rules(error.to_string()))?;
    let change = Arc::new(fate.change.clone());
    let mut answers = Answers::default();
    for _ in 0..MAX_ROUNDS {
        match rules.explain(&facts, &change, &answers) {
            Ok(stance) => return Ok(stance),
            Err(questions) => {
                for question in questions {
                    let call = CallFunction { function: question.function.clone(), arguments: question.arguments() };
                    let answer = deps.scripts.ask(call).await?;
                    answers.add(question, answer.ok());
                }
            }
        }
    }
    Err(ExplainError::Rules("its functions raise new questions for ever".to_owned()))
}
