//! `masters`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::masters::{self, Master};
use crate::db::views::{builders, keys::BuilderKey};
use crate::domain::BuilderId;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("masterid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("active", FieldKind::Bool),
    field("last_active", FieldKind::Int),
];

/// Masters, of a builder or all; one or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub builder: Option<i64>,
    pub one: Option<i64>,
}

/// A master as REST shows it; also within other elements.
#[derive(Serialize)]
pub struct MasterJson {
    active: bool,
    last_active: i64,
    masterid: i64,
    name: String,
}

impl From<&Master> for MasterJson {
    fn from(master: &Master) -> Self {
        Self {
            active: master.active,
            last_active: master.last_active.secs(),
            masterid: master.id.0,
            name: master.name.clone(),
        }
    }
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, scope.one.is_some())?;
    let one = scope.one;
    let mut found = call
        .read(move |conn| {
            let all = masters::all(conn)?;
            let Some(builder) = scope.builder else { return Ok(all) };
            if builders::find(conn, &BuilderKey::Id(builder))?.is_none() {
                return Ok(Vec::new());
            }
            let of_builder = builders::masters(conn)?.remove(&BuilderId(builder)).unwrap_or_default();
            Ok(all.into_iter().filter(|master| of_builder.contains(&master.id)).collect())
        })
        .await?;
    found.retain(|master| one.is_none_or(|id| master.id.0 == id));
    let elements: Vec<Element> = found.iter().map(|master| element(&MasterJson::from(master))).collect();
    Reply::of("masters", spec.apply(elements), one.is_some())
}
