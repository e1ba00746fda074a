//! The front page.

use actix_web::HttpResponse;
use serde::Serialize;

use super::build_item::{BuildItem, Mark, Obstacles, SinceItem, WaitingItem, items, marks, running_items, waiting};
use super::changes::ChangeItem;
use super::project_item::ProjectItem;
use super::view::View;
use crate::db::views::build_lines::BuildLine;
use crate::db::views::home::{self, Home};
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::forecasts;

/// Rows in each part of the page.
const MOST_ROWS: i64 = 12;

#[derive(Serialize)]
struct HomePage {
    broken: Vec<BrokenItem>,
    n_broken: usize,
    running: Vec<BuildItem>,
    n_running: i64,
    waiting: Vec<WaitingItem>,
    n_waiting: i64,
    finished: Vec<BuildItem>,
    changes: Vec<ChangeItem>,
    n_built: usize,
    n_builders: i64,
    /// Those that are in use, broken ones first.
    projects: Vec<ProjectItem>,
    n_projects: usize,
    n_workers: usize,
    n_connected: usize,
    /// Configured workers that are away.
    missing: Vec<String>,
}

/// A builder whose newest build went wrong.
#[derive(Serialize)]
struct BrokenItem {
    build: BuildItem,
    since: Option<SinceItem>,
    recent: Vec<Mark>,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let read = view.db.read(|conn| home::read(conn, MOST_ROWS)).await?;
    let forecasts = forecasts::of_running(&view.db, read.running.iter().map(|line| &line.build), view.now).await?;
    let asked = read.waiting.iter().map(|request| request.id).collect();
    let obstacles = Obstacles { workers: &read.worker_counts, reasons: &view.handle.explain_requests(asked).await };
    let missing = read.workers.iter().filter(|(_, connected)| !connected).map(|(name, _)| name.clone());
    let page = HomePage {
        broken: read.broken.iter().map(|line| broken(line, &read, view.now)).collect(),
        n_broken: read.n_broken,
        running: running_items(&read.running, &forecasts, &read.typical, view.now),
        n_running: read.n_running,
        waiting: waiting(&read.waiting, &obstacles, view.now),
        n_waiting: read.n_waiting,
        finished: items(&read.finished, view.now),
        changes: read.changes.iter().map(|change| ChangeItem::new(change, view.now)).collect(),
        n_built: read.n_built,
        n_builders: read.n_builders,
        projects: read.projects.lines.iter().map(|line| ProjectItem::new(line, view.now)).collect(),
        n_projects: read.projects.n_found,
        n_workers: read.workers.len(),
        n_connected: read.workers.iter().filter(|(_, connected)| *connected).count(),
        missing: missing.collect(),
    };
    view.page("home.html", "home", &page)
}

fn broken(line: &BuildLine, read: &Home, now: Timestamp) -> BrokenItem {
    let build = BuildItem::new(line, now);
    let builder = line.build.builder_id;
    BrokenItem {
        since: read.broken_since.get(&builder).map(|since| SinceItem::new(since, &build.builder_href, now)),
        recent: marks(read.recent.get(&builder).map_or(&[], Vec::as_slice), &build.builder_href, now),
        build,
    }
}
