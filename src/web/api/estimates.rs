//! `builds/N/estimate`: how long a running build will take, as far as earlier ones tell. Not known to Buildbot.

use serde::Serialize;

use super::Call;
use super::elements::{Elements, element};
use super::reply::{Reply, missing};
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::builds;
use crate::db::views::keys::BuildKey;
use crate::domain::{Build, StepId};
use crate::forecast::Estimate;
use crate::json;
use crate::web::error::WebError;
use crate::web::forecasts::{self, BuildForecast};

const FIELDS: &[Field] = &[
    field("buildid", FieldKind::Int),
    field("builderid", FieldKind::Int),
    field("elapsed_s", FieldKind::Int),
    field("usual_s", FieldKind::Int),
    field("left_s", FieldKind::Int),
    field("overdue_s", FieldKind::Int),
    field("percent", FieldKind::Int),
    field("steps", FieldKind::Other),
];

/// All numbers are null while nothing has been learned, and for a build that has ended.
#[derive(Serialize)]
struct EstimateJson {
    builderid: i64,
    buildid: i64,
    #[serde(flatten)]
    build: Numbers,
    steps: Vec<StepJson>,
}

#[derive(Serialize)]
struct StepJson {
    stepid: i64,
    #[serde(flatten)]
    step: Numbers,
}

#[derive(Default, Serialize)]
struct Numbers {
    elapsed_s: Option<u64>,
    /// Null as long as the build is on time.
    overdue_s: Option<u64>,
    left_s: Option<u64>,
    percent: Option<u64>,
    usual_s: Option<u64>,
}

impl From<&Estimate> for Numbers {
    fn from(estimate: &Estimate) -> Self {
        Self {
            elapsed_s: Some(estimate.elapsed.as_secs()),
            overdue_s: estimate.overdue().map(|over| over.as_secs()),
            left_s: Some(estimate.left.as_secs()),
            percent: Some(estimate.percent()),
            usual_s: Some(estimate.usual.as_secs()),
        }
    }
}

fn json(build: &Build, forecast: &BuildForecast) -> EstimateJson {
    let mut steps: Vec<(StepId, &Estimate)> = forecast.steps.iter().map(|(step, estimate)| (*step, estimate)).collect();
    steps.sort_unstable_by_key(|(step, _)| step.0);
    EstimateJson {
        builderid: build.builder_id.0,
        buildid: build.id.0,
        build: forecast.build.as_ref().map(Numbers::from).unwrap_or_default(),
        steps: steps.into_iter().map(|(step, estimate)| StepJson { stepid: step.0, step: estimate.into() }).collect(),
    }
}

/// As `/ws` sends it.
pub fn message(build: &Build, forecast: &BuildForecast) -> String {
    json::to_string(&json(build, forecast))
}

pub async fn get(call: &Call<'_>, key: BuildKey) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, true)?;
    let build = call.read(move |conn| builds::find(conn, &key)).await?.ok_or_else(|| missing("estimates"))?;
    let mut found = forecasts::of_running(&call.state.db, std::iter::once(&build), call.state.clock.now()).await?;
    let forecast = found.remove(&build.id).unwrap_or_default();
    let found = Elements { elements: vec![element(&json(&build, &forecast))], total: 1 };
    Reply::of("estimates", spec.reduce(found), true)
}
