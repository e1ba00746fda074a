//! Builds as lists on pages show them: with the names of things and what was built, in four queries for any number.

use std::collections::HashMap;

use diesel::prelude::*;

use super::properties::{self, Wanted};
use super::{builders, workers};
use crate::db::DbError;
use crate::db::schema::{build_requests, buildsets};
use crate::domain::{Build, Properties, PropertyValue};

/// A build and the words around it.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildLine {
    pub build: Build,
    pub builder: String,
    pub worker: String,
    pub reason: String,
    pub branch: Option<String>,
    /// What was checked out, else what was asked for.
    pub revision: Option<String>,
}

/// Adds the words to some builds, keeping their order.
pub fn describe(conn: &mut SqliteConnection, builds: Vec<Build>) -> Result<Vec<BuildLine>, DbError> {
    let mut builder_names = builders::names(conn, &distinct(builds.iter().map(|build| build.builder_id.0)))?;
    let mut worker_names = workers::names(conn, &distinct(builds.iter().map(|build| build.worker_id.0)))?;
    let reasons = reasons(conn, &distinct(builds.iter().map(|build| build.request_id.0)))?;
    let ids: Vec<i64> = builds.iter().map(|build| build.id.0).collect();
    let wanted = Wanted::Named(["branch", "revision", "got_revision"].map(str::to_owned).to_vec());
    let properties = properties::of_builds(conn, &ids, &wanted)?;
    let nothing = Properties::new();
    let line = |build: Build| {
        let properties = properties.get(&build.id.0).unwrap_or(&nothing);
        BuildLine {
            builder: builder_names.entry(build.builder_id.0).or_default().clone(),
            worker: worker_names.entry(build.worker_id.0).or_default().clone(),
            reason: reasons.get(&build.request_id.0).cloned().unwrap_or_default(),
            branch: text(properties.get("branch")),
            revision: text(properties.get("got_revision")).or_else(|| text(properties.get("revision"))),
            build,
        }
    };
    Ok(builds.into_iter().map(line).collect())
}

fn reasons(conn: &mut SqliteConnection, requests: &[i64]) -> Result<HashMap<i64, String>, DbError> {
    let mut found = HashMap::new();
    for requests in requests.chunks(super::MOST_IDS) {
        let pairs: Vec<(i64, String)> = build_requests::table
            .inner_join(buildsets::table)
            .filter(build_requests::id.eq_any(requests))
            .select((build_requests::id, buildsets::reason))
            .load(conn)?;
        found.extend(pairs);
    }
    Ok(found)
}

/// A property as short text; several codebases have a map here, of which the first value is shown.
fn text(value: Option<&PropertyValue>) -> Option<String> {
    match value? {
        PropertyValue::Str(text) if !text.is_empty() => Some(text.clone()),
        PropertyValue::Map(items) => items.values().find_map(|item| text(Some(item))),
        _ => None,
    }
}

fn distinct(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut ids: Vec<i64> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
