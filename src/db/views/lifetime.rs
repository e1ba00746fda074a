//! What the janitor looks at: what there is, how old it is, and who still needs it.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::keys::BuildKey;
use crate::db::DbError;
use crate::db::schema::{build_data, builders, builds, chunks_to_remove, logs, schedulers, steps};
use crate::domain::{
    BuildId, BuilderId, BuildsetId, ChangeId, EndedBuild, LogId, LogKind, Results, SchedulerId, StepId, Timestamp,
};

/// How large a database file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    pub bytes: i64,
    /// Pages that hold nothing.
    pub n_free_pages: i64,
}

#[derive(QueryableByName)]
struct SpaceRow {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
    #[diesel(sql_type = BigInt)]
    n_free_pages: i64,
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

/// A builder, and by whose rules its builds are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuledBuilder {
    pub id: BuilderId,
    pub name: String,
    /// Itself, or of a virtual builder the one that builds for it.
    pub ruled_by: String,
}

/// All builders that ever were, by name.
pub fn builders(conn: &mut SqliteConnection) -> Result<Vec<RuledBuilder>, DbError> {
    let base = diesel::alias!(builders as base);
    let rows: Vec<(i64, String, Option<String>)> = builders::table
        .left_join(base.on(base.field(builders::id).nullable().eq(builders::base_builder_id)))
        .order(builders::name)
        .select((builders::id, builders::name, base.field(builders::name).nullable()))
        .load(conn)?;
    let ruled = |(id, name, base): (i64, String, Option<String>)| {
        let ruled_by = base.unwrap_or_else(|| name.clone());
        RuledBuilder { id: BuilderId(id), name, ruled_by }
    };
    Ok(rows.into_iter().map(ruled).collect())
}

/// The schedulers of these names.
pub fn scheduler_ids(conn: &mut SqliteConnection, names: &[String]) -> Result<Vec<SchedulerId>, DbError> {
    let ids: Vec<i64> = schedulers::table.filter(schedulers::name.eq_any(names)).select(schedulers::id).load(conn)?;
    Ok(ids.into_iter().map(SchedulerId).collect())
}

/// The ended builds of a builder, newest first.
pub fn ended_builds(conn: &mut SqliteConnection, builder: BuilderId) -> Result<Vec<EndedBuild>, DbError> {
    type Row = (i64, i64, Option<i32>, Option<i64>, Option<i64>);
    let rows: Vec<Row> = builds::table
        .filter(builds::builder_id.eq(builder.0))
        .filter(builds::complete_at_us.is_not_null())
        .order(builds::number.desc())
        .select((builds::id, builds::number, builds::results, builds::complete_at_us, builds::logs_removed_at_us))
        .load(conn)?;
    let with_data: Vec<i64> = build_data::table
        .inner_join(builds::table.on(builds::id.eq(build_data::build_id)))
        .filter(builds::builder_id.eq(builder.0))
        .select(build_data::build_id)
        .distinct()
        .load(conn)?;
    let with_data: HashSet<i64> = with_data.into_iter().collect();
    let ended = rows.into_iter().filter_map(|(id, number, results, complete_at, removed_at)| {
        Some(EndedBuild {
            id: BuildId(id),
            number,
            results: results.and_then(Results::from_code)?,
            complete_at: Timestamp::from_micros(complete_at?),
            has_logs: removed_at.is_none(),
            has_data: with_data.contains(&id),
        })
    });
    Ok(ended.collect())
}

/// Changes beyond the newest `keep` that nobody needs, oldest first. A change is needed by a scheduler that has not
/// looked at it or waits with it, and by a buildset that is open.
///
/// `lookers` are the schedulers that look at changes.
pub fn changes_beyond(
    conn: &mut SqliteConnection,
    keep: i64,
    lookers: &[SchedulerId],
) -> Result<Vec<ChangeId>, DbError> {
    let rows: Vec<IdRow> = sql_query(
        "SELECT changes.id AS id FROM changes \
         WHERE changes.id <= (SELECT id FROM changes ORDER BY id DESC LIMIT 1 OFFSET ?) \
         AND changes.id <= (SELECT coalesce(min(last_change_id), 9223372036854775807) FROM schedulers \
             WHERE id IN (SELECT value FROM json_each(?))) \
         AND NOT EXISTS (SELECT 1 FROM scheduler_changes AS waiting WHERE waiting.change_id = changes.id) \
         AND NOT EXISTS (SELECT 1 FROM buildset_changes AS led JOIN buildsets ON buildsets.id = led.buildset_id \
             WHERE led.change_id = changes.id AND buildsets.complete_at_us IS NULL) \
         ORDER BY changes.id",
    )
    .bind::<BigInt, _>(keep)
    .bind::<Text, _>(super::id_list(lookers.iter().map(|id| id.0)))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| ChangeId(row.id)).collect())
}

/// Complete buildsets without any build: that were built and ended before `built`, or were never built and ended before
/// `unbuilt`. Builds in `leaving` count as gone.
pub fn idle_buildsets(
    conn: &mut SqliteConnection,
    built: Timestamp,
    unbuilt: Timestamp,
    leaving: &[BuildId],
) -> Result<Vec<BuildsetId>, DbError> {
    let rows: Vec<IdRow> = sql_query(
        "SELECT buildsets.id AS id FROM buildsets WHERE buildsets.complete_at_us < ? \
         AND (buildsets.complete_at_us < ? OR EXISTS (SELECT 1 FROM build_requests AS request \
             WHERE request.buildset_id = buildsets.id AND request.claimed_at_us IS NOT NULL)) \
         AND NOT EXISTS (SELECT 1 FROM build_requests AS request \
             JOIN build_build_requests AS served ON served.request_id = request.id \
             WHERE request.buildset_id = buildsets.id \
             AND served.build_id NOT IN (SELECT value FROM json_each(?))) \
         ORDER BY buildsets.id",
    )
    .bind::<BigInt, _>(built.micros())
    .bind::<BigInt, _>(unbuilt.micros())
    .bind::<Text, _>(super::id_list(leaving.iter().map(|id| id.0)))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| BuildsetId(row.id)).collect())
}

/// The logs of these builds that still have a text.
pub fn logs_of(conn: &mut SqliteConnection, of: &[BuildId]) -> Result<Vec<LogId>, DbError> {
    let mut found = Vec::new();
    for part in of.chunks(super::MOST_IDS) {
        let ids: Vec<i64> = logs::table
            .inner_join(steps::table)
            .filter(steps::build_id.eq_any(part.iter().map(|build| build.0)))
            .filter(logs::kind.ne(LogKind::Deleted.letter()))
            .select(logs::id)
            .load(conn)?;
        found.extend(ids.into_iter().map(LogId));
    }
    Ok(found)
}

/// Some of the logs whose chunks are to go.
pub fn chunks_to_remove(conn: &mut SqliteConnection, most: i64) -> Result<Vec<LogId>, DbError> {
    let query = chunks_to_remove::table.order(chunks_to_remove::log_id).limit(most);
    let ids: Vec<i64> = query.select(chunks_to_remove::log_id).load(conn)?;
    Ok(ids.into_iter().map(LogId).collect())
}

/// What the text of these logs takes in the log store, compressed, in bytes. Reads the log store.
pub fn stored_bytes(conn: &mut SqliteConnection, of: &[LogId]) -> Result<i64, DbError> {
    let mut bytes = 0_i64;
    for part in of.chunks(super::MOST_IDS) {
        let sum: SumRow = sql_query(
            "SELECT coalesce(sum(length(body)), 0) AS sum FROM log_chunks \
             WHERE log_id IN (SELECT value FROM json_each(?))",
        )
        .bind::<Text, _>(super::id_list(part.iter().map(|id| id.0)))
        .get_result(conn)?;
        bytes = bytes.saturating_add(sum.sum);
    }
    Ok(bytes)
}

/// The size of the file that is read.
pub fn space(conn: &mut SqliteConnection) -> Result<Space, DbError> {
    let row: SpaceRow = sql_query(
        "SELECT page_count * page_size AS bytes, freelist_count AS n_free_pages \
         FROM pragma_page_count(), pragma_page_size(), pragma_freelist_count()",
    )
    .get_result(conn)?;
    Ok(Space { bytes: row.bytes, n_free_pages: row.n_free_pages })
}

/// When the text of the logs of a step was removed, if it was.
pub fn logs_removed_at(conn: &mut SqliteConnection, step: StepId) -> Result<Option<Timestamp>, DbError> {
    let at: Option<Option<i64>> = steps::table
        .inner_join(builds::table)
        .filter(steps::id.eq(step.0))
        .select(builds::logs_removed_at_us)
        .first(conn)
        .optional()?;
    Ok(at.flatten().map(Timestamp::from_micros))
}

/// Whether there was a build of this key, which is gone.
pub fn was_removed(conn: &mut SqliteConnection, key: &BuildKey) -> Result<bool, DbError> {
    if super::builds::find(conn, key)?.is_some() {
        return Ok(false);
    }
    let (last, wanted) = match key {
        BuildKey::Id(id) => {
            let last: IdRow =
                sql_query("SELECT coalesce(max(seq), 0) AS id FROM sqlite_sequence WHERE name = 'builds'")
                    .get_result(conn)?;
            (last.id, *id)
        }
        BuildKey::Number(builder, number) => {
            let Some(builder) = super::builders::find(conn, builder)? else { return Ok(false) };
            let last = builders::table.find(builder.id.0).select(builders::last_build_number).first(conn)?;
            (last, *number)
        }
    };
    Ok((1..=last).contains(&wanted))
}
