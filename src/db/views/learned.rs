//! What is known of how long builds take, and how far running ones have come.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use super::{log_text, logs, steps};
use crate::db::schema::{learned_metrics, learned_steps, step_progress};
use crate::db::{Db, DbError};
use crate::domain::learned::{Average, LearnedStep, OUTPUT, StepSoFar};
use crate::domain::{BuildId, BuilderId, LogId, Step, StepId};

/// Of which steps the output is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outputs {
    OfRunning,
    OfAll,
}

/// What was learned of these builders, each by the position of its steps.
pub fn of_builders(
    conn: &mut SqliteConnection,
    builders: &[BuilderId],
) -> Result<HashMap<BuilderId, Vec<LearnedStep>>, DbError> {
    let mut found: HashMap<BuilderId, Vec<LearnedStep>> = HashMap::new();
    for part in builders.chunks(super::MOST_IDS) {
        let ids: Vec<i64> = part.iter().map(|builder| builder.0).collect();
        let rows: Vec<(i64, String, String, f64, i32)> = learned_metrics::table
            .filter(learned_metrics::builder_id.eq_any(&ids))
            .select((
                learned_metrics::builder_id,
                learned_metrics::step,
                learned_metrics::metric,
                learned_metrics::value,
                learned_metrics::n_samples,
            ))
            .load(conn)?;
        let mut metrics: HashMap<(i64, String), BTreeMap<String, Average>> = HashMap::new();
        for (builder, step, metric, value, n_samples) in rows {
            let average = Average { value, n_samples: u32::try_from(n_samples).unwrap_or(0) };
            metrics.entry((builder, step)).or_default().insert(metric, average);
        }
        let rows: Vec<(i64, String, i32, f64, Option<i32>)> = learned_steps::table
            .filter(learned_steps::builder_id.eq_any(&ids))
            .order((learned_steps::builder_id, learned_steps::position))
            .select((
                learned_steps::builder_id,
                learned_steps::name,
                learned_steps::position,
                learned_steps::presence,
                learned_steps::group_first,
            ))
            .load(conn)?;
        for (builder, name, position, presence, group) in rows {
            let metrics = metrics.remove(&(builder, name.clone())).unwrap_or_default();
            let step = LearnedStep { name, position, presence, group, metrics };
            found.entry(BuilderId(builder)).or_default().push(step);
        }
    }
    Ok(found)
}

/// The steps of these builds with what they have counted, those of each build by their number.
pub async fn steps_so_far(db: &Db, builds: Vec<BuildId>, outputs: Outputs) -> Result<Vec<StepSoFar>, DbError> {
    let (steps, mut counted, logs) = db.read(move |conn| read_steps(conn, &builds, outputs)).await?;
    let ids: Vec<LogId> = logs.keys().copied().collect();
    let sizes = if ids.is_empty() { Vec::new() } else { db.read_logs(move |conn| log_text::sizes(conn, &ids)).await? };
    for (log, bytes) in sizes {
        if let Some(step) = logs.get(&log) {
            *counted.entry(*step).or_default().entry(OUTPUT.to_owned()).or_default() += bytes as f64;
        }
    }
    let so_far = |step: Step| StepSoFar { counted: counted.remove(&step.id).unwrap_or_default(), step };
    Ok(steps.into_iter().map(so_far).collect())
}

type Counted = HashMap<StepId, BTreeMap<String, f64>>;
/// Steps, what they have counted, and of which step each log is.
type ReadSteps = (Vec<Step>, Counted, HashMap<LogId, StepId>);

fn read_steps(conn: &mut SqliteConnection, builds: &[BuildId], outputs: Outputs) -> Result<ReadSteps, DbError> {
    let ids: Vec<i64> = builds.iter().map(|build| build.0).collect();
    let steps = steps::of_builds(conn, &ids)?;
    let is_wanted =
        |step: &&Step| step.started_at.is_some() && (outputs == Outputs::OfAll || step.complete_at.is_none());
    let wanted: Vec<i64> = steps.iter().filter(is_wanted).map(|step| step.id.0).collect();
    let mut counted = Counted::new();
    for part in wanted.chunks(super::MOST_IDS) {
        let rows: Vec<(i64, String, f64)> = step_progress::table
            .filter(step_progress::step_id.eq_any(part))
            .select((step_progress::step_id, step_progress::metric, step_progress::value))
            .load(conn)?;
        for (step, metric, value) in rows {
            counted.entry(StepId(step)).or_default().insert(metric, value);
        }
    }
    let logs = logs::of_steps(conn, &wanted)?.into_iter().map(|log| (log.id, log.step_id)).collect();
    Ok((steps, counted, logs))
}
