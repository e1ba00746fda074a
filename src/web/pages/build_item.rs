//! Builds, waiting requests and steps as rows of several pages.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::db::views::build_lines::BuildLine;
use crate::db::views::build_requests::WaitingRequest;
use crate::db::views::builder_health::BrokenSince;
use crate::db::views::worker_counts::WorkerCounts;
use crate::domain::{Build, BuildId, BuildRequestId, BuilderId, Step, Timestamp};
use crate::web::forecasts::BuildForecast;
use crate::web::format::{self, Progress, Status, When};
use crate::web::templates::segment;

/// A build in a list.
#[derive(Debug, Serialize)]
pub struct BuildItem {
    pub status: Status,
    pub builder: String,
    /// From the root.
    pub builder_href: String,
    pub number: i64,
    pub href: String,
    pub state: String,
    pub reason: String,
    pub worker: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
    pub started: When,
    /// When it ended, or else when it started.
    pub when: When,
    pub duration: String,
    /// Of a running build whose builder has built before, on pages that look it up.
    pub progress: Option<Progress>,
}

impl BuildItem {
    pub fn new(line: &BuildLine, now: Timestamp) -> Self {
        let build = &line.build;
        let builder_href = builder_href(&line.builder, build.builder_id.0);
        Self {
            status: format::build_status(build.results),
            builder: line.builder.clone(),
            href: format!("{builder_href}/builds/{}", build.number),
            builder_href,
            number: build.number,
            state: build.state_string.clone(),
            reason: line.reason.clone(),
            worker: line.worker.clone(),
            branch: line.branch.clone(),
            revision: line.revision.as_deref().map(format::short_revision),
            started: When::new(build.started_at, now),
            when: When::new(build.complete_at.unwrap_or(build.started_at), now),
            duration: duration(build, now),
            progress: None,
        }
    }
}

/// Running builds, with how far they are.
pub fn running_items(
    lines: &[BuildLine],
    forecasts: &HashMap<BuildId, BuildForecast>,
    typical: &HashMap<BuilderId, Duration>,
    now: Timestamp,
) -> Vec<BuildItem> {
    let item = |line: &BuildLine| {
        let started = line.build.started_at;
        let learned = forecasts.get(&line.build.id).and_then(|forecast| forecast.build);
        // Of a builder whose steps nobody has learned yet, the length of its builds tells something.
        let by_length = || typical.get(&line.build.builder_id).map(|typical| Progress::new(started, *typical, now));
        let progress = learned.map(|estimate| Progress::of(started, &estimate)).or_else(by_length);
        BuildItem { progress, ..BuildItem::new(line, now) }
    };
    lines.iter().map(item).collect()
}

/// A build as a small shape.
#[derive(Debug, Serialize)]
pub struct Mark {
    pub status: Status,
    pub href: String,
    /// `#12 failure, 2 hours ago`
    pub label: String,
}

/// Builds as shapes, the oldest first, from a list that begins with the newest.
pub fn marks(newest_first: &[Build], builder_href: &str, now: Timestamp) -> Vec<Mark> {
    let mark = |build: &Build| {
        let status = format::build_status(build.results);
        let when = format::ago(build.complete_at.unwrap_or(build.started_at), now);
        let took = duration(build, now);
        Mark {
            status,
            href: format!("{builder_href}/builds/{}", build.number),
            label: match build.results {
                Some(_) => format!("#{} {}, {when}, took {took}", build.number, status.word),
                None => format!("#{} {} for {took}", build.number, status.word),
            },
        }
    };
    newest_first.iter().rev().map(mark).collect()
}

/// Since when a builder is broken.
#[derive(Debug, Serialize)]
pub struct SinceItem {
    number: i64,
    href: String,
    when: When,
}

impl SinceItem {
    pub fn new(since: &BrokenSince, builder_href: &str, now: Timestamp) -> Self {
        Self {
            number: since.number,
            href: format!("{builder_href}/builds/{}", since.number),
            when: When::new(since.at, now),
        }
    }
}

pub fn items(lines: &[BuildLine], now: Timestamp) -> Vec<BuildItem> {
    lines.iter().map(|line| BuildItem::new(line, now)).collect()
}

/// A waiting request in a list.
#[derive(Debug, Serialize)]
pub struct WaitingItem {
    id: i64,
    status: Status,
    builder: String,
    builder_href: String,
    reason: String,
    priority: i32,
    submitted: When,
    /// What keeps it waiting; `None` if nothing that is known does.
    why: Option<String>,
}

/// What keeps builders from building more.
pub struct Obstacles<'a> {
    pub workers: &'a HashMap<BuilderId, WorkerCounts>,
    /// A line for each reason, of requests for which the master knows them.
    pub reasons: &'a HashMap<BuildRequestId, Vec<String>>,
}

impl Obstacles<'_> {
    fn of(&self, request: BuildRequestId, builder: BuilderId) -> Option<String> {
        let reasons = self.reasons.get(&request).map(|reasons| reasons.join("; "));
        reasons.or_else(|| why(self.workers.get(&builder).copied().unwrap_or_default()))
    }
}

/// Waiting requests, with what they wait for.
pub fn waiting(requests: &[WaitingRequest], obstacles: &Obstacles, now: Timestamp) -> Vec<WaitingItem> {
    let item = |request: &WaitingRequest| WaitingItem {
        id: request.id.0,
        status: format::WAITING,
        builder: request.builder.clone(),
        builder_href: builder_href(&request.builder, request.builder_id.0),
        reason: request.reason.clone(),
        priority: request.priority,
        submitted: When::new(request.submitted_at, now),
        why: obstacles.of(request.id, request.builder_id),
    };
    requests.iter().map(item).collect()
}

/// Why a builder with such workers builds nothing more now; `None` if it is not because of them.
fn why(workers: WorkerCounts) -> Option<String> {
    let (its, are) = if workers.n_configured == 1 { ("its worker", "is") } else { ("its workers", "are") };
    let text = match workers {
        WorkerCounts { n_configured: 0, .. } => "its builder is not in the configuration at present".to_owned(),
        WorkerCounts { n_connected: 0, n_configured: 1, .. } => "its worker is not connected".to_owned(),
        WorkerCounts { n_connected: 0, n_configured, .. } => format!("none of its {n_configured} workers is connected"),
        WorkerCounts { n_ready: 0, .. } => format!("{its} {are} paused or leaving"),
        WorkerCounts { n_ready, n_busy, .. } if n_ready <= n_busy => format!("{its} {are} busy"),
        _ => return None,
    };
    Some(text)
}

/// The URL of a builder from the root: by name, unless the name would be taken for an id.
pub fn builder_href(name: &str, id: i64) -> String {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    let key = if is_number { id.to_string() } else { segment(name) };
    format!("builders/{key}")
}

pub fn duration(build: &Build, now: Timestamp) -> String {
    format::elapsed(Some(build.started_at), build.complete_at, now).unwrap_or_default()
}

/// How a step stands.
pub fn step_status(step: &Step) -> Status {
    match (step.results, step.started_at) {
        (Some(results), _) => format::status(results),
        (None, Some(_)) => format::RUNNING,
        (None, None) => format::NOT_STARTED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_waits_for_its_workers() {
        let counts =
            |n_configured, n_connected, n_ready, n_busy| WorkerCounts { n_configured, n_connected, n_ready, n_busy };
        for (counts, text) in [
            (counts(0, 0, 0, 0), Some("its builder is not in the configuration at present")),
            (counts(1, 0, 0, 0), Some("its worker is not connected")),
            (counts(3, 0, 0, 0), Some("none of its 3 workers is connected")),
            (counts(3, 2, 0, 0), Some("its workers are paused or leaving")),
            (counts(3, 2, 2, 2), Some("its workers are busy")),
            (counts(3, 2, 2, 1), None),
        ] {
            assert_eq!(why(counts).as_deref(), text, "{counts:?}");
        }
    }

    #[test]
    fn what_the_master_knows_is_told_before_what_the_workers_look_like() {
        let reasons = HashMap::from([(BuildRequestId(7), vec!["one".to_owned(), "two".to_owned()])]);
        let obstacles = Obstacles { workers: &HashMap::new(), reasons: &reasons };
        assert_eq!(obstacles.of(BuildRequestId(7), BuilderId(1)).as_deref(), Some("one; two"));
        assert_eq!(
            obstacles.of(BuildRequestId(8), BuilderId(1)).as_deref(),
            Some("its builder is not in the configuration at present")
        );
    }

    #[test]
    fn a_builder_whose_name_is_a_number_is_linked_by_id() {
        assert_eq!(builder_href("linux/x86", 3), "builders/linux%2Fx86");
        assert_eq!(builder_href("2024", 3), "builders/3");
    }
}
