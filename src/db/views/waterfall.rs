//! The newest builds of some builders with their steps.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use super::{builders, builds, id_list, steps};
use crate::db::DbError;
use crate::domain::{Build, BuildId, Builder, BuilderId, Step, Timestamp};

/// Up to so many builders are asked one by one, which does not depend on how rare their builds are.
const FEW_BUILDERS: usize = 40;

/// Which builds are looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Builders of these names; all if there are none.
    pub names: Vec<String>,
    /// Words that all occur in the name of a builder, in any case.
    pub words: String,
    /// Tags that a builder has all of.
    pub tags: Vec<String>,
    /// Started at this time or later.
    pub since: Option<Timestamp>,
    /// Started before this time.
    pub until: Option<Timestamp>,
    pub only_failing: bool,
    pub limit: usize,
}

/// What the waterfall shows.
#[derive(Debug)]
pub struct Waterfall {
    /// The builders that are looked for, by name.
    pub builders: Vec<Builder>,
    /// How many builders there are, and their names.
    pub n_all: usize,
    pub all_names: Vec<String>,
    /// The tags of all builders.
    pub tags: BTreeSet<String>,
    /// Newest first.
    pub builds: Vec<Build>,
    pub steps: HashMap<BuildId, Vec<Step>>,
}

/// Builds by the time of their start; bound are since, until, builders, limit. The `+` keeps the planner from collecting
/// all builds of the builders and sorting them.
const AMONG_MANY: &str = "SELECT builds.id FROM builds WHERE builds.started_at_us >= ?1 AND builds.started_at_us < ?2 \
    AND +builds.builder_id IN (SELECT value FROM json_each(?3))";
const OF_ONE: &str = "SELECT builds.id, builds.started_at_us FROM builds WHERE builds.builder_id = json_extract(?3, ";
const FAILING: &str = " AND builds.results IN (2, 4)";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

pub fn read(conn: &mut SqliteConnection, wanted: &Wanted) -> Result<Waterfall, DbError> {
    let mut all = builders::active(conn)?;
    let n_all = all.len();
    let tags = all.iter().flat_map(|builder| builder.tags.iter().cloned()).collect();
    let all_names = all.iter().map(|builder| builder.name.clone()).collect();
    let words: Vec<String> = wanted.words.split_whitespace().map(str::to_lowercase).collect();
    all.retain(|builder| {
        let name = builder.name.to_lowercase();
        (wanted.names.is_empty() || wanted.names.contains(&builder.name))
            && words.iter().all(|word| name.contains(word))
            && wanted.tags.iter().all(|tag| builder.tags.contains(tag))
    });
    let ids: Vec<BuilderId> = all.iter().map(|builder| builder.id).collect();
    let found = build_ids(conn, wanted, &ids)?;
    let mut builds = builds::by_ids(conn, &found)?;
    builds.sort_by_key(|build| std::cmp::Reverse((build.started_at, build.id)));
    let ids: Vec<i64> = builds.iter().map(|build| build.id.0).collect();
    let mut of_build: HashMap<BuildId, Vec<Step>> = HashMap::new();
    for step in steps::of_builds(conn, &ids)? {
        of_build.entry(step.build_id).or_default().push(step);
    }
    Ok(Waterfall { builders: all, n_all, all_names, tags, builds, steps: of_build })
}

fn build_ids(conn: &mut SqliteConnection, wanted: &Wanted, of: &[BuilderId]) -> Result<Vec<BuildId>, DbError> {
    let failing = if wanted.only_failing { FAILING } else { "" };
    let sql = if of.len() <= FEW_BUILDERS {
        let one = |position: usize| {
            format!(
                "SELECT * FROM ({OF_ONE}'$[{position}]') AND builds.started_at_us >= ?1 AND builds.started_at_us < ?2\
                 {failing} ORDER BY builds.number DESC LIMIT ?4)"
            )
        };
        let each: Vec<String> = (0..of.len().max(1)).map(one).collect();
        format!("SELECT id FROM ({}) ORDER BY started_at_us DESC, id DESC LIMIT ?4", each.join(" UNION ALL "))
    } else {
        format!("{AMONG_MANY}{failing} ORDER BY builds.started_at_us DESC, builds.id DESC LIMIT ?4")
    };
    let rows: Vec<Id> = sql_query(sql)
        .bind::<BigInt, _>(wanted.since.map_or(i64::MIN, Timestamp::micros))
        .bind::<BigInt, _>(wanted.until.map_or(i64::MAX, Timestamp::micros))
        .bind::<Text, _>(id_list(of.iter().map(|id| id.0)))
        .bind::<BigInt, _>(i64::try_from(wanted.limit).unwrap_or(i64::MAX))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| BuildId(row.id)).collect())
}
