//! The buttons: stop, rebuild, cancel, and those of workers. Each sends the browser back to where the button was.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::build::worker_href;
use super::build_item::builder_href;
use super::view::View;
use crate::db::views::build_lines::{BuildLine, describe};
use crate::db::views::keys::{BuildKey, BuilderKey, WorkerKey};
use crate::db::views::{build_requests, builders, builds, workers};
use crate::domain::{BuildRequestId, SchedulerId, WorkerAction};
use crate::web::error::WebError;

pub async fn stop(view: View, build: Path<i64>) -> Result<HttpResponse, WebError> {
    let line = find(&view, *build).await?;
    if line.build.complete_at.is_none() {
        view.handle.stop_build(line.build.id, "stopped on the build's page".to_owned()).await?;
    }
    let builder = builder_href(&line.builder, line.build.builder_id.0);
    Ok(view.redirect(&format!("{builder}/builds/{}", line.build.number)))
}

pub async fn rebuild(view: View, build: Path<i64>) -> Result<HttpResponse, WebError> {
    let line = find(&view, *build).await?;
    view.handle.rebuild(line.build.id).await?;
    Ok(view.redirect(&format!("{}#waiting", builder_href(&line.builder, line.build.builder_id.0))))
}

pub async fn cancel(view: View, request: Path<i64>) -> Result<HttpResponse, WebError> {
    let id = BuildRequestId(*request);
    let builder = view
        .db
        .read(move |conn| {
            let request = build_requests::find(conn, id)?;
            let builder = request.map(|request| builders::find(conn, &BuilderKey::Id(request.builder_id.0)));
            Ok(builder.transpose()?.flatten())
        })
        .await?;
    let builder = builder.ok_or_else(|| WebError::NotFound(format!("There is no build request {id}.")))?;
    view.handle.cancel_request(id, "cancelled on the builder's page".to_owned()).await?;
    Ok(view.redirect(&format!("{}#waiting", builder_href(&builder.name, builder.id.0))))
}

pub async fn worker(view: View, path: Path<(i64, String)>) -> Result<HttpResponse, WebError> {
    let (id, action) = path.into_inner();
    let action = match action.as_str() {
        "pause" => WorkerAction::Pause { reason: Some("paused on the worker's page".to_owned()) },
        "unpause" => WorkerAction::Unpause,
        "stop" => WorkerAction::Leave,
        other => return Err(WebError::NotFound(format!("A worker cannot be told to “{other}”."))),
    };
    let worker = view.db.read(move |conn| workers::find(conn, &WorkerKey::Id(id))).await?;
    let worker = worker.ok_or_else(|| WebError::NotFound(format!("There is no worker with the id {id}.")))?;
    view.handle.control_worker(worker.id, action).await?;
    Ok(view.redirect(&worker_href(&worker.name, worker.id.0)))
}

pub async fn scheduler(view: View, path: Path<(i64, String)>) -> Result<HttpResponse, WebError> {
    let (id, action) = path.into_inner();
    let enabled = match action.as_str() {
        "enable" => true,
        "disable" => false,
        other => return Err(WebError::NotFound(format!("A scheduler cannot be told to “{other}”."))),
    };
    view.handle.switch_scheduler(SchedulerId(id), enabled).await?;
    Ok(view.redirect("schedulers"))
}

async fn find(view: &View, id: i64) -> Result<BuildLine, WebError> {
    let line = view
        .db
        .read(move |conn| {
            let build = builds::find(conn, &BuildKey::Id(id))?;
            Ok(describe(conn, build.into_iter().collect())?.into_iter().next())
        })
        .await?;
    line.ok_or_else(|| WebError::NotFound(format!("There is no build with the id {id}.")))
}
