//! Projects: found by words, broken ones first.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::pager::Pager;
use super::project_item::ProjectItem;
use super::view::View;
use crate::db::views::keys::number;
use crate::db::views::project_list::{self, Wanted};
use crate::web::error::WebError;
use crate::web::query;

/// Projects on one page.
const MOST_PROJECTS: usize = 100;
/// How the URL asks for projects that are in use no more.
const RETIRED: &str = "retired";

#[derive(Serialize)]
struct ProjectsPage {
    projects: Vec<ProjectItem>,
    words: String,
    /// Empty, or [`RETIRED`].
    state: &'static str,
    states: Vec<StateItem>,
    n_all: usize,
    n_found: usize,
    pages: Pager,
}

#[derive(Serialize)]
struct StateItem {
    text: &'static str,
    count: usize,
    chosen: bool,
    query: String,
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = request.uri().query();
    let words = query::first(asked, "q");
    let retired = query::first(asked, "state") == RETIRED;
    let page = number(&query::first(asked, "page")).and_then(|page| usize::try_from(page).ok());
    let page = page.unwrap_or(1).clamp(1, 1_000_000);
    let wanted = Wanted { words: words.clone(), retired, offset: (page - 1) * MOST_PROJECTS, limit: MOST_PROJECTS };
    let list = view.db.read(move |conn| project_list::read(conn, &wanted)).await?;
    let state = |text, count, is_retired: bool| StateItem {
        text,
        count,
        chosen: is_retired == retired,
        query: query::of(&[("q", &words), ("state", if is_retired { RETIRED } else { "" })]),
    };
    let name = if retired { RETIRED } else { "" };
    let to_page = |page: usize| {
        let page = if page == 1 { String::new() } else { page.to_string() };
        query::of(&[("q", &words), ("state", name), ("page", &page)])
    };
    let shown = ProjectsPage {
        projects: list.lines.iter().map(|line| ProjectItem::new(line, view.now)).collect(),
        states: vec![state("In use", list.n_in_use, false), state("Retired", list.n_retired, true)],
        state: name,
        n_all: list.n_in_use + list.n_retired,
        n_found: list.n_found,
        pages: Pager::numbered(page, list.n_found.div_ceil(MOST_PROJECTS).max(1), to_page),
        words: words.clone(),
    };
    view.page("projects.html", "projects", &shown)
}
