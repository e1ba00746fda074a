//! What the actors that decide look at.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use diesel::prelude::*;

use super::{changes, properties, source_stamps};
use crate::db::schema::{build_requests, buildset_changes, buildset_properties, buildsets, change_sources, schedulers};
use crate::db::{DbError, text};
use crate::domain::{
    BuildRequest, BuildRequestId, BuilderId, BuildsetId, Change, ChangeId, ChangeSourceId, MasterId, Properties,
    RequestState, SchedulerId, SourceStamp, Timestamp,
};

/// SQLite binds a limited number of values to a statement.
const IDS_AT_ONCE: usize = 10_000;

#[derive(Queryable, Selectable)]
#[diesel(table_name = build_requests)]
struct RequestRow {
    id: i64,
    buildset_id: i64,
    builder_id: i64,
    priority: i32,
    submitted_at_us: i64,
    waited_for: i16,
    claimed_by: Option<i64>,
    claimed_at_us: Option<i64>,
    complete_at_us: Option<i64>,
    results: Option<i32>,
    worker_losses: i32,
}

/// All requests that wait, or those with greater ids than `after`, oldest first.
pub fn unclaimed_requests(
    conn: &mut SqliteConnection,
    after: Option<BuildRequestId>,
) -> Result<Vec<BuildRequest>, DbError> {
    let rows = build_requests::table
        .filter(build_requests::complete_at_us.is_null())
        .filter(build_requests::claimed_by.is_null())
        .filter(build_requests::id.gt(after.map_or(0, |id| id.0)))
        .order(build_requests::id)
        .select(RequestRow::as_select())
        .load(conn)?;
    with_stamps(conn, rows)
}

/// The requests with these ids, in the order of ids.
pub fn requests_by_id(conn: &mut SqliteConnection, ids: &[BuildRequestId]) -> Result<Vec<BuildRequest>, DbError> {
    let mut requests = Vec::new();
    for part in ids.chunks(IDS_AT_ONCE) {
        let rows = build_requests::table
            .filter(build_requests::id.eq_any(part.iter().map(|id| id.0)))
            .order(build_requests::id)
            .select(RequestRow::as_select())
            .load(conn)?;
        requests.extend(with_stamps(conn, rows)?);
    }
    Ok(requests)
}

fn with_stamps(conn: &mut SqliteConnection, rows: Vec<RequestRow>) -> Result<Vec<BuildRequest>, DbError> {
    let buildset_ids: BTreeSet<i64> = rows.iter().map(|row| row.buildset_id).collect();
    let buildset_ids: Vec<i64> = buildset_ids.into_iter().collect();
    let stamps = source_stamps::by_buildset(conn, &buildset_ids)?;
    let properties = properties::of_buildsets(conn, &buildset_ids)?;
    let properties: HashMap<i64, Arc<Properties>> =
        properties.into_iter().map(|(id, properties)| (id, Arc::new(properties))).collect();
    let mut with_changes = BTreeSet::new();
    for part in buildset_ids.chunks(IDS_AT_ONCE) {
        let found: Vec<i64> = buildset_changes::table
            .filter(buildset_changes::buildset_id.eq_any(part))
            .select(buildset_changes::buildset_id)
            .distinct()
            .load(conn)?;
        with_changes.extend(found);
    }
    rows.into_iter()
        .map(|row| {
            Ok(BuildRequest {
                id: BuildRequestId(row.id),
                buildset_id: BuildsetId(row.buildset_id),
                builder_id: BuilderId(row.builder_id),
                priority: row.priority,
                submitted_at: Timestamp::from_micros(row.submitted_at_us),
                waited_for: row.waited_for != 0,
                state: state_of(&row)?,
                worker_losses: row.worker_losses,
                source_stamps: stamps
                    .get(&row.buildset_id)
                    .map(|lines| lines.iter().map(|line| (line.stamp.id, line.stamp.spec.clone())).collect())
                    .unwrap_or_default(),
                has_changes: with_changes.contains(&row.buildset_id),
                properties: properties.get(&row.buildset_id).cloned().unwrap_or_default(),
            })
        })
        .collect()
}

fn state_of(row: &RequestRow) -> Result<RequestState, DbError> {
    if let Some(at) = row.complete_at_us {
        let results = text::to_results(row.results)?
            .ok_or_else(|| DbError::Row(format!("request {} is complete without results", row.id)))?;
        return Ok(RequestState::Complete { results, at: Timestamp::from_micros(at) });
    }
    Ok(match (row.claimed_by, row.claimed_at_us) {
        (Some(by), at) => {
            RequestState::Claimed { by: MasterId(by), at: Timestamp::from_micros(at.unwrap_or(row.submitted_at_us)) }
        }
        (None, _) => RequestState::Unclaimed,
    })
}

/// What a build of these requests is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildInputs {
    /// One per codebase: the newest.
    pub source_stamps: Vec<SourceStamp>,
    /// Oldest first.
    pub changes: Vec<Change>,
    /// Properties of all buildsets, later requests winning.
    pub properties: Properties,
    /// Who asked for them, by the property `owner`.
    pub owners: Vec<String>,
    pub reasons: Vec<String>,
}

pub fn build_inputs(conn: &mut SqliteConnection, requests: &[BuildRequestId]) -> Result<BuildInputs, DbError> {
    let buildset_ids: Vec<i64> = build_requests::table
        .filter(build_requests::id.eq_any(requests.iter().map(|id| id.0)))
        .order(build_requests::id)
        .select(build_requests::buildset_id)
        .load(conn)?;
    let mut by_codebase: BTreeMap<String, SourceStamp> = BTreeMap::new();
    let lines = source_stamps::by_buildset(conn, &buildset_ids)?.into_values().flatten();
    for stamp in lines.map(|line| line.stamp) {
        let newest = by_codebase.entry(stamp.spec.codebase.clone()).or_insert_with(|| stamp.clone());
        if newest.id < stamp.id {
            *newest = stamp;
        }
    }
    let reasons: Vec<String> = buildsets::table
        .filter(buildsets::id.eq_any(&buildset_ids))
        .order(buildsets::id)
        .select(buildsets::reason)
        .load(conn)?;
    let rows: Vec<(String, String, String)> = buildset_properties::table
        .filter(buildset_properties::buildset_id.eq_any(&buildset_ids))
        .order(buildset_properties::buildset_id)
        .select((buildset_properties::name, buildset_properties::value, buildset_properties::source))
        .load(conn)?;
    let owners = rows.iter().filter(|(name, ..)| name == "owner").map(|(_, value, _)| text::to_value(value));
    let owners = owners.collect::<Result<Vec<_>, _>>()?;
    Ok(BuildInputs {
        source_stamps: by_codebase.into_values().collect(),
        changes: changes::of_buildsets(conn, &buildset_ids)?,
        owners: owners.iter().filter_map(|owner| owner.as_str()).map(str::to_owned).collect(),
        properties: text::collect_properties(rows)?,
        reasons,
    })
}

/// What a scheduler knows.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerRecord {
    pub enabled: bool,
    /// Changes up to this one have been looked at.
    pub last_change: ChangeId,
    pub state: String,
    /// The newest buildset when it began to wait for those of its upstream.
    pub upstream_since: BuildsetId,
    /// Changes that wait, oldest first, whether each is important, and when it was looked at.
    pub waiting: Vec<(Change, bool, Timestamp)>,
}

pub fn scheduler_record(conn: &mut SqliteConnection, id: SchedulerId) -> Result<SchedulerRecord, DbError> {
    let (enabled, last_change, state, since): (i16, i64, String, i64) = schedulers::table
        .find(id.0)
        .select((schedulers::enabled, schedulers::last_change_id, schedulers::state, schedulers::upstream_since))
        .first(conn)?;
    Ok(SchedulerRecord {
        enabled: enabled != 0,
        last_change: ChangeId(last_change),
        state,
        upstream_since: BuildsetId(since),
        waiting: changes::kept_by(conn, id)?,
    })
}

/// The stored position of a change source.
pub fn change_source_state(conn: &mut SqliteConnection, id: ChangeSourceId) -> Result<String, DbError> {
    Ok(change_sources::table.find(id.0).select(change_sources::state).first(conn)?)
}
