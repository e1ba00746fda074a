//! Builds, waiting requests and steps as rows of several pages.

use serde::Serialize;

use crate::db::views::build_lines::BuildLine;
use crate::db::views::build_requests::WaitingRequest;
use crate::domain::{Build, Step, Timestamp};
use crate::web::format::{self, Status, When};
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
}

pub fn waiting(requests: &[WaitingRequest], now: Timestamp) -> Vec<WaitingItem> {
    let item = |request: &WaitingRequest| WaitingItem {
        id: request.id.0,
        status: format::WAITING,
        builder: request.builder.clone(),
        builder_href: builder_href(&request.builder, request.builder_id.0),
        reason: request.reason.clone(),
        priority: request.priority,
        submitted: When::new(request.submitted_at, now),
    };
    requests.iter().map(item).collect()
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
    fn a_builder_whose_name_is_a_number_is_linked_by_id() {
        assert_eq!(builder_href("linux/x86", 3), "builders/linux%2Fx86");
        assert_eq!(builder_href("2024", 3), "builders/3");
    }
}
