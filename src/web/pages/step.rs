//! One step: its links, and the end of each of its logs.

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::build::build_key;
use super::build_item::{BuildItem, step_status};
use super::lines::{self, LineItem};
use super::view::View;
use crate::db::views::build_page;
use crate::db::views::log_text::Span;
use crate::db::views::step_runs::StepRun;
use crate::domain::{Log, LogKind, Results, Step};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::templates::segment;
use crate::web::{log_reader, removed};

/// Lines of each log that are shown.
const TAIL: i64 = 40;
/// Bytes of each log that are shown.
const MOST_BYTES: usize = 64 << 10;

#[derive(Serialize)]
struct StepPage {
    build: BuildItem,
    number: i32,
    name: String,
    status: Status,
    state: String,
    started: Option<When>,
    duration: Option<String>,
    /// How long it waited for locks.
    lock_wait: Option<String>,
    hidden: bool,
    links: Vec<super::build::Link>,
    logs: Vec<LogItem>,
    previous: Option<Neighbour>,
    next: Option<Neighbour>,
    /// Earlier runs, oldest first, and this one.
    runs: Vec<RunItem>,
    /// The median of the runs that went well.
    usual: Option<String>,
    ended: Option<When>,
}

/// Another step of the build.
#[derive(Serialize)]
struct Neighbour {
    name: String,
    href: String,
}

/// A run of the step as a bar.
#[derive(Serialize)]
struct RunItem {
    build: i64,
    href: String,
    status: Status,
    took: String,
    /// In hundredths of the longest.
    height: u64,
}

#[derive(Serialize)]
struct LogItem {
    name: String,
    href: String,
    n_lines: i64,
    complete: bool,
    is_html: bool,
    /// Its text was removed.
    is_removed: bool,
    /// Lines before those shown.
    n_before: i64,
    tail: Vec<LineItem>,
}

pub async fn get(view: View, path: Path<(String, String, String)>) -> Result<HttpResponse, WebError> {
    let (builder, number, name) = path.into_inner();
    let key = build_key(&builder, &number)?;
    let (wanted, of_build) = (name.clone(), key.clone());
    let Some(mut read) = view.db.read(move |conn| build_page::read_step(conn, &of_build, &wanted)).await? else {
        let missing = format!("Build {number} of “{builder}” has no step “{name}”.");
        return Err(removed::reason(&view.db, key, missing).await);
    };
    log_reader::count_lines(&view.db, &mut read.logs).await?;
    let build = BuildItem::new(&read.line, view.now);
    let step = &read.step;
    let step_href = format!("{}/steps/{}", build.href, step.number);
    let mut logs = Vec::with_capacity(read.logs.len());
    for log in &read.logs {
        logs.push(log_item(&view, log, &step_href).await?);
    }
    let waited = step.locks_acquired_at.zip(step.started_at).map(|(acquired, started)| acquired.since(started));
    let page = StepPage {
        number: step.number,
        name: step.name.clone(),
        status: step_status(step),
        state: step.state_string.clone(),
        started: step.started_at.map(|at| When::new(at, view.now)),
        duration: format::elapsed(step.started_at, step.complete_at, view.now),
        lock_wait: waited.filter(|waited| 0 < waited.as_secs()).map(format::duration),
        hidden: step.hidden,
        links: super::build::links(&step.urls),
        logs,
        previous: neighbour(read.others.iter().rev().find(|other| other.number < step.number), &build.href),
        next: neighbour(read.others.iter().find(|other| step.number < other.number), &build.href),
        runs: runs(&read.runs, &build.builder_href),
        usual: usual(&read.runs),
        ended: step.complete_at.map(|at| When::new(at, view.now)),
        build,
    };
    view.page("step.html", "builders", &page)
}

fn neighbour(step: Option<&Step>, build_href: &str) -> Option<Neighbour> {
    step.map(|step| Neighbour { name: step.name.clone(), href: format!("{build_href}/steps/{}", step.number) })
}

fn runs(newest_first: &[StepRun], builder_href: &str) -> Vec<RunItem> {
    let took = |run: &StepRun| run.complete_at.since(run.started_at);
    let longest = newest_first.iter().map(|run| took(run).as_millis()).max().unwrap_or(0).max(1);
    let item = |run: &StepRun| RunItem {
        build: run.build_number,
        href: format!("{builder_href}/builds/{}/steps/{}", run.build_number, run.step_number),
        status: format::build_status(run.results),
        took: format::duration(took(run)),
        height: u64::try_from(took(run).as_millis().saturating_mul(100) / longest).unwrap_or(100).clamp(4, 100),
    };
    newest_first.iter().rev().map(item).collect()
}

fn usual(runs: &[StepRun]) -> Option<String> {
    let went_well = |run: &&StepRun| matches!(run.results, Some(Results::Success | Results::Warnings));
    let mut durations: Vec<_> =
        runs.iter().filter(went_well).map(|run| run.complete_at.since(run.started_at)).collect();
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().map(format::duration)
}

async fn log_item(view: &View, log: &Log, step_href: &str) -> Result<LogItem, WebError> {
    let first = log.n_lines.saturating_sub(TAIL).max(0);
    let is_html = log.kind == LogKind::Html;
    let is_removed = log.kind == LogKind::Deleted;
    let tail = if is_html || is_removed || log.n_lines == 0 {
        Vec::new()
    } else {
        let span = Span { first_line: first, n_lines: TAIL, most_bytes: MOST_BYTES };
        lines::of_page(&log_reader::page(&view.db, log.id, span).await?, log.kind)
    };
    Ok(LogItem {
        name: log.name.clone(),
        href: format!("{step_href}/logs/{}", segment(&log.slug)),
        n_lines: log.n_lines,
        complete: log.complete,
        is_html,
        is_removed,
        n_before: first,
        tail,
    })
}
