//! All that waits: why, and how to cancel it.

use std::collections::HashMap;

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::builder_href;
use super::view::View;
use crate::db::views::build_lines::describe;
use crate::db::views::build_requests::WaitingRequest;
use crate::db::views::builds;
use crate::db::views::keys::{BuilderKey, number};
use crate::db::views::select::Select;
use crate::db::views::waiting_page::{self, Room};
use crate::domain::{BuildRequestId, BuilderId, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::query;

/// Requests on the page, and the most that one form cancels.
const MOST_REQUESTS: i64 = 200;

#[derive(Serialize)]
struct RequestsPage {
    requests: Vec<RequestItem>,
    n_all: i64,
    /// The builder whose requests are shown; none shows all.
    builder: Option<String>,
    /// Text of the form's field.
    asked: String,
}

#[derive(Serialize)]
struct RequestItem {
    id: i64,
    status: Status,
    builder: String,
    builder_href: String,
    reason: String,
    priority: i32,
    submitted: When,
    why: String,
}

pub async fn list(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = query::all(request.uri().query(), "builder").into_iter().next().unwrap_or_default();
    let key = Some(BuilderKey::parse(&asked)).filter(|_| !asked.is_empty());
    let is_asked = key.is_some();
    let read = view.db.read(move |conn| waiting_page::read(conn, key.as_ref(), MOST_REQUESTS)).await?;
    if is_asked && read.builder.is_none() {
        return Err(WebError::NotFound(format!("There is no builder “{asked}”.")));
    }
    let page = RequestsPage {
        requests: read.requests.iter().map(|request| item(request, &read.rooms, view.now)).collect(),
        n_all: read.n_all,
        builder: read.builder.map(|builder| builder.name),
        asked,
    };
    view.page("requests.html", "requests", &page)
}

fn item(request: &WaitingRequest, rooms: &HashMap<BuilderId, Room>, now: Timestamp) -> RequestItem {
    RequestItem {
        id: request.id.0,
        status: format::WAITING,
        builder: request.builder.clone(),
        builder_href: builder_href(&request.builder, request.builder_id.0),
        reason: request.reason.clone(),
        priority: request.priority,
        submitted: When::new(request.submitted_at, now),
        why: why(rooms.get(&request.builder_id).copied().unwrap_or_default()),
    }
}

/// What keeps a builder from building, as far as its workers tell.
fn why(room: Room) -> String {
    match room {
        Room { n_workers: 0, .. } => "No worker may build this.".to_owned(),
        Room { n_connected: 0, n_workers: 1, .. } => "Its worker is not connected.".to_owned(),
        Room { n_connected: 0, n_workers, .. } => format!("None of its {n_workers} workers is connected."),
        Room { n_ready: 0, .. } => "Its connected workers are paused or about to leave.".to_owned(),
        Room { n_ready, n_busy, .. } if n_ready <= n_busy => "All of its workers are building.".to_owned(),
        _ => "A worker is free: it starts soon, unless a lock or a function of the configuration holds it.".to_owned(),
    }
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
            Ok((line, crate::db::views::build_requests::find(conn, key)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_waiting_has_its_words() {
        let room = |n_workers, n_connected, n_ready, n_busy| Room { n_workers, n_connected, n_ready, n_busy };
        let words: Vec<String> = [
            room(0, 0, 0, 0),
            room(1, 0, 0, 0),
            room(3, 0, 0, 0),
            room(3, 2, 0, 0),
            room(3, 2, 2, 2),
            room(3, 2, 2, 1),
        ]
        .map(why)
        .to_vec();
        let mut different = words.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), words.len(), "{words:?}");
    }
}
