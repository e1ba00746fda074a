//! `projects`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::ProjectKey;
use crate::db::views::projects;
use crate::domain::Project;
use crate::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("projectid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("slug", FieldKind::Text),
    field("active", FieldKind::Bool),
    field("description", FieldKind::Text),
    field("description_format", FieldKind::Text),
    field("description_html", FieldKind::Text),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(ProjectKey),
}

#[derive(Serialize)]
struct ProjectJson<'project> {
    /// Told only to those who ask for it: `null` otherwise, as in Buildbot.
    active: Option<bool>,
    description: Option<&'project str>,
    description_format: Option<&'project str>,
    description_html: Option<&'project str>,
    name: &'project str,
    projectid: i64,
    slug: &'project str,
}

fn json(project: &Project, tells_active: bool) -> ProjectJson<'_> {
    ProjectJson {
        active: tells_active.then_some(project.active),
        description: project.description.text.as_deref(),
        description_format: project.description.format.as_deref(),
        description_html: project.description.html.as_deref(),
        name: &project.name,
        projectid: project.id.0,
        slug: &project.slug,
    }
}

/// As `/ws` sends it.
pub fn message(project: &Project) -> String {
    json::to_string(&json(project, false))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let is_single = matches!(scope, Scope::One(_));
    let spec = call.spec(FIELDS, is_single)?;
    let tells_active = spec.filters_by("active");
    let found = call
        .read(move |conn| match &scope {
            Scope::All => projects::all(conn),
            Scope::One(key) => Ok(projects::find(conn, key)?.into_iter().collect()),
        })
        .await?;
    let elements: Vec<Element> = found.iter().map(|project| element(&json(project, tells_active))).collect();
    Reply::of("projects", spec.apply(elements), is_single)
}
