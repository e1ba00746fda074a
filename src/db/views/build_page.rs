//! One build with everything that belongs to it; also its steps and logs on pages of their own.

use diesel::SqliteConnection;

use super::build_context::{self, BuildContext};
use super::build_lines::{BuildLine, describe};
use super::build_requests::{self, RequestLine};
use super::keys::{BuildKey, LogKey, StepKey};
use super::select::Select;
use super::source_stamps::{self, StampLine};
use super::step_runs::{self, StepRun};
use super::{builds, changes, logs, properties, steps};
use crate::db::DbError;
use crate::domain::{Change, Log, Properties, Step};

/// Earlier runs of a step that its page compares.
const MOST_RUNS: i64 = 24;

/// What the page of a build shows. The logs do not know their number of lines yet.
#[derive(Debug)]
pub struct BuildPage {
    pub line: BuildLine,
    pub requests: Vec<RequestLine>,
    pub steps: Vec<Step>,
    pub logs: Vec<Log>,
    pub properties: Properties,
    pub stamps: Vec<StampLine>,
    pub changes: Vec<Change>,
    pub triggered: Vec<BuildLine>,
    pub context: BuildContext,
}

/// A step with its build and its logs.
#[derive(Debug)]
pub struct StepPage {
    pub line: BuildLine,
    pub step: Step,
    pub logs: Vec<Log>,
    /// All steps of the build, for the ways to the neighbours.
    pub others: Vec<Step>,
    /// The same step in the builds before, newest first.
    pub runs: Vec<StepRun>,
}

/// A log with its step and build.
#[derive(Debug)]
pub struct LogPage {
    pub line: BuildLine,
    pub step: Step,
    pub log: Log,
}

pub fn read(conn: &mut SqliteConnection, key: &BuildKey) -> Result<Option<BuildPage>, DbError> {
    let Some(line) = line(conn, key)? else { return Ok(None) };
    let id = line.build.id;
    let served = properties::requests_of_build(conn, id)?;
    let requests = build_requests::by_ids(conn, &served)?;
    let buildsets: Vec<i64> = requests.iter().map(|request| request.buildset_id.0).collect();
    let mut stamps: Vec<StampLine> = source_stamps::by_buildset(conn, &buildsets)?.into_values().flatten().collect();
    stamps.sort_by_key(|line| line.stamp.id);
    stamps.dedup_by_key(|line| line.stamp.id);
    let steps = steps::of_builds(conn, &[id.0])?;
    let step_ids: Vec<i64> = steps.iter().map(|step| step.id.0).collect();
    let triggered = builds::select(conn, &Select::scoped(builds::TRIGGERED_BY, vec![id.0]))?;
    Ok(Some(BuildPage {
        requests,
        logs: logs::of_steps(conn, &step_ids)?,
        steps,
        properties: properties::of_build(conn, id)?,
        stamps,
        changes: changes::select(conn, &Select::scoped(changes::OF_BUILD, vec![id.0]).newest(&changes::TABLE, 200))?,
        triggered: describe(conn, triggered)?,
        context: build_context::read(conn, &line.build)?,
        line,
    }))
}

pub fn read_step(conn: &mut SqliteConnection, build: &BuildKey, step: &str) -> Result<Option<StepPage>, DbError> {
    let Some(line) = line(conn, build)? else { return Ok(None) };
    let key = StepKey::parse(BuildKey::Id(line.build.id.0), step);
    let Some(step) = steps::find(conn, &key)? else { return Ok(None) };
    Ok(Some(StepPage {
        logs: logs::of_steps(conn, &[step.id.0])?,
        others: steps::of_builds(conn, &[line.build.id.0])?,
        runs: step_runs::before(conn, &line.build, &step.name, MOST_RUNS)?,
        line,
        step,
    }))
}

pub fn read_log(
    conn: &mut SqliteConnection,
    build: &BuildKey,
    step: &str,
    slug: String,
) -> Result<Option<LogPage>, DbError> {
    let Some(StepPage { line, step, .. }) = read_step(conn, build, step)? else { return Ok(None) };
    let log = logs::find(conn, &LogKey::Slug(StepKey::Id(step.id.0), slug))?;
    Ok(log.map(|log| LogPage { line, step, log }))
}

fn line(conn: &mut SqliteConnection, key: &BuildKey) -> Result<Option<BuildLine>, DbError> {
    let build = builds::find(conn, key)?;
    Ok(describe(conn, build.into_iter().collect())?.into_iter().next())
}
