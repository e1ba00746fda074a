//! `changes`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element, properties};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use super::sourcestamps::StampJson;
use crate::db::DbError;
use crate::db::views::changes::{self, ChangeLine};
use crate::db::views::keys::BuildKey;
use crate::db::views::select::Select;
use crate::db::views::{Connection, builds, select};
use crate::json::{self, Value};
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("changeid", FieldKind::Int),
    field("parent_changeids", FieldKind::Other),
    field("author", FieldKind::Text),
    field("committer", FieldKind::Text),
    field("files", FieldKind::TextList),
    field("comments", FieldKind::Text),
    field("revision", FieldKind::Text),
    field("when_timestamp", FieldKind::Int),
    field("branch", FieldKind::Text),
    field("category", FieldKind::Text),
    field("revlink", FieldKind::Text),
    field("properties", FieldKind::Other),
    field("repository", FieldKind::Text),
    field("project", FieldKind::Text),
    field("codebase", FieldKind::Text),
    field("sourcestamp", FieldKind::Other),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(i64),
    OfBuild(BuildKey),
    OfStamp(i64),
}

#[derive(Serialize)]
struct ChangeJson<'change> {
    author: &'change str,
    branch: Option<&'change str>,
    category: Option<&'change str>,
    changeid: i64,
    codebase: &'change str,
    comments: &'change str,
    committer: Option<&'change str>,
    files: &'change [String],
    parent_changeids: Vec<i64>,
    project: &'change str,
    properties: Value,
    repository: &'change str,
    revision: Option<&'change str>,
    revlink: Option<&'change str>,
    sourcestamp: Option<StampJson>,
    when_timestamp: i64,
}

fn json(line: &ChangeLine) -> ChangeJson<'_> {
    let change = &line.change;
    ChangeJson {
        author: &change.author,
        branch: change.branch.as_deref(),
        category: change.category.as_deref(),
        changeid: change.id.0,
        codebase: &change.codebase,
        comments: &change.comments,
        committer: change.committer.as_deref(),
        files: &change.files,
        parent_changeids: change.parent_ids.iter().map(|parent| parent.0).collect(),
        project: &change.project,
        properties: properties(&change.properties),
        repository: &change.repository,
        revision: change.revision.as_deref(),
        revlink: change.revlink.as_deref(),
        sourcestamp: line.stamp.as_ref().map(StampJson::from),
        when_timestamp: change.when.secs(),
    }
}

/// As `/ws` sends it.
pub fn message(line: &ChangeLine) -> String {
    json::to_string(&json(line))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let mut select = spec.select(&changes::TABLE, None)?;
    let found = call
        .read(move |conn| {
            let Some(scope) = condition(conn, scope)? else { return Ok(Vec::new()) };
            select.scope = scope;
            let found = changes::select(conn, &select)?;
            changes::with_stamps(conn, found)
        })
        .await?;
    let elements: Vec<Element> = found.iter().map(|line| element(&json(line))).collect();
    let total = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    Reply::of("changes", spec.reduce(Elements { elements, total }), is_single)
}

/// The outer `None` is: there cannot be any.
fn condition(conn: &mut Connection, scope: Scope) -> Result<Option<Option<select::Scope>>, DbError> {
    let (sql, id) = match scope {
        Scope::All => return Ok(Some(None)),
        Scope::One(id) => (changes::IS, Some(id)),
        Scope::OfStamp(id) => (changes::OF_STAMP, Some(id)),
        Scope::OfBuild(BuildKey::Id(id)) => (changes::OF_BUILD, Some(id)),
        Scope::OfBuild(key) => (changes::OF_BUILD, builds::find(conn, &key)?.map(|build| build.id.0)),
    };
    Ok(id.map(|id| Select::scoped(sql, vec![id]).scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_plain_field_is_a_column() {
        assert_columns(FIELDS, &changes::TABLE, &["parent_changeids", "properties", "sourcestamp"]);
    }
}
