//! `builds`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element, properties};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::DbError;
use crate::db::views::builds;
use crate::db::views::keys::{BuildKey, BuilderKey};
use crate::db::views::properties::of_builds;
use crate::db::views::select::Select;
use crate::db::views::{Connection, builders, select};
use crate::domain::{Build, Properties};
use crate::json::{self, Value};
use crate::web::error::WebError;
use crate::web::removed;

const FIELDS: &[Field] = &[
    field("buildid", FieldKind::Int),
    field("number", FieldKind::Int),
    field("builderid", FieldKind::Int),
    field("buildrequestid", FieldKind::Int),
    field("workerid", FieldKind::Int),
    field("masterid", FieldKind::Int),
    field("started_at", FieldKind::Int),
    field("complete", FieldKind::Bool),
    field("complete_at", FieldKind::Int),
    field("locks_duration_s", FieldKind::Int),
    field("results", FieldKind::Int),
    field("state_string", FieldKind::Text),
    field("properties", FieldKind::Other),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(BuildKey),
    OfBuilder(BuilderKey),
    OfRequest(i64),
    OfChange(i64),
    OfWorker(i64),
    TriggeredBy(BuildKey),
}

#[derive(Serialize)]
struct BuildJson<'build> {
    builderid: i64,
    buildid: i64,
    buildrequestid: i64,
    complete: bool,
    complete_at: Option<i64>,
    locks_duration_s: i64,
    masterid: i64,
    number: i64,
    /// Empty unless asked for.
    properties: Value,
    results: Option<i32>,
    started_at: i64,
    state_string: &'build str,
    workerid: i64,
}

fn json<'build>(build: &'build Build, wanted: &Properties) -> BuildJson<'build> {
    BuildJson {
        builderid: build.builder_id.0,
        buildid: build.id.0,
        buildrequestid: build.request_id.0,
        complete: build.complete_at.is_some(),
        complete_at: build.complete_at.map(|at| at.secs()),
        locks_duration_s: build.locks_duration_s,
        masterid: build.master_id.0,
        number: build.number,
        properties: properties(wanted),
        results: build.results.map(|results| results.code()),
        started_at: build.started_at.secs(),
        state_string: &build.state_string,
        workerid: build.worker_id.0,
    }
}

/// As `/ws` sends it.
pub fn message(build: &Build) -> String {
    json::to_string(&json(build, &Properties::new()))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let single = if let Scope::One(key) = &scope { Some(key.clone()) } else { None };
    let mut select = spec.select(&builds::TABLE, None)?;
    let wanted = spec.wanted_properties();
    let (found, of_build) = call
        .read(move |conn| {
            let Some(scope) = condition(conn, scope)? else { return Ok((Vec::new(), Default::default())) };
            select.scope = scope;
            let found = builds::select(conn, &select)?;
            let ids: Vec<i64> = found.iter().map(|build| build.id.0).collect();
            let of_build = wanted.map(|wanted| of_builds(conn, &ids, &wanted)).transpose()?.unwrap_or_default();
            Ok((found, of_build))
        })
        .await?;
    if let Some(key) = single.filter(|_| found.is_empty()) {
        let missing = "not found while getting from an endpoint for builds";
        return Err(removed::reason(&call.state.db, key, missing.to_owned()).await);
    }
    let none = Properties::new();
    let elements: Vec<Element> =
        found.iter().map(|build| element(&json(build, of_build.get(&build.id.0).unwrap_or(&none)))).collect();
    // as in Buildbot, where the database pages, the total is what was found
    let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    Reply::of("builds", spec.reduce(Elements { elements, total }), is_single)
}

/// The outer `None` is: there cannot be any.
fn condition(conn: &mut Connection, scope: Scope) -> Result<Option<Option<select::Scope>>, DbError> {
    let (sql, id) = match scope {
        Scope::All => return Ok(Some(None)),
        Scope::One(key) => (builds::IS, builds::find(conn, &key)?.map(|build| build.id.0)),
        Scope::OfBuilder(BuilderKey::Id(id)) => (builds::OF_BUILDER, Some(id)),
        Scope::OfBuilder(key) => (builds::OF_BUILDER, builders::find(conn, &key)?.map(|builder| builder.id.0)),
        Scope::OfRequest(id) => (builds::OF_REQUEST, Some(id)),
        Scope::OfChange(id) => (builds::OF_CHANGE, Some(id)),
        Scope::OfWorker(id) => (builds::OF_WORKER, Some(id)),
        Scope::TriggeredBy(BuildKey::Id(id)) => (builds::TRIGGERED_BY, Some(id)),
        Scope::TriggeredBy(key) => (builds::TRIGGERED_BY, builds::find(conn, &key)?.map(|build| build.id.0)),
    };
    Ok(id.map(|id| Select::scoped(sql, vec![id]).scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_but_the_properties_is_a_column() {
        assert_columns(FIELDS, &builds::TABLE, &["properties"]);
    }
}
