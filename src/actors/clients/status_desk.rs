//! `PBListener`: tells clients what happens, in words that need no look-up.

use std::sync::Arc;

use buildbot_protocol::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tracing::debug;

use crate::actors::live_feed::LiveFeed;
use crate::db::views::buildsets::BuildsetLine;
use crate::db::views::keys::{BuildKey, BuilderKey, StepKey, WorkerKey};
use crate::db::views::{Connection, build_requests, builders, builds, buildsets, changes, steps, workers};
use crate::db::{Db, DbError};
use crate::domain::{Build, BuildId, Event, StepId};
use crate::wire::{StatusDesk, StatusNotice};

/// Notices that a client may be behind.
const CAPACITY: usize = 1024;

pub(super) struct Watchtower {
    pub(super) db: Db,
    pub(super) live: LiveFeed,
}

impl StatusDesk for Watchtower {
    fn watch(&self) -> mpsc::Receiver<StatusNotice> {
        let (sender, receiver) = mpsc::channel(CAPACITY);
        let (db, mut events) = (self.db.clone(), self.live.subscribe());
        tokio::spawn(async move {
            loop {
                let heard = tokio::select! {
                    () = sender.closed() => return,
                    heard = events.recv() => heard,
                };
                let notices = match heard {
                    Ok(events) => {
                        let described = db.read(move |conn| describe_all(conn, &events)).await;
                        described.unwrap_or_else(|error| {
                            debug!("cannot describe what happened: {error}");
                            Vec::new()
                        })
                    }
                    Err(RecvError::Lagged(_)) => vec![notice("eventsMissed", [])],
                    Err(RecvError::Closed) => return,
                };
                for notice in notices {
                    // A client that does not keep up misses what does not fit.
                    if sender.try_send(notice).is_err() && sender.is_closed() {
                        return;
                    }
                }
            }
        });
        receiver
    }
}

fn notice<const N: usize>(event: &str, rest: [(&'static str, Value); N]) -> StatusNotice {
    let mut notice: StatusNotice = rest.into();
    notice.insert("event", event.into());
    notice
}

fn describe_all(conn: &mut Connection, events: &Arc<[Event]>) -> Result<Vec<StatusNotice>, DbError> {
    let described = events.iter().map(|event| describe(conn, event));
    described.filter_map(Result::transpose).collect()
}

fn describe(conn: &mut Connection, event: &Event) -> Result<Option<StatusNotice>, DbError> {
    Ok(match event {
        Event::ChangeAdded { change } => changes::find(conn, *change)?.map(|change| {
            let (who, comments) = (change.author.into(), change.comments.into());
            notice("changeAdded", [("who", who), ("text", comments)])
        }),
        Event::BuildsetAdded { buildset } => buildsets::find(conn, *buildset)?.map(|buildset| {
            let mut told = of_buildset("buildsetSubmitted", &buildset);
            told.insert("scheduler", buildset.scheduler.into());
            told
        }),
        Event::BuildsetCompleted { buildset } => buildsets::find(conn, *buildset)?.map(|buildset| {
            let mut told = of_buildset("buildsetFinished", &buildset);
            told.extend(buildset.results.map(|results| ("results", i64::from(results.code()).into())));
            told
        }),
        Event::BuildStarted { build, .. } => of_build(conn, "buildStarted", *build)?,
        Event::BuildFinished { build, .. } => of_build(conn, "buildFinished", *build)?,
        Event::StepStarted { step, build } => of_step(conn, "stepStarted", (*step, *build))?,
        Event::StepFinished { step, build } => of_step(conn, "stepFinished", (*step, *build))?,
        Event::WorkerConnected { worker } => of_worker(conn, "workerConnected", worker.0)?,
        Event::WorkerDisconnected { worker } => of_worker(conn, "workerDisconnected", worker.0)?,
        _ => None,
    })
}

fn of_worker(conn: &mut Connection, event: &str, worker: i64) -> Result<Option<StatusNotice>, DbError> {
    let worker = workers::find(conn, &WorkerKey::Id(worker))?;
    Ok(worker.map(|worker| notice(event, [("worker", worker.name.into())])))
}

/// A buildset of a try job has the name that its client gave it.
fn of_buildset(event: &str, buildset: &BuildsetLine) -> StatusNotice {
    let mut told = notice(event, [("buildset", buildset.id.0.into()), ("text", buildset.reason.clone().into())]);
    told.extend(buildset.external_id.clone().map(|job| ("job", job.into())));
    told
}

fn of_build(conn: &mut Connection, event: &str, id: BuildId) -> Result<Option<StatusNotice>, DbError> {
    let Some(build) = builds::find(conn, &BuildKey::Id(id.0))? else { return Ok(None) };
    let mut notice = place(conn, event, &build)?;
    notice.insert("text", build.state_string.into());
    if let Some(results) = build.results {
        notice.insert("results", i64::from(results.code()).into());
    }
    Ok(Some(notice))
}

fn of_step(
    conn: &mut Connection,
    event: &str,
    (step, build): (StepId, BuildId),
) -> Result<Option<StatusNotice>, DbError> {
    let (Some(step), Some(build)) =
        (steps::find(conn, &StepKey::Id(step.0))?, builds::find(conn, &BuildKey::Id(build.0))?)
    else {
        return Ok(None);
    };
    let mut notice = place(conn, event, &build)?;
    notice.insert("step", step.name.into());
    notice.insert("text", step.state_string.into());
    if let Some(results) = step.results {
        notice.insert("results", i64::from(results.code()).into());
    }
    Ok(Some(notice))
}

fn place(conn: &mut Connection, event: &str, build: &Build) -> Result<StatusNotice, DbError> {
    let builder = builders::find(conn, &BuilderKey::Id(build.builder_id.0))?;
    let name = builder.map(|builder| builder.name).unwrap_or_default();
    let mut notice = notice(event, [("builder", name.into()), ("number", build.number.into())]);
    let request = build_requests::find(conn, build.request_id)?;
    notice.extend(request.map(|request| ("buildset", request.buildset_id.0.into())));
    Ok(notice)
}
