//! `schedulers`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::masters::MasterJson;
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::{masters, schedulers};
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("schedulerid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("enabled", FieldKind::Bool),
    field("master", FieldKind::Other),
];

/// Schedulers, of a master or all; one or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub master: Option<i64>,
    pub one: Option<i64>,
}

#[derive(Serialize)]
struct SchedulerJson<'scheduler> {
    enabled: bool,
    /// The master that runs it; none for one of an older configuration.
    master: Option<MasterJson>,
    name: &'scheduler str,
    schedulerid: i64,
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, scope.one.is_some())?;
    let own = call.state.db.master().id;
    let (all, masters) = call.read(|conn| Ok((schedulers::all(conn)?, masters::all(conn)?))).await?;
    let master = masters.iter().find(|master| master.id == own);
    let elements: Vec<Element> = all
        .iter()
        .filter(|scheduler| scope.one.is_none_or(|id| scheduler.id.0 == id))
        .filter(|scheduler| scope.master.is_none_or(|id| scheduler.active && id == own.0))
        .map(|scheduler| {
            element(&SchedulerJson {
                enabled: scheduler.enabled,
                master: master.filter(|_| scheduler.active).map(MasterJson::from),
                name: &scheduler.name,
                schedulerid: scheduler.id.0,
            })
        })
        .collect();
    Reply::of("schedulers", spec.apply(elements), scope.one.is_some())
}
