//! All that waits: why, and how to cancel it.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{Obstacles, WaitingItem, builder_href, waiting};
use super::pager::Pager;
use super::view::View;
use crate::db::views::build_lines::describe;
use crate::db::views::build_requests::{self, Rows};
use crate::db::views::builds;
use crate::db::views::keys::{BuilderKey, number};
use crate::db::views::select::Select;
use crate::db::views::waiting_page;
use crate::domain::BuildRequestId;
use crate::web::error::WebError;
use crate::web::query;

/// Requests on a page, and the most that one form cancels.
const MOST_REQUESTS: i64 = 100;

#[derive(Serialize)]
struct RequestsPage {
    requests: Vec<WaitingItem>,
    n_all: i64,
    pages: Pager,
    /// The builder whose requests are shown; none shows all.
    builder: Option<String>,
    /// Text of the form's field.
    asked: String,
}

pub async fn list(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = query::all(request.uri().query(), "builder").into_iter().next().unwrap_or_default();
    let key = Some(BuilderKey::parse(&asked)).filter(|_| !asked.is_empty());
    let is_asked = key.is_some();
    let page = number(&query::first(request.uri().query(), "page")).unwrap_or(1).clamp(1, 1_000_000);
    let rows = Rows { offset: (page - 1) * MOST_REQUESTS, limit: MOST_REQUESTS };
    let read = view.db.read(move |conn| waiting_page::read(conn, key.as_ref(), rows)).await?;
    if is_asked && read.builder.is_none() {
        return Err(WebError::NotFound(format!("There is no builder “{asked}”.")));
    }
    let shown = read.requests.iter().map(|request| request.id).collect();
    let obstacles = Obstacles { workers: &read.worker_counts, reasons: &view.handle.explain_requests(shown).await };
    let page = RequestsPage {
        requests: waiting(&read.requests, &obstacles, view.now),
        n_all: read.n_all,
        pages: pages(page, read.n_all, &asked),
        builder: read.builder.map(|builder| builder.name),
        asked,
    };
    view.page("requests.html", "requests", &page)
}

fn pages(page: i64, n_all: i64, builder: &str) -> Pager {
    let number = |number: i64| usize::try_from(number).unwrap_or(1);
    let n_pages = n_all.saturating_add(MOST_REQUESTS - 1) / MOST_REQUESTS;
    Pager::numbered(number(page), number(n_pages.max(1)), |page| {
        let page = if page == 1 { String::new() } else { page.to_string() };
        query::of(&[("builder", builder), ("page", &page)])
    })
}

/// One request: the build that serves it, or its place among those that wait.
pub async fn one(view: View, id: Path<String>) -> Result<HttpResponse, WebError> {
    let missing = || WebError::NotFound(format!("There is no build request “{id}”."));
    let key = BuildRequestId(number(&id).ok_or_else(missing)?);
    let read = view
        .db
        .read(move |conn| {
            let of_request = Select::scoped(builds::OF_REQUEST, vec![key.0]).newest(&builds::TABLE, 1);
            let found = builds::select(conn, &of_request)?;
            let line = describe(conn, found)?.into_iter().next();
            Ok((line, build_requests::find(conn, key)?))
        })
        .await?;
    match read {
        (Some(line), _) => {
            let builder = builder_href(&line.builder, line.build.builder_id.0);
            Ok(view.redirect(&format!("{builder}/builds/{}", line.build.number)))
        }
        (None, Some(request)) => Ok(view.redirect(&format!("requests?builder={}#r{key}", request.builder_id))),
        (None, None) => Err(missing()),
    }
}

/// Cancels the requests that a form names; what has begun meanwhile is left alone.
pub async fn cancel_many(view: View, form: String) -> Result<HttpResponse, WebError> {
    let chosen = query::all(Some(&form), "request");
    let most = usize::try_from(MOST_REQUESTS).unwrap_or(usize::MAX);
    if most < chosen.len() {
        return Err(WebError::BadRequest(format!("At most {most} requests are cancelled at once.")));
    }
    for id in chosen.iter().filter_map(|id| number(id)) {
        match view.handle.cancel_request(BuildRequestId(id), "cancelled on the page of requests".to_owned()).await {
            Ok(()) | Err(crate::actors::handle::CommandError::NotFound(_)) => {}
            Err(crate::actors::handle::CommandError::Failed(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let back = query::all(Some(&form), "builder").into_iter().next().filter(|builder| !builder.is_empty());
    let back = back.map(|builder| format!("?builder={}", crate::web::templates::segment(&builder)));
    Ok(view.redirect(&format!("requests{}", back.unwrap_or_default())))
}
