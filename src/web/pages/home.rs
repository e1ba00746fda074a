//! The front page.

use actix_web::HttpResponse;
use serde::Serialize;

use super::build_item::{BuildItem, WaitingItem, items, waiting};
use super::view::View;
use crate::db::views::home;
use crate::web::error::WebError;

/// Rows in each part of the page.
const MOST_ROWS: i64 = 15;

#[derive(Serialize)]
struct HomePage {
    broken: Vec<BuildItem>,
    running: Vec<BuildItem>,
    n_running: i64,
    waiting: Vec<WaitingItem>,
    n_waiting: i64,
    finished: Vec<BuildItem>,
    n_built: usize,
    n_builders: usize,
    n_workers: usize,
    n_connected: usize,
    /// Configured workers that are away.
    missing: Vec<String>,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let read = view.db.read(|conn| home::read(conn, MOST_ROWS)).await?;
    let missing = read.workers.iter().filter(|worker| !worker.connected).map(|worker| worker.name.clone());
    let page = HomePage {
        broken: items(&read.broken, view.now),
        running: items(&read.running, view.now),
        n_running: read.n_running,
        waiting: waiting(&read.waiting, view.now),
        n_waiting: read.n_waiting,
        finished: items(&read.finished, view.now),
        n_built: read.n_built,
        n_builders: view.handle.config().builders.len(),
        n_workers: read.workers.len(),
        n_connected: read.workers.iter().filter(|worker| worker.connected).count(),
        missing: missing.collect(),
    };
    view.page("home.html", "home", &page)
}
