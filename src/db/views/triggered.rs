//! What a build waits for that it triggered.

use diesel::prelude::*;

use crate::db::schema::{build_build_requests, build_requests, builders, builds, buildsets};
use crate::db::{DbError, text};
use crate::domain::{BuilderId, BuildsetId, TriggeredBuild, TriggeredEnd};

/// How a buildset ended, with all of its builds; nothing while it is open.
pub fn end(conn: &mut SqliteConnection, id: BuildsetId) -> Result<Option<TriggeredEnd>, DbError> {
    let row: Option<(Option<i64>, Option<i32>)> =
        buildsets::table.find(id.0).select((buildsets::complete_at_us, buildsets::results)).first(conn).optional()?;
    let Some((complete_at, results)) = row else { return Err(DbError::Row(format!("there is no buildset {id}"))) };
    if complete_at.is_none() {
        return Ok(None);
    }
    let results =
        text::to_results(results)?.ok_or_else(|| DbError::Row(format!("buildset {id} is complete without results")))?;
    let rows: Vec<(i64, String, i64, Option<i32>)> = build_requests::table
        .inner_join(build_build_requests::table.on(build_build_requests::request_id.eq(build_requests::id)))
        .inner_join(builds::table.on(builds::id.eq(build_build_requests::build_id)))
        .inner_join(builders::table.on(builders::id.eq(builds::builder_id)))
        .filter(build_requests::buildset_id.eq(id.0))
        .order(builds::id)
        .select((builders::id, builders::name, builds::number, builds::results))
        .load(conn)?;
    let build = |(builder, builder_name, number, results): (i64, String, i64, Option<i32>)| {
        let results = text::to_results(results)?;
        Ok::<_, DbError>(TriggeredBuild { builder: BuilderId(builder), builder_name, number, results })
    };
    Ok(Some(TriggeredEnd { results, builds: rows.into_iter().map(build).collect::<Result<_, _>>()? }))
}
