//! One log: a page of its lines, at the end unless asked otherwise.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build::build_key;
use super::build_item::{BuildItem, step_status};
use super::lines::{self, LineItem};
use super::view::View;
use crate::db::views::build_page;
use crate::db::views::keys::number;
use crate::db::views::log_text::Span;
use crate::domain::LogKind;
use crate::web::error::WebError;
use crate::web::format::Status;
use crate::web::{log_reader, query, removed};

/// Lines on one page.
const MOST_LINES: i64 = 1_000;
/// Bytes on one page.
const MOST_BYTES: usize = 1 << 20;

#[derive(Serialize)]
struct LogPage {
    id: i64,
    step_id: i64,
    /// The first line that the address names, from 1.
    asked_for: Option<i64>,
    build: BuildItem,
    step_name: String,
    step_href: String,
    step_status: Status,
    name: String,
    href: String,
    api_href: String,
    complete: bool,
    is_html: bool,
    n_lines: i64,
    /// Numbers of the lines shown, from 1.
    first: i64,
    last: i64,
    lines: Vec<LineItem>,
    /// Where other pages begin, from 0.
    previous: Option<i64>,
    next: Option<i64>,
    end: i64,
}

pub async fn get(
    view: View,
    path: Path<(String, String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, WebError> {
    let (builder, build, step, slug) = path.into_inner();
    let key = build_key(&builder, &build)?;
    let (of_build, wanted_step, wanted_slug) = (key.clone(), step.clone(), slug.clone());
    let read = view.db.read(move |conn| build_page::read_log(conn, &of_build, &wanted_step, wanted_slug)).await?;
    let Some(mut read) = read else {
        let missing = format!("Step “{step}” of build {build} of “{builder}” has no log “{slug}”.");
        return Err(removed::reason(&view.db, key, missing).await);
    };
    removed::check_text(&view.db, &read.log).await?;
    log_reader::count_lines(&view.db, std::slice::from_mut(&mut read.log)).await?;
    let log = &read.log;
    let end = log.n_lines.saturating_sub(MOST_LINES).max(0);
    let asked_for = |name: &str| query::all(request.uri().query(), name).first().and_then(|text| number(text));
    let first = asked_for("first").unwrap_or(end);
    let n_lines = asked_for("n").unwrap_or(MOST_LINES).clamp(1, MOST_LINES);
    let found = log_reader::page(&view.db, log.id, Span { first_line: first, n_lines, most_bytes: MOST_BYTES }).await?;
    let shown = lines::of_page(&found, log.kind);
    let after = first.saturating_add(found.n_lines);
    let build = BuildItem::new(&read.line, view.now);
    let step_href = format!("{}/steps/{}", build.href, read.step.number);
    let page = LogPage {
        id: log.id.0,
        step_id: read.step.id.0,
        asked_for: asked_for("first").map(|first| first.saturating_add(1)),
        step_name: read.step.name.clone(),
        step_status: step_status(&read.step),
        name: log.name.clone(),
        href: format!("{step_href}/logs/{}", crate::web::templates::segment(&log.slug)),
        step_href,
        api_href: format!("api/v2/logs/{}", log.id),
        complete: log.complete,
        is_html: log.kind == LogKind::Html,
        n_lines: log.n_lines,
        first: first.saturating_add(1),
        last: after,
        lines: shown,
        previous: if 0 < first { Some(first.saturating_sub(MOST_LINES).max(0)) } else { None },
        next: if after < log.n_lines { Some(after) } else { None },
        end,
        build,
    };
    view.page("log.html", "builders", &page)
}
