//! Packets of what happened, for the reporters that tell everything.

use super::gather::{self, Depth};
use super::{ReporterDeps, format};
use crate::db::transitions::NewDelivery;
use crate::db::views::keys::{BuilderKey, StepKey, WorkerKey};
use crate::db::views::reporters::StoredEvent;
use crate::db::views::{builders, changes, steps, workers};
use crate::db::{Db, DbError};
use crate::domain::{BuildId, BuildRequestId, BuildsetId, ChangeId, Event, PropertyValue};
use crate::reporters::facts::Site;
use crate::reporters::message::Body;
use crate::reporters::push::{self, PacketEvent, PushConfig, packet};

/// All packets wait for each other.
const QUEUE: &str = "packets";

/// Whether there is a packet for an event.
pub const fn are_of(event: &Event) -> bool {
    matches!(
        event,
        Event::ChangeAdded { .. }
            | Event::BuildsetAdded { .. }
            | Event::BuildRequestAdded { .. }
            | Event::BuildRequestCancelled { .. }
            | Event::BuildStarted { .. }
            | Event::BuildFinished { .. }
            | Event::StepStarted { .. }
            | Event::StepFinished { .. }
            | Event::WorkerConnected { .. }
            | Event::WorkerDisconnected { .. }
            | Event::BuilderStarted { .. }
            | Event::BuilderStopped { .. }
    )
}

/// The name that an event had in 0.8, by its key; `None` if there was no such.
fn old_name(key: &str) -> Option<(&'static str, i64)> {
    let mut parts = key.split('/');
    let (kind, id, action) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
    let name = match (kind, action) {
        ("changes", "new") => "changeAdded",
        ("buildsets", "new") => "buildsetSubmitted",
        ("buildrequests", "new") => "requestSubmitted",
        ("buildrequests", "cancelled") => "requestCancelled",
        ("builds", "new") => "buildStarted",
        ("builds", "finished") => "buildFinished",
        ("steps", "started") => "stepStarted",
        ("steps", "finished") => "stepFinished",
        ("workers", "connected") => "slaveConnected",
        ("workers", "disconnected") => "slaveDisconnected",
        ("builders", "started") => "builderAdded",
        ("builders", "stopped") => "builderRemoved",
        _ => return None,
    };
    Some((name, id))
}

/// The packet of an event; none if nobody wants it, or what it is about is not there any more.
pub async fn deliveries(
    config: &PushConfig,
    deps: &ReporterDeps,
    event: &StoredEvent,
    site: &Site,
) -> Result<Vec<NewDelivery>, DbError> {
    let Some((name, id)) = old_name(&event.key) else { return Ok(Vec::new()) };
    if config.unwanted.iter().any(|unwanted| unwanted == name) {
        return Ok(Vec::new());
    }
    let Some(payload) = payload(&deps.db, name, id, site).await? else { return Ok(Vec::new()) };
    let packet = packet(PacketEvent { name, payload }, event.seq, event.at, &site.title, config.drops_empty);
    let delivery = |body: Vec<u8>| NewDelivery {
        event_key: event.key.clone(),
        queue: QUEUE.to_owned(),
        title: format!("{name} {}", event.key),
        recipients: Vec::new(),
        body,
    };
    Ok(format::json_of(&Body::Json(packet)).map(delivery).into_iter().collect())
}

type Payload = Vec<(&'static str, PropertyValue)>;

async fn payload(db: &Db, name: &str, id: i64, site: &Site) -> Result<Option<Payload>, DbError> {
    Ok(match name {
        "buildStarted" | "buildFinished" => build(db, BuildId(id), name == "buildStarted", site).await?,
        "stepStarted" | "stepFinished" => step(db, id, name == "stepStarted", site).await?,
        "changeAdded" => {
            let change = db.read(move |conn| changes::find(conn, ChangeId(id))).await?;
            change.map(|change| vec![("change", push::change(&change, site))])
        }
        "buildsetSubmitted" => {
            let buildset = db.read(move |conn| gather::buildset(conn, BuildsetId(id))).await?;
            buildset.map(|mut buildset| {
                (buildset.complete_at, buildset.results) = (None, None);
                vec![("buildset", push::buildset(&buildset))]
            })
        }
        "requestSubmitted" | "requestCancelled" => {
            let master = db.master().id;
            let facts = db.read(move |conn| gather::pending(conn, BuildRequestId(id), master)).await?;
            let payload = |facts: &_| vec![("request", push::request(facts))];
            facts.map(|facts| [payload(&facts), vec![("builderName", facts.builder.name.as_str().into())]].concat())
        }
        "slaveConnected" | "slaveDisconnected" => {
            let worker = db.read(move |conn| workers::find(conn, &WorkerKey::Id(id))).await?;
            worker.map(|worker| vec![("slavename", worker.name.into())])
        }
        _ => {
            let builder = db.read(move |conn| builders::find(conn, &BuilderKey::Id(id))).await?;
            builder.map(|builder| vec![("builderName", builder.name.into())])
        }
    })
}

async fn build(db: &Db, id: BuildId, is_start: bool, site: &Site) -> Result<Option<Payload>, DbError> {
    let Some(mut facts) = db.read(move |conn| gather::build(conn, id)).await? else { return Ok(None) };
    if is_start {
        facts = facts.at_start();
    } else {
        facts = gather::deepen(db, facts, &Depth { steps: true, ..Depth::default() }).await?;
    }
    Ok(Some(vec![("build", push::build(&facts, site))]))
}

async fn step(db: &Db, id: i64, is_start: bool, site: &Site) -> Result<Option<Payload>, DbError> {
    let found = db.read(move |conn| {
        let Some(step) = steps::find(conn, &StepKey::Id(id))? else { return Ok(None) };
        gather::build(conn, step.build_id)
    });
    let Some(facts) = found.await? else { return Ok(None) };
    let facts = gather::deepen(db, facts, &Depth { steps: true, ..Depth::default() }).await?;
    let Some(mut of_step) = facts.steps.iter().find(|step| step.step.id.0 == id).cloned() else { return Ok(None) };
    if is_start {
        (of_step.step.complete_at, of_step.step.results) = (None, None);
        of_step.logs.clear();
    }
    let properties = push::properties(&facts.properties);
    let about = [("builderName", facts.builder.name.as_str().into()), ("buildNumber", facts.build.number.into())];
    let payload = [("properties", properties), ("step", push::step(&facts, &of_step, site))];
    Ok(Some(about.into_iter().chain(payload).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_have_their_old_names() {
        assert_eq!(old_name("builds/7/finished"), Some(("buildFinished", 7)));
        assert_eq!(old_name("workers/3/connected"), Some(("slaveConnected", 3)));
        assert_eq!(old_name("builds/7/update"), None);
    }
}
