//! All builders.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::builder_href;
use super::view::View;
use crate::db::views::builder_list::{self, BuilderLine};
use crate::domain::{Build, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::query;

/// Builds in the history of each builder.
const N_RECENT: i64 = 8;

#[derive(Serialize)]
struct BuildersPage {
    builders: Vec<BuilderItem>,
    n_all: usize,
    tags: Vec<TagItem>,
    chosen: Vec<String>,
}

#[derive(Serialize)]
struct BuilderItem {
    name: String,
    href: String,
    description: Option<String>,
    tags: Vec<String>,
    status: Status,
    newest: Option<Mark>,
    when: Option<When>,
    recent: Vec<Mark>,
    n_running: usize,
    n_waiting: i64,
    n_workers: usize,
    n_connected: usize,
}

/// A build as a small symbol.
#[derive(Serialize)]
struct Mark {
    status: Status,
    number: i64,
    href: String,
    state: String,
}

#[derive(Serialize)]
struct TagItem {
    name: String,
    chosen: bool,
    /// The query that chooses it, or no longer chooses it.
    query: String,
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let chosen = query::all(request.uri().query(), "tag");
    let lines = view.db.read(|conn| builder_list::read(conn, N_RECENT)).await?;
    let n_all = lines.len();
    let mut tags: Vec<String> = lines.iter().flat_map(|line| line.builder.tags.clone()).collect();
    tags.sort_unstable();
    tags.dedup();
    let has_chosen = |line: &&BuilderLine| chosen.iter().all(|tag| line.builder.tags.contains(tag));
    let page = BuildersPage {
        builders: lines.iter().filter(has_chosen).map(|line| item(line, view.now)).collect(),
        n_all,
        tags: tags.into_iter().map(|name| tag(name, &chosen)).collect(),
        chosen: chosen.clone(),
    };
    view.page("builders.html", "builders", &page)
}

fn tag(name: String, chosen: &[String]) -> TagItem {
    let is_chosen = chosen.contains(&name);
    let mut then: Vec<&str> = chosen.iter().map(String::as_str).filter(|other| *other != name).collect();
    if !is_chosen {
        then.push(&name);
    }
    let query = query::build("tag", &then);
    TagItem { chosen: is_chosen, query, name }
}

fn item(line: &BuilderLine, now: Timestamp) -> BuilderItem {
    let href = builder_href(&line.builder.name, line.builder.id.0);
    let mark = |build: &Build| Mark {
        status: format::build_status(build.results),
        number: build.number,
        href: format!("{href}/builds/{}", build.number),
        state: build.state_string.clone(),
    };
    let newest = line.newest_finished.as_ref();
    BuilderItem {
        name: line.builder.name.clone(),
        description: line.builder.description.clone(),
        tags: line.builder.tags.clone(),
        status: newest.map_or(format::NEVER_BUILT, |build| format::build_status(build.results)),
        newest: newest.map(mark),
        when: newest.and_then(|build| build.complete_at).map(|at| When::new(at, now)),
        recent: line.recent.iter().rev().map(mark).collect(),
        n_running: line.recent.iter().filter(|build| build.complete_at.is_none()).count(),
        n_waiting: line.n_waiting,
        n_workers: line.n_workers,
        n_connected: line.n_connected,
        href,
    }
}
