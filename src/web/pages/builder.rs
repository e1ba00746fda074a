//! One builder: its builds, what waits, how to force one.

use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{BuildItem, WaitingItem, builder_href, items, waiting};
use super::view::View;
use crate::db::views::builder_page;
use crate::db::views::keys::{BuilderKey, number};
use crate::schedulers::config::SchedulerConfig;
use crate::web::error::WebError;
use crate::web::force_form::{self, Filled, ForceForm};
use crate::web::query;

/// Finished builds on one page.
const MOST_BUILDS: i64 = 25;

#[derive(Serialize)]
struct BuilderPage {
    name: String,
    href: String,
    description: Option<String>,
    tags: Vec<String>,
    active: bool,
    running: Vec<BuildItem>,
    finished: Vec<BuildItem>,
    /// Whether this is not the newest page.
    is_older: bool,
    /// The number before which the next page begins.
    older: Option<i64>,
    waiting: Vec<WaitingItem>,
    workers: Vec<WorkerItem>,
    forms: Vec<ForceForm>,
}

#[derive(Serialize)]
struct WorkerItem {
    name: String,
    connected: bool,
    paused: bool,
}

pub async fn get(view: View, name: Path<String>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let before = query::all(request.uri().query(), "before").first().and_then(|text| number(text));
    render(&view, &name, before, None).await
}

/// The page, also with a form that came back with errors.
pub async fn render(
    view: &View,
    name: &str,
    before: Option<i64>,
    filled: Option<&Filled>,
) -> Result<HttpResponse, WebError> {
    let key = BuilderKey::parse(name);
    let read = view.db.read(move |conn| builder_page::read(conn, &key, before, MOST_BUILDS)).await?;
    let read = read.ok_or_else(|| WebError::NotFound(format!("There is no builder “{name}”.")))?;
    let config = view.handle.config();
    let is_off = |name: &str| read.schedulers.iter().any(|line| line.name == name && !line.enabled);
    let builds_here =
        |scheduler: &&SchedulerConfig| scheduler.builder_names.contains(&read.builder.name) && !is_off(&scheduler.name);
    let worker = |worker: &crate::domain::Worker| WorkerItem {
        name: worker.name.clone(),
        connected: worker.connected,
        paused: worker.paused,
    };
    let page = BuilderPage {
        href: builder_href(&read.builder.name, read.builder.id.0),
        name: read.builder.name.clone(),
        description: read.builder.description.clone(),
        tags: read.builder.tags.clone(),
        active: read.builder.active,
        running: if before.is_none() { items(&read.running, view.now) } else { Vec::new() },
        finished: items(&read.finished, view.now),
        is_older: before.is_some(),
        older: if read.has_older { read.finished.last().map(|line| line.build.number) } else { None },
        waiting: waiting(&read.waiting, view.now),
        workers: read.workers.iter().map(worker).collect(),
        forms: force_form::forms(config.schedulers.iter().filter(builds_here), filled),
    };
    let status = if filled.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    view.page_with_status(status, "builder.html", "builders", &page)
}
