//! Properties of builds and buildsets.

use std::collections::HashMap;

use diesel::prelude::*;

use crate::db::schema::{build_build_requests, build_properties, build_requests, buildset_properties};
use crate::db::{DbError, text};
use crate::domain::{BuildId, BuildsetId, Properties, Property, PropertyValue};

type Row = (String, String, String);

/// Which properties of many builds are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    All,
    Named(Vec<String>),
}

pub fn of_build(conn: &mut SqliteConnection, build: BuildId) -> Result<Properties, DbError> {
    let rows: Vec<Row> = build_properties::table
        .filter(build_properties::build_id.eq(build.0))
        .select((build_properties::name, build_properties::value, build_properties::source))
        .load(conn)?;
    Ok(rows.into_iter().map(property).collect())
}

pub fn of_buildset(conn: &mut SqliteConnection, buildset: BuildsetId) -> Result<Properties, DbError> {
    let rows: Vec<Row> = buildset_properties::table
        .filter(buildset_properties::buildset_id.eq(buildset.0))
        .select((buildset_properties::name, buildset_properties::value, buildset_properties::source))
        .load(conn)?;
    Ok(rows.into_iter().map(property).collect())
}

/// Properties of many buildsets, in one query for each thousand.
pub fn of_buildsets(conn: &mut SqliteConnection, buildsets: &[i64]) -> Result<HashMap<i64, Properties>, DbError> {
    let mut found: HashMap<i64, Properties> = HashMap::new();
    for buildsets in buildsets.chunks(super::MOST_IDS) {
        let rows: Vec<(i64, Row)> = buildset_properties::table
            .filter(buildset_properties::buildset_id.eq_any(buildsets))
            .select((
                buildset_properties::buildset_id,
                (buildset_properties::name, buildset_properties::value, buildset_properties::source),
            ))
            .load(conn)?;
        add(&mut found, rows);
    }
    Ok(found)
}

/// Properties of many builds, in one query for each thousand.
pub fn of_builds(
    conn: &mut SqliteConnection,
    builds: &[i64],
    wanted: &Wanted,
) -> Result<HashMap<i64, Properties>, DbError> {
    let mut found: HashMap<i64, Properties> = HashMap::new();
    for builds in builds.chunks(super::MOST_IDS) {
        let mut query = build_properties::table
            .filter(build_properties::build_id.eq_any(builds))
            .select((
                build_properties::build_id,
                (build_properties::name, build_properties::value, build_properties::source),
            ))
            .into_boxed();
        if let Wanted::Named(names) = wanted {
            query = query.filter(build_properties::name.eq_any(names));
        }
        let rows: Vec<(i64, Row)> = query.load(conn)?;
        add(&mut found, rows);
    }
    Ok(found)
}

/// Properties of the buildsets of many requests, by request.
pub fn of_requests(
    conn: &mut SqliteConnection,
    requests: &[i64],
    wanted: &Wanted,
) -> Result<HashMap<i64, Properties>, DbError> {
    let mut found: HashMap<i64, Properties> = HashMap::new();
    for requests in requests.chunks(super::MOST_IDS) {
        let mut query = build_requests::table
            .inner_join(buildset_properties::table.on(buildset_properties::buildset_id.eq(build_requests::buildset_id)))
            .filter(build_requests::id.eq_any(requests))
            .select((
                build_requests::id,
                (buildset_properties::name, buildset_properties::value, buildset_properties::source),
            ))
            .into_boxed();
        if let Wanted::Named(names) = wanted {
            query = query.filter(buildset_properties::name.eq_any(names));
        }
        let rows: Vec<(i64, Row)> = query.load(conn)?;
        add(&mut found, rows);
    }
    Ok(found)
}

/// The requests that a build serves, oldest first.
pub fn requests_of_build(conn: &mut SqliteConnection, build: BuildId) -> Result<Vec<i64>, DbError> {
    let requests = build_build_requests::table
        .filter(build_build_requests::build_id.eq(build.0))
        .order(build_build_requests::request_id)
        .select(build_build_requests::request_id)
        .load(conn)?;
    Ok(requests)
}

fn add(found: &mut HashMap<i64, Properties>, rows: Vec<(i64, Row)>) {
    for (id, row) in rows {
        let (name, Property { value, source }) = property(row);
        found.entry(id).or_default().set(name, value, source);
    }
}

fn property((name, value, source): Row) -> (String, Property) {
    (name, Property { value: parsed(value), source })
}

/// A stored value; text that is no JSON is shown as it is.
fn parsed(stored: String) -> PropertyValue {
    text::to_value(&stored).unwrap_or(PropertyValue::Str(stored))
}
