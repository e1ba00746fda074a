//! What surrounds a build: its neighbours, how long such builds take, and the build it comes from.

use std::time::Duration;

use diesel::SqliteConnection;

use super::build_lines::{BuildLine, describe};
use super::builds;
use super::select::Select;
use crate::db::DbError;
use crate::domain::{Build, Results};

/// Builds before this one of which durations are taken.
const MOST_BEFORE: i64 = 30;
/// Builds after this one that are shown.
const MOST_AFTER: i64 = 8;

const NEAR: &str = "builds.builder_id = ? AND builds.number BETWEEN ? AND ?";
const PARENT: &str = "builds.id IN (SELECT origin.parent_build_id FROM build_build_requests AS served \
     JOIN build_requests AS request ON request.id = served.request_id \
     JOIN buildsets AS origin ON origin.id = request.buildset_id WHERE served.build_id = ?)";
const REBUILT: &str = "builds.id IN (SELECT origin.rebuilt_build_id FROM build_build_requests AS served \
     JOIN build_requests AS request ON request.id = served.request_id \
     JOIN buildsets AS origin ON origin.id = request.buildset_id WHERE served.build_id = ?)";

/// What surrounds a build.
#[derive(Debug)]
pub struct BuildContext {
    /// Builds of the same builder by number, this one included.
    pub near: Vec<Build>,
    /// How long the builds before it that went well usually took; none if there is none.
    pub usual: Option<Duration>,
    /// The builds that triggered it.
    pub parents: Vec<BuildLine>,
    /// The builds that it repeats.
    pub rebuilt: Vec<BuildLine>,
}

pub fn read(conn: &mut SqliteConnection, build: &Build) -> Result<BuildContext, DbError> {
    let range =
        vec![build.builder_id.0, build.number.saturating_sub(MOST_BEFORE), build.number.saturating_add(MOST_AFTER)];
    let mut near = builds::select(conn, &Select::scoped(NEAR, range))?;
    near.sort_by_key(|other| other.number);
    let parents = builds::select(conn, &Select::scoped(PARENT, vec![build.id.0]))?;
    let rebuilt = builds::select(conn, &Select::scoped(REBUILT, vec![build.id.0]))?;
    Ok(BuildContext {
        usual: usual(near.iter().filter(|other| other.number < build.number)),
        near,
        parents: describe(conn, parents)?,
        rebuilt: describe(conn, rebuilt)?,
    })
}

/// The median duration of the builds that went well.
fn usual<'build>(builds: impl Iterator<Item = &'build Build>) -> Option<Duration> {
    let went_well = |build: &&Build| matches!(build.results, Some(Results::Success | Results::Warnings));
    let took = |build: &Build| build.complete_at.map(|end| end.since(build.started_at));
    let mut durations: Vec<Duration> = builds.filter(went_well).filter_map(took).collect();
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied()
}
