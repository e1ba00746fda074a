//! One builder: its builds, what waits, how to force one.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{BuildItem, Obstacles, SinceItem, WaitingItem, builder_href, items, running_items, waiting};
use super::builder_item::given_tags;
use super::pager::Pager;
use super::project_item::ProjectLink;
use super::view::View;
use crate::actors::handle::PastBuild;
use crate::db::views::build_lines::BuildLine;
use crate::db::views::builder_page::{self, BuilderPage as Read, Limits};
use crate::db::views::keys::{BuilderKey, number};
use crate::domain::{BuildId, Builder, Timestamp, Worker};
use crate::schedulers::config::SchedulerConfig;
use crate::schedulers::describe::Choices;
use crate::web::error::WebError;
use crate::web::force_form::{self, Filled, ForceForm};
use crate::web::forecasts::{self, BuildForecast};
use crate::web::format::{self, Status};
use crate::web::plot::Plot;
use crate::web::query;

/// Finished builds on one page, and in the plot.
const LIMITS: Limits = Limits { listed: 25, plotted: 60 };

#[derive(Serialize)]
struct BuilderPage {
    name: String,
    href: String,
    /// Plain text; nothing if there is `html`.
    description: Option<String>,
    /// Safe to be printed as it is.
    html: Option<String>,
    tags: Vec<String>,
    project: Option<ProjectLink>,
    active: bool,
    /// Of a virtual builder: name and place of the builder that builds for it.
    base: Option<(String, String)>,
    /// Virtual builders that it builds for.
    shown_for: Vec<(String, String)>,
    n_shown_for: i64,
    status: Status,
    since: Option<SinceItem>,
    typical: Option<String>,
    running: Vec<BuildItem>,
    finished: Vec<BuildItem>,
    plot: Option<Plot>,
    /// Whether this is not the newest page.
    is_older: bool,
    pages: Pager,
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

impl WorkerItem {
    fn new(worker: &Worker) -> Self {
        Self { name: worker.name.clone(), connected: worker.connected, paused: worker.paused }
    }
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
    let read = view.db.read(move |conn| builder_page::read(conn, &key, before, LIMITS)).await?;
    let read = read.ok_or_else(|| WebError::NotFound(format!("There is no builder “{name}”.")))?;
    let config = view.handle.config();
    let is_off = |name: &str| read.schedulers.iter().any(|line| line.name == name && !line.enabled);
    let builds_here =
        |scheduler: &&SchedulerConfig| scheduler.builder_names.contains(&read.builder.name) && !is_off(&scheduler.name);
    let past = |line: &BuildLine| PastBuild {
        name: format!("{}/{}", read.builder.name, line.build.number),
        results: line.build.results,
    };
    let past: Vec<PastBuild> = read.finished.iter().map(past).collect();
    let schedulers = config.schedulers.iter().filter(builds_here);
    let choices = Choices {
        workers: config.workers_of(&read.builder.name),
        compatible: view.handle.compatible_builds(schedulers, Some(&read.builder.name), &past).await,
        builds: past.into_iter().map(|build| build.name).collect(),
    };
    let forms = force_form::forms(config.schedulers.iter().filter(builds_here), filled, &choices);
    let forecasts = forecasts::of_running(&view.db, read.running.iter().map(|line| &line.build), view.now).await?;
    let workers = HashMap::from([(read.builder.id, read.worker_counts)]);
    let asked = read.waiting.iter().map(|request| request.id).collect();
    let obstacles = Obstacles { workers: &workers, reasons: &view.handle.explain_requests(asked).await };
    let waiting = waiting(&read.waiting, &obstacles, view.now);
    let page = BuilderPage { waiting, forms, ..page(&read, &forecasts, before, view.now) };
    let status = if filled.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    view.page_with_status(status, "builder.html", "builders", &page)
}

/// The page without what is asked elsewhere.
fn page(read: &Read, forecasts: &HashMap<BuildId, BuildForecast>, before: Option<i64>, now: Timestamp) -> BuilderPage {
    let id = read.builder.id;
    let href = builder_href(&read.builder.name, id.0);
    let description = &read.builder.description;
    let project = read.project.as_ref().zip(read.builder.project);
    let place = |builder: &Builder| (builder.name.clone(), builder_href(&builder.name, builder.id.0));
    let newest = read.finished.first().map(|line| format::build_status(line.build.results));
    let typical: HashMap<_, _> = read.typical.map(|typical| (id, typical)).into_iter().collect();
    BuilderPage {
        name: read.builder.name.clone(),
        description: description.text.clone().filter(|text| description.html.is_none() && !text.is_empty()),
        html: description.html.clone(),
        tags: given_tags(&read.builder.tags),
        project: project.map(|(name, id)| ProjectLink::new(name, id)),
        base: read.base.as_ref().map(place),
        shown_for: read.shown_for.0.iter().map(place).collect(),
        n_shown_for: read.shown_for.1,
        active: read.builder.active,
        status: newest.unwrap_or(format::NEVER_BUILT),
        since: read.broken_since.as_ref().map(|since| SinceItem::new(since, &href, now)),
        typical: read.typical.map(|typical| format::duration(format::roughly(typical))),
        running: match before {
            None => running_items(&read.running, forecasts, &typical, now),
            Some(_) => Vec::new(),
        },
        finished: items(&read.finished, now),
        plot: Plot::new(&read.plotted, &href, read.typical, now),
        is_older: before.is_some(),
        pages: pages(read, before),
        waiting: Vec::new(),
        workers: read.workers.iter().map(WorkerItem::new).collect(),
        forms: Vec::new(),
        href,
    }
}

fn pages(read: &Read, before: Option<i64>) -> Pager {
    let numbers = || read.finished.iter().map(|line| line.build.number);
    let (newest, oldest) = (numbers().next(), numbers().next_back());
    let query = |before: i64| format!("?before={before}");
    // numbers have gaps only where builds run, so a page forward is about as many numbers
    let newer = before.map(|before| {
        let first = before.saturating_add(i64::try_from(LIMITS.listed).unwrap_or(0));
        let is_newest = read.newest_number < first;
        if is_newest { String::new() } else { query(first) }
    });
    let older = oldest.filter(|_| read.has_older).map(query);
    let text = newest.zip(oldest).map(|(newest, oldest)| format!("builds #{newest} to #{oldest}"));
    Pager::by_time(newer, older, text.unwrap_or_default())
}
