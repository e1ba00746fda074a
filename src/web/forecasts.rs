//! How far running builds and their steps are, by what earlier builds tell.

use std::collections::HashMap;

use crate::db::views::learned::{self, Outputs};
use crate::db::{Db, DbError};
use crate::domain::learned::{LearnedStep, StepSoFar};
use crate::domain::{Build, BuildId, BuilderId, StepId, Timestamp};
use crate::forecast::{self, Estimate, StepNow};

/// What is expected of one running build.
#[derive(Clone, Debug, Default)]
pub struct BuildForecast {
    pub build: Option<Estimate>,
    /// Of the steps it has so far.
    pub steps: HashMap<StepId, Estimate>,
}

/// Estimates of those of these builds that run.
pub async fn of_running<'a>(
    db: &Db,
    builds: impl Iterator<Item = &'a Build>,
    now: Timestamp,
) -> Result<HashMap<BuildId, BuildForecast>, DbError> {
    let running: Vec<&Build> = builds.filter(|build| build.complete_at.is_none()).collect();
    if running.is_empty() {
        return Ok(HashMap::new());
    }
    let mut builders: Vec<BuilderId> = running.iter().map(|build| build.builder_id).collect();
    builders.sort_unstable_by_key(|builder| builder.0);
    builders.dedup();
    let known = db.read(move |conn| learned::of_builders(conn, &builders)).await?;
    let ids = running.iter().map(|build| build.id).collect();
    let mut steps: HashMap<BuildId, Vec<StepSoFar>> = HashMap::new();
    for step in learned::steps_so_far(db, ids, Outputs::OfRunning).await? {
        steps.entry(step.step.build_id).or_default().push(step);
    }
    let forecast = |build: &Build| {
        let known = known.get(&build.builder_id).map_or(&[][..], Vec::as_slice);
        let steps = steps.get(&build.id).map_or(&[][..], Vec::as_slice);
        (build.id, forecast(build, known, steps, now))
    };
    Ok(running.into_iter().map(forecast).collect())
}

fn forecast(build: &Build, known: &[LearnedStep], steps: &[StepSoFar], now: Timestamp) -> BuildForecast {
    let as_they_stand: Vec<StepNow> = steps.iter().map(|step| StepNow::new(step, now)).collect();
    let of_step = |(so_far, step): (&StepSoFar, &StepNow)| {
        let usual = known.iter().find(|usual| usual.name == step.name)?;
        Some((so_far.step.id, forecast::of_step(usual, step)?))
    };
    BuildForecast {
        build: forecast::of_build(known, &as_they_stand, now.since(build.started_at)),
        steps: steps.iter().zip(&as_they_stand).filter_map(of_step).collect(),
    }
}
