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
use crate::domain::{Log, LogKind};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::log_reader;
use crate::web::templates::segment;

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
}

#[derive(Serialize)]
struct LogItem {
    name: String,
    href: String,
    n_lines: i64,
    complete: bool,
    is_html: bool,
    /// Lines before those shown.
    n_before: i64,
    tail: Vec<LineItem>,
}

pub async fn get(view: View, path: Path<(String, String, String)>) -> Result<HttpResponse, WebError> {
    let (builder, number, name) = path.into_inner();
    let key = build_key(&builder, &number)?;
    let missing = || WebError::NotFound(format!("Build {number} of “{builder}” has no step “{name}”."));
    let wanted = name.clone();
    let read = view.db.read(move |conn| build_page::read_step(conn, &key, &wanted)).await?;
    let mut read = read.ok_or_else(missing)?;
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
        build,
    };
    view.page("step.html", "builders", &page)
}

async fn log_item(view: &View, log: &Log, step_href: &str) -> Result<LogItem, WebError> {
    let first = log.n_lines.saturating_sub(TAIL).max(0);
    let is_html = log.kind == LogKind::Html;
    let tail = if is_html || log.n_lines == 0 {
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
        n_before: first,
        tail,
    })
}
