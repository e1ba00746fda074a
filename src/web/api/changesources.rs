//! `changesources`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::masters::MasterJson;
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::{masters, schedulers};
use crate::web::error::WebError;

const FIELDS: &[Field] =
    &[field("changesourceid", FieldKind::Int), field("name", FieldKind::Text), field("master", FieldKind::Other)];

/// Change sources, of a master or all; one or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub master: Option<i64>,
    pub one: Option<i64>,
}

#[derive(Serialize)]
struct ChangeSourceJson<'source> {
    changesourceid: i64,
    /// The master that runs it; none for one of an older configuration.
    master: Option<MasterJson>,
    name: &'source str,
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, scope.one.is_some())?;
    let own = call.state.db.master().id;
    let (all, masters) = call.read(|conn| Ok((schedulers::change_sources(conn)?, masters::all(conn)?))).await?;
    let master = masters.iter().find(|master| master.id == own);
    let elements: Vec<Element> = all
        .iter()
        .filter(|source| scope.one.is_none_or(|id| source.id.0 == id))
        .filter(|source| scope.master.is_none_or(|id| source.active && id == own.0))
        .map(|source| {
            element(&ChangeSourceJson {
                changesourceid: source.id.0,
                master: master.filter(|_| source.active).map(MasterJson::from),
                name: &source.name,
            })
        })
        .collect();
    Reply::of("changesources", spec.apply(elements), scope.one.is_some())
}
