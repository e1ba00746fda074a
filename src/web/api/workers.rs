//! `workers`

use serde::Serialize;

use super::Call;
use super::elements::{Element, element};
use super::reply::Reply;
use super::result_spec::{Field, FieldKind, field};
use crate::db::views::keys::WorkerKey;
use crate::db::views::workers;
use crate::domain::{MasterId, Worker};
use crate::json;
use crate::web::error::WebError;

const FIELDS: &[Field] = &[
    field("workerid", FieldKind::Int),
    field("name", FieldKind::Text),
    field("connected_to", FieldKind::Other),
    field("configured_on", FieldKind::Other),
    field("workerinfo", FieldKind::Other),
    field("paused", FieldKind::Bool),
    field("pause_reason", FieldKind::Text),
    field("graceful", FieldKind::Bool),
];

/// Workers, of a master or builder or all; one or many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub master: Option<i64>,
    pub builder: Option<i64>,
    pub one: Option<WorkerKey>,
}

impl Scope {
    fn has(&self, worker: &Worker, master: MasterId) -> bool {
        let on_master = self.master.is_none_or(|id| id == master.0 && !worker.configured_on.is_empty());
        let of_builder = self.builder.is_none_or(|id| worker.configured_on.iter().any(|builder| builder.0 == id));
        let is_named = match &self.one {
            None => true,
            Some(WorkerKey::Id(id)) => worker.id.0 == *id,
            Some(WorkerKey::Name(name)) => worker.name == *name,
        };
        on_master && of_builder && is_named
    }
}

#[derive(Serialize)]
struct WorkerJson<'worker> {
    configured_on: Vec<ConfiguredOn>,
    connected_to: Vec<ConnectedTo>,
    graceful: bool,
    name: &'worker str,
    pause_reason: Option<&'worker str>,
    paused: bool,
    workerid: i64,
    workerinfo: InfoJson<'worker>,
}

#[derive(Serialize)]
struct ConfiguredOn {
    builderid: i64,
    masterid: i64,
}

#[derive(Serialize)]
struct ConnectedTo {
    masterid: i64,
}

#[derive(Serialize)]
struct InfoJson<'worker> {
    access_uri: Option<&'worker str>,
    admin: Option<&'worker str>,
    host: Option<&'worker str>,
    version: Option<&'worker str>,
}

fn json(worker: &Worker, master: MasterId, builder: Option<i64>) -> WorkerJson<'_> {
    let asked_for = |id: i64| builder.is_none_or(|builder| builder == id);
    let configured_on = worker.configured_on.iter().filter(|id| asked_for(id.0));
    WorkerJson {
        configured_on: configured_on.map(|id| ConfiguredOn { builderid: id.0, masterid: master.0 }).collect(),
        connected_to: if worker.connected { vec![ConnectedTo { masterid: master.0 }] } else { Vec::new() },
        graceful: worker.graceful,
        name: &worker.name,
        pause_reason: worker.pause_reason.as_deref(),
        paused: worker.paused,
        workerid: worker.id.0,
        workerinfo: InfoJson {
            access_uri: worker.info.access_uri.as_deref(),
            admin: worker.info.admin.as_deref(),
            host: worker.info.host.as_deref(),
            version: worker.info.version.as_deref(),
        },
    }
}

/// As `/ws` sends it.
pub fn message(worker: &Worker, master: MasterId) -> String {
    json::to_string(&json(worker, master, None))
}

pub async fn get(call: &Call<'_>, scope: Scope) -> Result<Reply, WebError> {
    let spec = call.spec(FIELDS, scope.one.is_some())?;
    let master = call.state.db.master().id;
    let all = call.read(workers::all).await?;
    let elements: Vec<Element> = all
        .iter()
        .filter(|worker| scope.has(worker, master))
        .map(|worker| element(&json(worker, master, scope.builder)))
        .collect();
    Reply::of("workers", spec.apply(elements), scope.one.is_some())
}
