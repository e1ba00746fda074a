//! All workers.

use std::cmp::Ordering;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build::worker_href;
use super::build_item::{BuildItem, items};
use super::view::View;
use crate::db::views::worker_list::{self, WorkerLine};
use crate::domain::{Timestamp, Worker};
use crate::web::error::WebError;
use crate::web::format::Status;
use crate::web::query;

const CONNECTED: Status = Status { class: "success", symbol: "✓", word: "connected" };
const MISSING: Status = Status { class: "failure", symbol: "✗", word: "missing" };
const PAUSED: Status = Status { class: "warnings", symbol: "‖", word: "paused" };
const LEAVING: Status = Status { class: "waiting", symbol: "⏻", word: "shutting down" };

/// Builders of a worker that are named in the list.
const MOST_BUILDERS: usize = 4;
/// Builds of a worker that are named in the list.
const MOST_RUNNING: usize = 6;

#[derive(Serialize)]
struct WorkersPage {
    workers: Vec<WorkerItem>,
    n_all: usize,
    n_connected: usize,
    n_busy: usize,
    /// What is searched.
    wanted: String,
    /// `connected`, `missing`, `busy`, or all.
    chosen: String,
}

#[derive(Serialize)]
struct WorkerItem {
    name: String,
    href: String,
    status: Status,
    pause_reason: Option<String>,
    builders: Vec<String>,
    n_builders: usize,
    running: Vec<BuildItem>,
    n_running: usize,
    version: Option<String>,
    admin: Option<String>,
    host: Option<String>,
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = |name: &str| query::all(request.uri().query(), name).into_iter().next().unwrap_or_default();
    let (wanted, chosen) = (asked("q"), asked("state"));
    let mut lines = view.db.read(worker_list::read).await?;
    lines.sort_by(|one, other| as_people_count(&one.worker.name, &other.worker.name));
    let shows = |line: &&WorkerLine| {
        let is_chosen = match chosen.as_str() {
            "connected" => line.worker.connected,
            "missing" => !line.worker.connected,
            "busy" => !line.running.is_empty(),
            _ => true,
        };
        is_chosen && line.worker.name.to_lowercase().contains(&wanted.to_lowercase())
    };
    let page = WorkersPage {
        n_all: lines.len(),
        n_connected: lines.iter().filter(|line| line.worker.connected).count(),
        n_busy: lines.iter().filter(|line| !line.running.is_empty()).count(),
        workers: lines.iter().filter(shows).map(|line| item(line, view.now)).collect(),
        wanted,
        chosen,
    };
    view.page("workers.html", "workers", &page)
}

/// The order of names in which `worker-10` follows `worker-9`.
fn as_people_count(one: &str, other: &str) -> Ordering {
    let (mut ones, mut others) = (one, other);
    loop {
        match (number(ones), number(others)) {
            (Some((one, rest)), Some((other, other_rest))) => {
                match one.len().cmp(&other.len()).then_with(|| one.cmp(other)) {
                    Ordering::Equal => (ones, others) = (rest, other_rest),
                    order => return order,
                }
            }
            _ => match (ones.chars().next(), others.chars().next()) {
                (Some(letter), Some(other)) if letter == other => {
                    (ones, others) = (&ones[letter.len_utf8()..], &others[letter.len_utf8()..]);
                }
                (None, None) => return one.cmp(other),
                (letter, other) => return letter.cmp(&other),
            },
        }
    }
}

/// The digits with which a text begins, without zeros before them, and the rest.
fn number(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    (!digits.is_empty()).then(|| (digits.trim_start_matches('0'), rest))
}

/// How a worker stands.
pub fn state(worker: &Worker) -> Status {
    match (worker.connected, worker.paused, worker.graceful) {
        (false, ..) => MISSING,
        (true, _, true) => LEAVING,
        (true, true, false) => PAUSED,
        (true, false, false) => CONNECTED,
    }
}

/// A text that says something.
pub fn filled(text: Option<&String>) -> Option<String> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn item(line: &WorkerLine, now: Timestamp) -> WorkerItem {
    let worker = &line.worker;
    let running = line.running.get(..MOST_RUNNING.min(line.running.len())).unwrap_or_default();
    WorkerItem {
        href: worker_href(&worker.name, worker.id.0),
        name: worker.name.clone(),
        status: state(worker),
        pause_reason: filled(worker.pause_reason.as_ref()),
        builders: line.builders.iter().take(MOST_BUILDERS).cloned().collect(),
        n_builders: line.builders.len(),
        running: items(running, now),
        n_running: line.running.len(),
        version: filled(worker.info.version.as_ref()),
        admin: filled(worker.info.admin.as_ref()),
        host: filled(worker.info.host.as_ref()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_are_in_the_order_of_their_size() {
        let mut names = vec!["w10", "w9", "w9b", "w1", "é2", "w", "w01", "x", "w100000000000000000000"];
        names.sort_by(|one, other| as_people_count(one, other));
        assert_eq!(names, ["w", "w01", "w1", "w9", "w9b", "w10", "w100000000000000000000", "x", "é2"]);
    }
}
