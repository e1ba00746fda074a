//! What `buildbot status` shows: broken, running and waiting builds, and the workers, read in one go.

use std::collections::HashMap;

use crate::config::ListenAddress;
use crate::control::{BuildLine, Overview, RequestLine, WorkerLine};
use crate::db::views::select::Select;
use crate::db::views::{Connection, build_lines, build_requests, builder_health, builds, workers};
use crate::db::{DbError, views};
use crate::domain::{Build, BuildId, BuildRequestId, Results, Worker};
use crate::forecast::Estimate;
use crate::web::forecasts::BuildForecast;

/// Rows of a list.
const MOST_ROWS: i64 = 200;
/// Waiting requests whose reasons are told; a terminal shows fewer.
const MOST_REASONS: usize = 20;
/// Workers that are listed; a name is short.
const MOST_WORKERS: usize = 2_000;

/// The lists, as the database has them.
pub(super) struct Lists {
    broken: Vec<build_lines::BuildLine>,
    n_broken: usize,
    running: Vec<build_lines::BuildLine>,
    waiting: Vec<build_requests::WaitingRequest>,
    workers: Vec<Worker>,
}

pub(super) fn read(conn: &mut Connection) -> Result<Lists, DbError> {
    let mut broken = builder_health::newest(conn)?;
    broken.retain(builder_health::Standing::is_broken);
    broken.sort_by_key(|standing| std::cmp::Reverse(standing.build.0));
    let n_broken = broken.len();
    broken.truncate(usize::try_from(MOST_ROWS).unwrap_or(usize::MAX));
    let ids: Vec<BuildId> = broken.into_iter().map(|standing| standing.build).collect();
    let broken = builds::by_ids(conn, &ids)?;
    let running = Select::scoped(builds::RUNNING, Vec::new()).newest(&builds::TABLE, MOST_ROWS);
    let running = builds::select(conn, &running)?;
    Ok(Lists {
        broken: build_lines::describe(conn, broken)?,
        n_broken,
        running: build_lines::describe(conn, running)?,
        waiting: build_requests::waiting(conn, None, build_requests::Rows::first(MOST_ROWS))?,
        workers: workers::active(conn)?,
    })
}

/// What is known of the rows besides.
#[derive(Default)]
pub(super) struct Outlook {
    pub(super) forecasts: HashMap<BuildId, BuildForecast>,
    pub(super) reasons: HashMap<BuildRequestId, Vec<String>>,
}

impl Lists {
    pub(super) fn running(&self) -> impl Iterator<Item = &Build> {
        self.running.iter().map(|line| &line.build)
    }

    /// The requests whose reasons are told.
    pub(super) fn first_waiting(&self) -> Vec<BuildRequestId> {
        self.waiting.iter().take(MOST_REASONS).map(|request| request.id).collect()
    }

    pub(super) fn into_overview(self, mut outlook: Outlook, overview: Overview) -> Overview {
        let running = |line: views::build_lines::BuildLine| {
            let estimate = outlook.forecasts.remove(&line.build.id).and_then(|forecast| forecast.build);
            let estimate = estimate.as_ref();
            BuildLine {
                left_s: estimate.filter(|it| it.overdue().is_none()).map(|it| it.left.as_secs()),
                overdue_s: estimate.and_then(Estimate::overdue).map(|over| over.as_secs()),
                ..build_line(line)
            }
        };
        let waiting = |request: build_requests::WaitingRequest| {
            let why = outlook.reasons.remove(&request.id).unwrap_or_default();
            RequestLine { why, ..request_line(request) }
        };
        Overview {
            broken: self.broken.into_iter().map(build_line).collect(),
            n_broken: u64::try_from(self.n_broken).unwrap_or(u64::MAX),
            running: self.running.into_iter().map(running).collect(),
            waiting: self.waiting.into_iter().map(waiting).collect(),
            workers: self.workers.into_iter().take(MOST_WORKERS).map(worker_line).collect(),
            ..overview
        }
    }
}

fn build_line(line: views::build_lines::BuildLine) -> BuildLine {
    BuildLine {
        builder: line.builder,
        number: line.build.number,
        results: line.build.results.map(Results::code),
        state: line.build.state_string,
        worker: line.worker,
        branch: line.branch,
        revision: line.revision,
        started_at: line.build.started_at.secs(),
        complete_at: line.build.complete_at.map(|at| at.secs()),
        left_s: None,
        overdue_s: None,
    }
}

fn request_line(request: build_requests::WaitingRequest) -> RequestLine {
    RequestLine {
        id: request.id.0,
        builder: request.builder,
        reason: request.reason,
        priority: request.priority,
        submitted_at: request.submitted_at.secs(),
        why: Vec::new(),
    }
}

fn worker_line(worker: Worker) -> WorkerLine {
    WorkerLine {
        name: worker.name,
        is_attached: worker.connected,
        is_paused: worker.paused,
        pause_reason: worker.pause_reason,
        is_graceful: worker.graceful,
    }
}

/// Where this machine reaches what listens there.
pub(super) fn url(listen: &ListenAddress) -> String {
    let host = match listen.interface.as_deref() {
        None | Some("" | "0.0.0.0" | "::" | "[::]") => "127.0.0.1".to_owned(),
        Some(interface) if interface.contains(':') && !interface.starts_with('[') => format!("[{interface}]"),
        Some(interface) => interface.to_owned(),
    };
    let scheme = if listen.tls.is_some() { "https" } else { "http" };
    format!("{scheme}://{host}:{}/", listen.port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_listens_everywhere_is_reached_on_the_loopback() {
        let of = |interface: Option<&str>| {
            url(&ListenAddress { port: 80, interface: interface.map(str::to_owned), tls: None })
        };
        assert_eq!(of(None), "http://127.0.0.1:80/");
        assert_eq!(of(Some("0.0.0.0")), "http://127.0.0.1:80/");
        assert_eq!(of(Some("::1")), "http://[::1]:80/");
        assert_eq!(of(Some("build.example.org")), "http://build.example.org:80/");
    }
}
