//! What the actors that decide look at.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use diesel::prelude::*;

use crate::db::schema::{
    build_requests, builds, buildset_changes, buildset_properties, buildset_stamps, buildsets, change_sources, changes,
    patches, scheduler_changes, schedulers, source_stamps,
};
use crate::db::{DbError, text};
use crate::domain::{
    Build, BuildId, BuildRequest, BuildRequestId, BuilderId, BuildsetId, Change, ChangeId, ChangeSourceId, MasterId,
    Patch, Properties, RequestState, SchedulerId, SourceStamp, SourceStampId, StampSpec, Timestamp, WorkerId,
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
    let stamps = stamps_of(conn, &buildset_ids)?;
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
                    .map(|stamps| stamps.iter().map(|stamp| (stamp.id, stamp.spec.clone())).collect())
                    .unwrap_or_default(),
                has_changes: with_changes.contains(&row.buildset_id),
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = source_stamps)]
struct StampRow {
    id: i64,
    codebase: String,
    repository: String,
    project: String,
    branch: Option<String>,
    revision: Option<String>,
    created_at_us: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = patches)]
struct PatchRow {
    body: Vec<u8>,
    level: i32,
    subdir: String,
    author: String,
    comment: String,
}

fn stamp(row: StampRow, patch: Option<PatchRow>) -> SourceStamp {
    SourceStamp {
        id: SourceStampId(row.id),
        spec: StampSpec {
            codebase: row.codebase,
            repository: row.repository,
            project: row.project,
            branch: row.branch,
            revision: row.revision,
            patch: patch.map(|patch| Patch {
                body: patch.body,
                level: patch.level,
                subdir: patch.subdir,
                author: patch.author,
                comment: patch.comment,
            }),
        },
        created_at: Timestamp::from_micros(row.created_at_us),
    }
}

/// The stamps of buildsets, by buildset.
fn stamps_of(conn: &mut SqliteConnection, buildsets: &[i64]) -> Result<HashMap<i64, Vec<SourceStamp>>, DbError> {
    let mut stamps: HashMap<i64, Vec<SourceStamp>> = HashMap::new();
    for part in buildsets.chunks(IDS_AT_ONCE) {
        let rows: Vec<(i64, StampRow, Option<PatchRow>)> = buildset_stamps::table
            .inner_join(source_stamps::table)
            .left_join(patches::table.on(source_stamps::patch_id.eq(patches::id.nullable())))
            .filter(buildset_stamps::buildset_id.eq_any(part))
            .order((buildset_stamps::buildset_id, source_stamps::id))
            .select((buildset_stamps::buildset_id, StampRow::as_select(), Option::<PatchRow>::as_select()))
            .load(conn)?;
        for (buildset, row, patch) in rows {
            stamps.entry(buildset).or_default().push(stamp(row, patch));
        }
    }
    Ok(stamps)
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
    pub reasons: Vec<String>,
}

pub fn build_inputs(conn: &mut SqliteConnection, requests: &[BuildRequestId]) -> Result<BuildInputs, DbError> {
    let buildset_ids: Vec<i64> = build_requests::table
        .filter(build_requests::id.eq_any(requests.iter().map(|id| id.0)))
        .order(build_requests::id)
        .select(build_requests::buildset_id)
        .load(conn)?;
    let mut by_codebase: BTreeMap<String, SourceStamp> = BTreeMap::new();
    for stamp in stamps_of(conn, &buildset_ids)?.into_values().flatten() {
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
    let of_buildsets = buildset_changes::table
        .filter(buildset_changes::buildset_id.eq_any(&buildset_ids))
        .select(buildset_changes::change_id);
    let changes: Vec<ChangeRow> = changes::table
        .filter(changes::id.eq_any(of_buildsets))
        .order(changes::id)
        .select(ChangeRow::as_select())
        .load(conn)?;
    Ok(BuildInputs {
        source_stamps: by_codebase.into_values().collect(),
        changes: changes.into_iter().map(change).collect::<Result<_, _>>()?,
        properties: text::collect_properties(rows)?,
        reasons,
    })
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = changes)]
struct ChangeRow {
    id: i64,
    source_stamp_id: i64,
    parent_change_id: Option<i64>,
    author: String,
    committer: Option<String>,
    comments: String,
    files: String,
    revision: Option<String>,
    branch: Option<String>,
    category: Option<String>,
    revlink: Option<String>,
    repository: String,
    project: String,
    codebase: String,
    properties: String,
    when_us: i64,
}

fn change(row: ChangeRow) -> Result<Change, DbError> {
    Ok(Change {
        id: ChangeId(row.id),
        source_stamp_id: SourceStampId(row.source_stamp_id),
        parent_ids: row.parent_change_id.map(ChangeId).into_iter().collect(),
        author: row.author,
        committer: row.committer,
        comments: row.comments,
        files: text::to_strings(&row.files)?,
        revision: row.revision,
        branch: row.branch,
        category: row.category,
        revlink: row.revlink,
        repository: row.repository,
        project: row.project,
        codebase: row.codebase,
        properties: text::to_properties(&row.properties)?,
        when: Timestamp::from_micros(row.when_us),
    })
}

/// The changes that follow, oldest first.
pub fn changes_after(conn: &mut SqliteConnection, after: ChangeId, limit: i64) -> Result<Vec<Change>, DbError> {
    let rows = changes::table
        .filter(changes::id.gt(after.0))
        .order(changes::id)
        .limit(limit)
        .select(ChangeRow::as_select())
        .load(conn)?;
    rows.into_iter().map(change).collect()
}

/// What a scheduler knows.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerRecord {
    pub enabled: bool,
    /// Changes up to this one have been looked at.
    pub last_change: ChangeId,
    pub state: String,
    /// Changes that wait, oldest first, whether each is important, and when it was looked at.
    pub waiting: Vec<(Change, bool, Timestamp)>,
}

pub fn scheduler_record(conn: &mut SqliteConnection, id: SchedulerId) -> Result<SchedulerRecord, DbError> {
    let (enabled, last_change, state): (i16, i64, String) = schedulers::table
        .find(id.0)
        .select((schedulers::enabled, schedulers::last_change_id, schedulers::state))
        .first(conn)?;
    let rows: Vec<(ChangeRow, i16, i64)> = scheduler_changes::table
        .inner_join(changes::table.on(changes::id.eq(scheduler_changes::change_id)))
        .filter(scheduler_changes::scheduler_id.eq(id.0))
        .order(changes::id)
        .select((ChangeRow::as_select(), scheduler_changes::important, scheduler_changes::classified_at_us))
        .load(conn)?;
    let waiting = rows
        .into_iter()
        .map(|(row, important, at)| Ok((change(row)?, important != 0, Timestamp::from_micros(at))))
        .collect::<Result<_, DbError>>()?;
    Ok(SchedulerRecord { enabled: enabled != 0, last_change: ChangeId(last_change), state, waiting })
}

/// The stored position of a change source.
pub fn change_source_state(conn: &mut SqliteConnection, id: ChangeSourceId) -> Result<String, DbError> {
    Ok(change_sources::table.find(id.0).select(change_sources::state).first(conn)?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = builds)]
struct BuildRow {
    id: i64,
    number: i64,
    builder_id: i64,
    request_id: i64,
    worker_id: i64,
    master_id: i64,
    started_at_us: i64,
    complete_at_us: Option<i64>,
    results: Option<i32>,
    state_string: String,
    locks_duration_s: i64,
}

/// Builds without an end, of every master.
pub fn running_builds(conn: &mut SqliteConnection) -> Result<Vec<Build>, DbError> {
    let rows = builds::table.filter(builds::complete_at_us.is_null()).select(BuildRow::as_select()).load(conn)?;
    rows.into_iter()
        .map(|row| {
            Ok(Build {
                id: BuildId(row.id),
                number: row.number,
                builder_id: BuilderId(row.builder_id),
                request_id: BuildRequestId(row.request_id),
                worker_id: WorkerId(row.worker_id),
                master_id: MasterId(row.master_id),
                started_at: Timestamp::from_micros(row.started_at_us),
                complete_at: row.complete_at_us.map(Timestamp::from_micros),
                results: text::to_results(row.results)?,
                state_string: row.state_string,
                locks_duration_s: row.locks_duration_s,
            })
        })
        .collect()
}
