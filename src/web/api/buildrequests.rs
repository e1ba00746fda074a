//! `buildrequests`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element, properties};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::build_requests::{self, RequestLine};
use crate::db::views::properties::of_requests;
use crate::db::views::select::Select;
use crate::domain::Properties;
use crate::json::{self, Value};
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("buildrequestid", FieldKind::Int),
    field("buildsetid", FieldKind::Int),
    field("builderid", FieldKind::Int),
    field("priority", FieldKind::Int),
    field("claimed", FieldKind::Bool),
    field("claimed_at", FieldKind::Int),
    field("claimed_by_masterid", FieldKind::Int),
    field("complete", FieldKind::Bool),
    field("complete_at", FieldKind::Int),
    field("results", FieldKind::Int),
    field("submitted_at", FieldKind::Int),
    field("waited_for", FieldKind::Bool),
    field("properties", FieldKind::Other),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(i64),
    OfBuilder(i64),
}

#[derive(Serialize)]
struct RequestJson {
    builderid: i64,
    buildrequestid: i64,
    buildsetid: i64,
    claimed: bool,
    claimed_at: Option<i64>,
    claimed_by_masterid: Option<i64>,
    complete: bool,
    complete_at: Option<i64>,
    priority: i32,
    /// Null unless asked for.
    properties: Option<Value>,
    /// -1 while incomplete.
    results: i32,
    submitted_at: i64,
    waited_for: bool,
}

fn json(request: &RequestLine, properties: Option<Value>) -> RequestJson {
    RequestJson {
        builderid: request.builder_id.0,
        buildrequestid: request.id.0,
        buildsetid: request.buildset_id.0,
        claimed: request.claimed.is_some(),
        claimed_at: request.claimed.map(|(_, at)| at.secs()),
        claimed_by_masterid: request.claimed.map(|(by, _)| by.0),
        complete: request.complete_at.is_some(),
        complete_at: request.complete_at.map(|at| at.secs()),
        priority: request.priority,
        properties,
        results: request.results.map_or(-1, |results| results.code()),
        submitted_at: request.submitted_at.secs(),
        waited_for: request.waited_for,
    }
}

/// As `/ws` sends it.
pub fn message(request: &RequestLine) -> String {
    json::to_string(&json(request, None))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let condition = match scope {
        Scope::All => None,
        Scope::One(id) => Select::scoped(build_requests::IS, vec![id]).scope,
        Scope::OfBuilder(id) => Select::scoped(build_requests::OF_BUILDER, vec![id]).scope,
    };
    let select = spec.select(&build_requests::TABLE, condition)?;
    let wanted = spec.wanted_properties();
    let (found, of_request) = call
        .read(move |conn| {
            let found = build_requests::select(conn, &select)?;
            let ids: Vec<i64> = found.iter().map(|request| request.id.0).collect();
            Ok((found, wanted.map(|wanted| of_requests(conn, &ids, &wanted)).transpose()?))
        })
        .await?;
    let none = Properties::new();
    let filled = |request: &RequestLine| {
        of_request.as_ref().map(|of_request| properties(of_request.get(&request.id.0).unwrap_or(&none)))
    };
    let elements: Vec<Element> = found.iter().map(|request| element(&json(request, filled(request)))).collect();
    let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    Reply::of("buildrequests", spec.reduce(Elements { elements, total }), is_single)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_but_the_properties_is_a_column() {
        assert_columns(FIELDS, &build_requests::TABLE, &["properties"]);
    }
}
