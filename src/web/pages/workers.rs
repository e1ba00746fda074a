//! All workers.

use actix_web::HttpResponse;
use serde::Serialize;

use super::build_item::{BuildItem, items};
use super::view::View;
use crate::db::views::worker_list::{self, WorkerLine};
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::format::Status;

const CONNECTED: Status = Status { class: "success", symbol: "✓", word: "connected" };
const MISSING: Status = Status { class: "failure", symbol: "✗", word: "missing" };
const PAUSED: Status = Status { class: "warnings", symbol: "‖", word: "paused" };
const LEAVING: Status = Status { class: "waiting", symbol: "⏻", word: "shutting down" };

#[derive(Serialize)]
struct WorkersPage {
    workers: Vec<WorkerItem>,
    n_connected: usize,
}

#[derive(Serialize)]
struct WorkerItem {
    name: String,
    status: Status,
    pause_reason: Option<String>,
    builders: Vec<String>,
    running: Vec<BuildItem>,
    version: Option<String>,
    admin: Option<String>,
    host: Option<String>,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let lines = view.db.read(worker_list::read).await?;
    let page = WorkersPage {
        n_connected: lines.iter().filter(|line| line.worker.connected).count(),
        workers: lines.iter().map(|line| item(line, view.now)).collect(),
    };
    view.page("workers.html", "workers", &page)
}

fn item(line: &WorkerLine, now: Timestamp) -> WorkerItem {
    let worker = &line.worker;
    let status = match (worker.connected, worker.paused, worker.graceful) {
        (false, ..) => MISSING,
        (true, _, true) => LEAVING,
        (true, true, false) => PAUSED,
        (true, false, false) => CONNECTED,
    };
    let filled =
        |text: &Option<String>| text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    WorkerItem {
        name: worker.name.clone(),
        status,
        pause_reason: filled(&worker.pause_reason),
        builders: line.builders.clone(),
        running: items(&line.running, now),
        version: filled(&worker.info.version),
        admin: filled(&worker.info.admin),
        host: filled(&worker.info.host),
    }
}
