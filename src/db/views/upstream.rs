//! The buildsets that a `Dependent` waits for.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::{buildset_changes, buildset_stamps, buildsets, changes};
use crate::db::{DbError, text};
use crate::domain::{BuildsetId, ChangeId, Properties, Results, SourceStampId};

/// New ones that are read at once; there is a next time for the others.
const AT_ONCE: i64 = 500;

/// A buildset, as far as a scheduler builds it again.
#[derive(Clone, Debug, PartialEq)]
pub struct Buildset {
    pub id: BuildsetId,
    /// `None` while it is not complete.
    pub results: Option<Results>,
    pub stamps: Vec<SourceStampId>,
    pub changes: Vec<ChangeId>,
    /// Of the changes that its source stamps came with; the newest has the last word.
    pub change_properties: Properties,
}

/// The buildsets of a scheduler that came after `seen`, and those of `open`; oldest first.
pub fn buildsets(
    conn: &mut SqliteConnection,
    scheduler: &str,
    seen: BuildsetId,
    open: &[BuildsetId],
) -> Result<Vec<Buildset>, DbError> {
    let columns = (buildsets::id, buildsets::complete_at_us, buildsets::results);
    let mut rows: Vec<(i64, Option<i64>, Option<i32>)> = buildsets::table
        .filter(buildsets::id.eq_any(open.iter().map(|id| id.0)))
        .filter(buildsets::complete_at_us.is_not_null())
        .order(buildsets::id)
        .select(columns)
        .load(conn)?;
    let new: Vec<(i64, Option<i64>, Option<i32>)> = buildsets::table
        .filter(buildsets::scheduler.eq(scheduler))
        .filter(buildsets::id.gt(seen.0))
        .order(buildsets::id)
        .limit(AT_ONCE)
        .select(columns)
        .load(conn)?;
    rows.extend(new);
    let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
    let stamps: Vec<(i64, i64)> = buildset_stamps::table
        .filter(buildset_stamps::buildset_id.eq_any(&ids))
        .order(buildset_stamps::source_stamp_id)
        .select((buildset_stamps::buildset_id, buildset_stamps::source_stamp_id))
        .load(conn)?;
    let mut properties = properties_of_changes(conn, &stamps)?;
    let changes: Vec<(i64, i64)> = buildset_changes::table
        .filter(buildset_changes::buildset_id.eq_any(&ids))
        .order(buildset_changes::change_id)
        .select((buildset_changes::buildset_id, buildset_changes::change_id))
        .load(conn)?;
    let (mut stamps, mut changes) = (by_buildset(stamps, SourceStampId), by_buildset(changes, ChangeId));
    rows.into_iter()
        .map(|(id, complete_at, results)| {
            Ok(Buildset {
                id: BuildsetId(id),
                results: complete_at.and(text::to_results(results)?),
                stamps: stamps.remove(&id).unwrap_or_default(),
                changes: changes.remove(&id).unwrap_or_default(),
                change_properties: properties.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// For each buildset what the changes say that came with its source stamps, oldest first.
fn properties_of_changes(
    conn: &mut SqliteConnection,
    stamps: &[(i64, i64)],
) -> Result<HashMap<i64, Properties>, DbError> {
    let mut known: HashMap<i64, Properties> = HashMap::new();
    for part in stamps.chunks(super::MOST_IDS) {
        let rows: Vec<(i64, String)> = changes::table
            .filter(changes::source_stamp_id.eq_any(part.iter().map(|(_, stamp)| *stamp)))
            .filter(changes::properties.ne("{}"))
            .order(changes::id)
            .select((changes::source_stamp_id, changes::properties))
            .load(conn)?;
        for (stamp, properties) in rows {
            known.entry(stamp).or_default().update(&text::to_properties(&properties)?);
        }
    }
    let mut found: HashMap<i64, Properties> = HashMap::new();
    for (buildset, stamp) in stamps {
        if let Some(properties) = known.get(stamp) {
            found.entry(*buildset).or_default().update(properties);
        }
    }
    Ok(found)
}

fn by_buildset<Id>(pairs: Vec<(i64, i64)>, id: impl Fn(i64) -> Id) -> HashMap<i64, Vec<Id>> {
    let mut found: HashMap<i64, Vec<Id>> = HashMap::new();
    for (buildset, one) in pairs {
        found.entry(buildset).or_default().push(id(one));
    }
    found
}
