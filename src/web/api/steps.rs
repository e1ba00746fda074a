//! `steps`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::DbError;
use crate::db::views::keys::{BuildKey, StepKey};
use crate::db::views::select::Select;
use crate::db::views::{Connection, builds, select, steps};
use crate::domain::Step;
use crate::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("stepid", FieldKind::Int),
    field("number", FieldKind::Int),
    field("name", FieldKind::Text),
    field("buildid", FieldKind::Int),
    field("started_at", FieldKind::Int),
    field("locks_acquired_at", FieldKind::Int),
    field("complete", FieldKind::Bool),
    field("complete_at", FieldKind::Int),
    field("results", FieldKind::Int),
    field("state_string", FieldKind::Text),
    field("urls", FieldKind::Other),
    field("hidden", FieldKind::Bool),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    One(StepKey),
    OfBuild(BuildKey),
}

#[derive(Serialize)]
struct StepJson<'step> {
    buildid: i64,
    complete: bool,
    complete_at: Option<i64>,
    hidden: bool,
    locks_acquired_at: Option<i64>,
    name: &'step str,
    number: i32,
    results: Option<i32>,
    started_at: Option<i64>,
    state_string: &'step str,
    stepid: i64,
    urls: Vec<UrlJson<'step>>,
}

#[derive(Serialize)]
struct UrlJson<'step> {
    name: &'step str,
    url: &'step str,
}

fn json(step: &Step) -> StepJson<'_> {
    StepJson {
        buildid: step.build_id.0,
        complete: step.complete_at.is_some(),
        complete_at: step.complete_at.map(|at| at.secs()),
        hidden: step.hidden,
        locks_acquired_at: step.locks_acquired_at.map(|at| at.secs()),
        name: &step.name,
        number: step.number,
        results: step.results.map(|results| results.code()),
        started_at: step.started_at.map(|at| at.secs()),
        state_string: &step.state_string,
        stepid: step.id.0,
        urls: step.urls.iter().map(|(name, url)| UrlJson { name, url }).collect(),
    }
}

/// As `/ws` sends it.
pub fn message(step: &Step) -> String {
    json::to_string(&json(step))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let mut select = spec.select(&steps::TABLE, None)?;
    let is_paged = spec.is_paged();
    let (found, total) = call
        .read(move |conn| {
            let Some(scope) = condition(conn, scope)? else { return Ok((Vec::new(), None)) };
            select.scope = Some(scope);
            let found = steps::select(conn, &select)?;
            let all = if is_paged { Some(select.count(conn, &steps::TABLE)?) } else { None };
            Ok((found, all))
        })
        .await?;
    let elements: Vec<Element> = found.iter().map(|step| element(&json(step))).collect();
    let total = total.unwrap_or(i64::try_from(elements.len()).unwrap_or(i64::MAX));
    Reply::of("steps", spec.reduce(Elements { elements, total }), is_single)
}

/// `None` is: there cannot be any.
fn condition(conn: &mut Connection, scope: Scope) -> Result<Option<select::Scope>, DbError> {
    let (sql, id) = match scope {
        Scope::One(key) => (steps::IS, steps::find(conn, &key)?.map(|step| step.id.0)),
        Scope::OfBuild(BuildKey::Id(id)) => (steps::OF_BUILD, Some(id)),
        Scope::OfBuild(key) => (steps::OF_BUILD, builds::find(conn, &key)?.map(|build| build.id.0)),
    };
    Ok(id.and_then(|id| Select::scoped(sql, vec![id]).scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_but_the_links_is_a_column() {
        assert_columns(FIELDS, &steps::TABLE, &["urls"]);
    }
}
