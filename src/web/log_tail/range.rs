//! Any range of lines, for pages that load what is visible.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde::{Deserialize, Serialize};

use super::frames::LinesJson;
use crate::db::views::log_text::Span;
use crate::json;
use crate::web::WebState;
use crate::web::error::WebError;
use crate::web::log_reader;
use crate::web::pages::lines;

/// Lines and bytes of one answer; the client asks for the rest.
const MOST_LINES: i64 = 2_000;
const MOST_BYTES: usize = 512 << 10;

#[derive(Deserialize)]
pub struct RangeQuery {
    /// From 0; a negative one counts from the end.
    #[serde(default)]
    first: i64,
    n: Option<i64>,
}

#[derive(Serialize)]
struct RangeJson<'lines> {
    n_lines: i64,
    complete: bool,
    #[serde(flatten)]
    lines: LinesJson<'lines>,
}

/// `GET /logs/{id}/lines`
pub async fn get(
    state: Data<WebState>,
    path: Path<String>,
    query: Query<RangeQuery>,
) -> Result<HttpResponse, WebError> {
    let log = super::find(&state, &path).await?;
    let first_line = if query.first < 0 { log.n_lines.saturating_add(query.first).max(0) } else { query.first };
    let n_lines = query.n.unwrap_or(MOST_LINES).clamp(0, MOST_LINES);
    let page = log_reader::page(&state.db, log.id, Span { first_line, n_lines, most_bytes: MOST_BYTES }).await?;
    let items = lines::of_page(&page, log.kind);
    let answer = RangeJson {
        n_lines: log.n_lines.max(page.first_line.saturating_add(page.n_lines)),
        complete: log.complete,
        lines: LinesJson::new(page.first_line, &items, &page.arrivals),
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(json::to_string(&answer)))
}
