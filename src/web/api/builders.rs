//! `builders`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::builders;
use crate::db::views::keys::BuilderKey;
use crate::domain::{Builder, MasterId, ProjectId, WorkerId};
use crate::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("builderid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("masterids", FieldKind::IntList),
    field("description", FieldKind::Text),
    field("description_format", FieldKind::Text),
    field("description_html", FieldKind::Text),
    field("projectid", FieldKind::Int),
    field("tags", FieldKind::TextList),
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    One(BuilderKey),
    /// All builders of a master, or one of them.
    OfMaster(i64, Option<i64>),
    OfWorker(i64),
    OfProject(i64),
}

impl Scope {
    const fn is_single(&self) -> bool {
        matches!(self, Self::One(_) | Self::OfMaster(_, Some(_)))
    }

    fn has(&self, builder: &Builder, masters: &[MasterId]) -> bool {
        match self {
            Self::All | Self::OfWorker(_) | Self::OfProject(_) => true,
            Self::One(BuilderKey::Id(id)) => builder.id.0 == *id,
            Self::One(BuilderKey::Name(name)) => builder.name == *name,
            Self::OfMaster(master, one) => {
                masters.contains(&MasterId(*master)) && one.is_none_or(|id| builder.id.0 == id)
            }
        }
    }
}

#[derive(Serialize)]
struct BuilderJson<'builder> {
    builderid: i64,
    description: Option<&'builder str>,
    description_format: Option<&'builder str>,
    description_html: Option<&'builder str>,
    masterids: Vec<i64>,
    name: &'builder str,
    projectid: Option<i64>,
    tags: &'builder [String],
}

fn json<'builder>(builder: &'builder Builder, masters: &[MasterId]) -> BuilderJson<'builder> {
    BuilderJson {
        builderid: builder.id.0,
        description: builder.description.text.as_deref(),
        description_format: builder.description.format.as_deref(),
        description_html: builder.description.html.as_deref(),
        masterids: masters.iter().map(|master| master.0).collect(),
        name: &builder.name,
        projectid: builder.project.map(|project| project.0),
        tags: &builder.tags,
    }
}

/// As `/ws` sends it.
pub fn message(builder: &Builder, masters: &[MasterId]) -> String {
    json::to_string(&json(builder, masters))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, scope.is_single())?;
    let of = scope.clone();
    let (all, masters) = call
        .read(move |conn| {
            let found = match of {
                Scope::OfWorker(worker) => builders::of_worker(conn, WorkerId(worker))?,
                Scope::OfProject(project) => builders::of_project(conn, ProjectId(project))?,
                Scope::All | Scope::One(_) | Scope::OfMaster(..) => builders::all(conn)?,
            };
            Ok((found, builders::masters(conn)?))
        })
        .await?;
    let masters_of = |builder: &Builder| masters.get(&builder.id).map_or(&[][..], Vec::as_slice);
    let elements: Vec<Element> = all
        .iter()
        .filter(|builder| scope.has(builder, masters_of(builder)))
        .map(|builder| element(&json(builder, masters_of(builder))))
        .collect();
    Reply::of("builders", spec.apply(elements), scope.is_single())
}
