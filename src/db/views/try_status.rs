//! How far the builds of a buildset are, for whoever sent it.

use std::collections::HashMap;

use diesel::prelude::*;

use super::steps;
use crate::db::DbError;
use crate::db::schema::{build_build_requests, build_requests, builders, builds};
use crate::domain::try_job::{TryBuild, TryRequest, TryStatus};
use crate::domain::{BuildId, BuildRequestId, BuildsetId, Results};

/// Request, builder's name, results.
type RequestRow = (i64, String, Option<i32>);
/// Request, build, results, words.
type BuildRow = (i64, i64, Option<i32>, String);

pub fn of_buildset(conn: &mut SqliteConnection, buildset: BuildsetId) -> Result<TryStatus, DbError> {
    let requests: Vec<RequestRow> = build_requests::table
        .inner_join(builders::table.on(builders::id.eq(build_requests::builder_id)))
        .filter(build_requests::buildset_id.eq(buildset.0))
        .order(build_requests::id)
        .select((build_requests::id, builders::name, build_requests::results))
        .load(conn)?;
    let ids: Vec<i64> = requests.iter().map(|(id, ..)| *id).collect();
    let mut builds = builds_of(conn, &ids)?;
    let request = |(id, builder_name, results): RequestRow| TryRequest {
        id: BuildRequestId(id),
        builder_name,
        results: results.and_then(Results::from_code),
        builds: builds.remove(&id).unwrap_or_default(),
    };
    Ok(TryStatus { requests: requests.into_iter().map(request).collect() })
}

fn builds_of(conn: &mut SqliteConnection, requests: &[i64]) -> Result<HashMap<i64, Vec<TryBuild>>, DbError> {
    let rows: Vec<BuildRow> = build_build_requests::table
        .inner_join(builds::table.on(builds::id.eq(build_build_requests::build_id)))
        .filter(build_build_requests::request_id.eq_any(requests))
        .order(builds::id)
        .select((build_build_requests::request_id, builds::id, builds::results, builds::state_string))
        .load(conn)?;
    let ids: Vec<i64> = rows.iter().map(|(_, build, ..)| *build).collect();
    let mut steps: HashMap<BuildId, Vec<(String, Option<Results>)>> = HashMap::new();
    for step in steps::of_builds(conn, &ids)?.into_iter().filter(|step| step.started_at.is_some()) {
        steps.entry(step.build_id).or_default().push((step.name, step.results));
    }
    let mut builds: HashMap<i64, Vec<TryBuild>> = HashMap::new();
    for (request, id, results, words) in rows {
        let id = BuildId(id);
        let finished = results.and_then(Results::from_code).map(|results| (results, words));
        let steps = steps.get(&id).cloned().unwrap_or_default();
        builds.entry(request).or_default().push(TryBuild { id, steps, finished });
    }
    Ok(builds)
}
