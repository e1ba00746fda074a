//! `sourcestamps`

use serde::Serialize;

use super::Call;
use super::elements::{Element, Elements, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::select::Select;
use crate::db::views::source_stamps::{self, StampLine};
use crate::domain::Patch;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("ssid", FieldKind::Int),
    field("revision", FieldKind::Text),
    field("branch", FieldKind::Text),
    field("repository", FieldKind::Text),
    field("project", FieldKind::Text),
    field("codebase", FieldKind::Text),
    field("patch", FieldKind::Other),
    field("created_at", FieldKind::Int),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(i64),
    OfBuildset(i64),
}

/// A source stamp as REST shows it; also within buildsets and changes.
#[derive(Serialize)]
pub struct StampJson {
    branch: Option<String>,
    codebase: String,
    created_at: i64,
    patch: Option<PatchJson>,
    project: String,
    repository: String,
    revision: Option<String>,
    ssid: i64,
}

#[derive(Serialize)]
struct PatchJson {
    author: String,
    body: String,
    comment: String,
    level: i32,
    patchid: i64,
    subdir: String,
}

impl From<&StampLine> for StampJson {
    fn from(line: &StampLine) -> Self {
        let spec = &line.stamp.spec;
        Self {
            branch: spec.branch.clone(),
            codebase: spec.codebase.clone(),
            created_at: line.stamp.created_at.secs(),
            patch: spec.patch.as_ref().zip(line.patch_id).map(patch),
            project: spec.project.clone(),
            repository: spec.repository.clone(),
            revision: spec.revision.clone(),
            ssid: line.stamp.id.0,
        }
    }
}

fn patch((patch, id): (&Patch, i64)) -> PatchJson {
    PatchJson {
        author: patch.author.clone(),
        body: String::from_utf8_lossy(&patch.body).into_owned(),
        comment: patch.comment.clone(),
        level: patch.level,
        patchid: id,
        subdir: patch.subdir.clone(),
    }
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let condition = match scope {
        Scope::All => None,
        Scope::One(id) => Select::scoped(source_stamps::IS, vec![id]).scope,
        Scope::OfBuildset(id) => Select::scoped(source_stamps::OF_BUILDSET, vec![id]).scope,
    };
    let select = spec.select(&source_stamps::TABLE, condition)?;
    let is_paged = spec.is_paged();
    let (found, total) = call
        .read(move |conn| {
            let found = source_stamps::select(conn, &select)?;
            let all = if is_paged { Some(select.count(conn, &source_stamps::TABLE)?) } else { None };
            Ok((found, all))
        })
        .await?;
    let elements: Vec<Element> = found.iter().map(|line| element(&StampJson::from(line))).collect();
    let total = total.unwrap_or(i64::try_from(elements.len()).unwrap_or(i64::MAX));
    Reply::of("sourcestamps", spec.reduce(Elements { elements, total }), is_single)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::api::result_spec::tests::assert_columns;

    #[test]
    fn every_field_but_the_patch_is_a_column() {
        assert_columns(FIELDS, &source_stamps::TABLE, &["patch"]);
    }
}
