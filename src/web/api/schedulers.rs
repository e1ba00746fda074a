//! `schedulers`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::masters::MasterJson;
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::masters::{self, Master};
use crate::db::views::schedulers::{self, SchedulerLine};
use crate::json;
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

fn json<'scheduler>(scheduler: &'scheduler SchedulerLine, own: Option<&Master>) -> SchedulerJson<'scheduler> {
    SchedulerJson {
        enabled: scheduler.enabled,
        master: own.filter(|_| scheduler.active).map(MasterJson::from),
        name: &scheduler.name,
        schedulerid: scheduler.id.0,
    }
}

/// As `/ws` sends it; `own` is the master that runs the present configuration.
pub fn message(scheduler: &SchedulerLine, own: Option<&Master>) -> String {
    json::to_string(&json(scheduler, own))
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
        .map(|scheduler| element(&json(scheduler, master)))
        .collect();
    Reply::of("schedulers", spec.apply(elements), scope.one.is_some())
}
