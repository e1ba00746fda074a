//! `buildsets`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use super::sourcestamps::StampJson;
use crate::db::views::buildsets::{self, BuildsetLine};
use crate::db::views::select::Select;
use crate::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("bsid", FieldKind::Int),
    field("external_idstring", FieldKind::Text),
    field("reason", FieldKind::Text),
    field("rebuilt_buildid", FieldKind::Int),
    field("submitted_at", FieldKind::Int),
    field("complete", FieldKind::Bool),
    field("complete_at", FieldKind::Int),
    field("results", FieldKind::Int),
    field("sourcestamps", FieldKind::Other),
    field("parent_buildid", FieldKind::Int),
    field("parent_relationship", FieldKind::Text),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(i64),
}

#[derive(Serialize)]
struct BuildsetJson<'set> {
    bsid: i64,
    complete: bool,
    complete_at: Option<i64>,
    external_idstring: Option<&'set str>,
    parent_buildid: Option<i64>,
    parent_relationship: Option<&'set str>,
    reason: &'set str,
    rebuilt_buildid: Option<i64>,
    /// -1 while incomplete.
    results: i32,
    /// Told when a buildset is announced, and by nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduler: Option<&'set str>,
    sourcestamps: Vec<StampJson>,
    submitted_at: i64,
}

fn json(buildset: &BuildsetLine) -> BuildsetJson<'_> {
    BuildsetJson {
        bsid: buildset.id.0,
        complete: buildset.complete_at.is_some(),
        complete_at: buildset.complete_at.map(|at| at.secs()),
        external_idstring: buildset.external_id.as_deref(),
        parent_buildid: buildset.parent_build.map(|build| build.0),
        parent_relationship: buildset.parent_relationship.as_deref(),
        reason: &buildset.reason,
        rebuilt_buildid: buildset.rebuilt_build.map(|build| build.0),
        results: buildset.results.map_or(-1, |results| results.code()),
        scheduler: None,
        sourcestamps: buildset.source_stamps.iter().map(StampJson::from).collect(),
        submitted_at: buildset.submitted_at.secs(),
    }
}

/// As `/ws` sends it.
pub fn message(buildset: &BuildsetLine) -> String {
    json::to_string(&json(buildset))
}

/// As `/ws` announces it: with the name of its scheduler.
pub fn message_of_new(buildset: &BuildsetLine) -> String {
    json::to_string(&BuildsetJson { scheduler: Some(&buildset.scheduler), ..json(buildset) })
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let condition = match scope {
        Scope::All => None,
        Scope::One(id) => Select::scoped(buildsets::IS, vec![id]).scope,
    };
    let select = spec.select(&buildsets::TABLE, condition)?;
    let found = call.read(move |conn| buildsets::select(conn, &select)).await?;
    let elements: Vec<Element> = found.iter().map(|buildset| element(&json(buildset))).collect();
    let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    Reply::of("buildsets", spec.reduce(Elements { elements, total }), is_single)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_but_the_stamps_is_a_column() {
        assert_columns(FIELDS, &buildsets::TABLE, &["sourcestamps"]);
    }
}
