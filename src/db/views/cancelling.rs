//! What those who cancel needless builds look at.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;

use super::{deciders, source_stamps};
use crate::db::schema::{build_build_requests, build_requests, builds, buildsets, changes};
use crate::db::{DbError, text};
use crate::domain::{
    BuildId, BuildRequest, BuildRequestId, BuilderId, BuildsetId, ChangeId, Results, StampSpec, Timestamp,
};

/// The requests that are not complete, oldest first.
pub fn open_requests(conn: &mut SqliteConnection) -> Result<Vec<BuildRequest>, DbError> {
    let ids: Vec<i64> = build_requests::table
        .filter(build_requests::complete_at_us.is_null())
        .order(build_requests::id)
        .select(build_requests::id)
        .load(conn)?;
    let ids: Vec<BuildRequestId> = ids.into_iter().map(BuildRequestId).collect();
    deciders::requests_by_id(conn, &ids)
}

/// The newest changes, oldest first: their sources, and when those were first heard of.
pub fn newest_changes(
    conn: &mut SqliteConnection,
    count: i64,
) -> Result<Vec<(ChangeId, StampSpec, Timestamp)>, DbError> {
    let ids: Vec<i64> = changes::table.order(changes::id.desc()).limit(count).select(changes::id).load(conn)?;
    let mut newest = sources_of(conn, &ids.into_iter().map(ChangeId).collect::<Vec<_>>())?;
    newest.sort_by_key(|(id, ..)| *id);
    Ok(newest)
}

/// The sources of these changes, and when those were first heard of.
pub fn sources_of(
    conn: &mut SqliteConnection,
    ids: &[ChangeId],
) -> Result<Vec<(ChangeId, StampSpec, Timestamp)>, DbError> {
    let mut found = Vec::new();
    for ids in ids.chunks(super::MOST_IDS) {
        let pairs: Vec<(i64, i64)> = changes::table
            .filter(changes::id.eq_any(ids.iter().map(|id| id.0)))
            .select((changes::id, changes::source_stamp_id))
            .load(conn)?;
        let stamps: Vec<i64> = pairs.iter().map(|(_, stamp)| *stamp).collect();
        let stamps = source_stamps::by_ids(conn, &stamps)?;
        found.extend(pairs.into_iter().filter_map(|(id, stamp)| {
            let stamp = &stamps.get(&stamp)?.stamp;
            Some((ChangeId(id), stamp.spec.clone(), stamp.created_at))
        }));
    }
    Ok(found)
}

/// A buildset of which one build has failed and others are to come.
#[derive(Clone, Debug, PartialEq)]
pub struct FailingBuildset {
    pub buildset: BuildsetId,
    pub stamps: Vec<StampSpec>,
    pub failed: Vec<BuilderId>,
    pub open: Vec<(BuildRequestId, BuilderId)>,
}

/// The buildsets with a request that ended in FAILURE and another that has not ended: these, or all.
pub fn failing_buildsets(
    conn: &mut SqliteConnection,
    only: Option<&[BuildsetId]>,
) -> Result<Vec<FailingBuildset>, DbError> {
    type Row = (i64, i64, i64, Option<i64>, Option<i32>);
    let mut buildsets: Vec<i64> = match only {
        Some(only) => only.iter().map(|id| id.0).collect(),
        None => {
            let open = build_requests::table.filter(build_requests::complete_at_us.is_null());
            open.select(build_requests::buildset_id).distinct().load(conn)?
        }
    };
    buildsets.sort_unstable();
    buildsets.dedup();
    let mut found: BTreeMap<i64, FailingBuildset> = BTreeMap::new();
    for part in buildsets.chunks(super::MOST_IDS) {
        let rows: Vec<Row> = build_requests::table
            .filter(build_requests::buildset_id.eq_any(part))
            .order(build_requests::id)
            .select((
                build_requests::buildset_id,
                build_requests::id,
                build_requests::builder_id,
                build_requests::complete_at_us,
                build_requests::results,
            ))
            .load(conn)?;
        for (buildset, request, builder, complete_at, results) in rows {
            let entry = found.entry(buildset).or_insert_with(|| FailingBuildset {
                buildset: BuildsetId(buildset),
                stamps: Vec::new(),
                failed: Vec::new(),
                open: Vec::new(),
            });
            match complete_at {
                None => entry.open.push((BuildRequestId(request), BuilderId(builder))),
                Some(_) if text::to_results(results)? == Some(Results::Failure) => {
                    entry.failed.push(BuilderId(builder));
                }
                Some(_) => {}
            }
        }
    }
    found.retain(|_, buildset| !buildset.failed.is_empty() && !buildset.open.is_empty());
    let ids: Vec<i64> = found.keys().copied().collect();
    let mut stamps = source_stamps::by_buildset(conn, &ids)?;
    for (id, buildset) in &mut found {
        let lines = stamps.remove(id).unwrap_or_default();
        buildset.stamps = lines.into_iter().map(|line| line.stamp.spec).collect();
    }
    Ok(found.into_values().collect())
}

/// The open requests of what a build has triggered and waits for.
pub fn waited_for_by(conn: &mut SqliteConnection, build: BuildId) -> Result<Vec<BuildRequestId>, DbError> {
    let open: Vec<i64> = build_requests::table
        .inner_join(buildsets::table.on(buildsets::id.eq(build_requests::buildset_id)))
        .filter(buildsets::parent_build_id.eq(build.0))
        .filter(build_requests::waited_for.ne(0))
        .filter(build_requests::complete_at_us.is_null())
        .order(build_requests::id)
        .select(build_requests::id)
        .load(conn)?;
    Ok(open.into_iter().map(BuildRequestId).collect())
}

/// The builds that run for these requests, and for no others.
pub fn builds_only_for(conn: &mut SqliteConnection, requests: &[BuildRequestId]) -> Result<Vec<BuildId>, DbError> {
    let running: Vec<i64> = build_build_requests::table
        .inner_join(builds::table.on(builds::id.eq(build_build_requests::build_id)))
        .filter(build_build_requests::request_id.eq_any(requests.iter().map(|request| request.0)))
        .filter(builds::complete_at_us.is_null())
        .order(builds::id)
        .select(builds::id)
        .distinct()
        .load(conn)?;
    let served: Vec<(i64, i64)> = build_build_requests::table
        .filter(build_build_requests::build_id.eq_any(&running))
        .select((build_build_requests::build_id, build_build_requests::request_id))
        .load(conn)?;
    let mut is_wanted: HashMap<i64, bool> = HashMap::new();
    for (build, request) in served {
        *is_wanted.entry(build).or_default() |= !requests.contains(&BuildRequestId(request));
    }
    let needless = running.into_iter().filter(|build| !is_wanted.get(build).copied().unwrap_or_default());
    Ok(needless.map(BuildId).collect())
}
