//! How things went before a build.

use diesel::prelude::*;

use super::builds;
use crate::db::DbError;
use crate::db::schema::builds as table;
use crate::domain::{Build, BuildId, Results};

const BAD: [i32; 2] = [Results::Failure.code(), Results::Exception.code()];
const GOOD: [i32; 2] = [Results::Success.code(), Results::Warnings.code()];

/// The builds of a builder that have gone wrong in a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Streak {
    pub first: Option<Build>,
    pub n_builds: i64,
}

/// The build of the same builder before this one; those that were tried again are left out.
pub fn previous(conn: &mut SqliteConnection, build: &Build) -> Result<Option<Build>, DbError> {
    let id: Option<i64> = table::table
        .filter(table::builder_id.eq(build.builder_id.0).and(table::number.lt(build.number)))
        .filter(table::results.is_not_null().and(table::results.ne(Results::Retry.code())))
        .order(table::number.desc())
        .select(table::id)
        .first(conn)
        .optional()?;
    Ok(builds::by_ids(conn, &id.map(BuildId).into_iter().collect::<Vec<_>>())?.pop())
}

/// Those since the last that went well, up to this one.
pub fn broken_since(conn: &mut SqliteConnection, build: &Build) -> Result<Streak, DbError> {
    let last_good: Option<i64> = table::table
        .filter(table::builder_id.eq(build.builder_id.0).and(table::number.lt(build.number)))
        .filter(table::results.eq_any(GOOD))
        .order(table::number.desc())
        .select(table::number)
        .first(conn)
        .optional()?;
    let bad = || {
        table::table
            .filter(table::builder_id.eq(build.builder_id.0))
            .filter(table::number.gt(last_good.unwrap_or(0)).and(table::number.le(build.number)))
            .filter(table::results.eq_any(BAD))
    };
    let first: Option<i64> = bad().order(table::number).select(table::id).first(conn).optional()?;
    let first = builds::by_ids(conn, &first.map(BuildId).into_iter().collect::<Vec<_>>())?.pop();
    Ok(Streak { first, n_builds: bad().count().get_result(conn)? })
}
