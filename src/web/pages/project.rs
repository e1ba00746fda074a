//! One project: its builders, what they build, what came in.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::build_item::{BuildItem, items, running_items};
use super::builder_item::BuilderItem;
use super::changes::ChangeItem;
use super::project_item::{CountsItem, ProjectLink, status};
use super::view::View;
use crate::db::views::builder_list::Wanted;
use crate::db::views::keys::ProjectKey;
use crate::db::views::project_list::Counts;
use crate::db::views::project_page::{self, CodebaseLine};
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::forecasts;
use crate::web::format::{self, Status, When};

/// Builders in the table, and rows in the other parts.
const MOST_BUILDERS: usize = 25;
const MOST_ROWS: i64 = 12;
/// Builds in the history of each builder.
const N_RECENT: i64 = 10;

#[derive(Serialize)]
struct ProjectPage {
    link: ProjectLink,
    /// Plain text; nothing if there is `html`.
    description: Option<String>,
    /// Safe to be printed as it is.
    html: Option<String>,
    /// Whether the configuration, or a builder of it, has the project.
    in_use: bool,
    status: Status,
    counts: CountsItem,
    builders: Vec<BuilderItem>,
    running: Vec<BuildItem>,
    n_running: i64,
    finished: Vec<BuildItem>,
    changes: Vec<ChangeItem>,
    codebases: Vec<CodebaseItem>,
}

#[derive(Serialize)]
struct CodebaseItem {
    name: String,
    branches: Vec<BranchItem>,
    n_more: i64,
}

#[derive(Serialize)]
struct BranchItem {
    name: String,
    revision: Option<String>,
    /// The first line of what the newest commit says.
    title: String,
    author: String,
    when: Option<When>,
}

pub async fn get(view: View, name: Path<String>) -> Result<HttpResponse, WebError> {
    let key = ProjectKey::parse(&name);
    let wanted = Wanted { limit: MOST_BUILDERS, n_recent: N_RECENT, ..Wanted::default() };
    let read = view.db.read(move |conn| project_page::read(conn, &key, &wanted, MOST_ROWS)).await?;
    let read = read.ok_or_else(|| WebError::NotFound(format!("There is no project “{name}”.")))?;
    let forecasts = forecasts::of_running(&view.db, read.running.iter().map(|line| &line.build), view.now).await?;
    let [n_broken, _, _, n_new, _] = read.builders.n_in;
    let counts = Counts {
        n_builders: read.builders.n_all,
        n_broken,
        n_built: read.builders.n_all.saturating_sub(n_new),
        n_running: usize::try_from(read.n_running).unwrap_or(0),
        n_waiting: read.n_waiting,
    };
    let project = &read.project;
    let html = project.description.html.clone();
    let page = ProjectPage {
        link: ProjectLink::new(&project.name, project.id),
        description: project.description.text.clone().filter(|text| html.is_none() && !text.is_empty()),
        html,
        in_use: project.configured || project.active,
        status: status(&counts),
        counts: CountsItem::new(&counts),
        builders: read.builders.lines.iter().map(|line| BuilderItem::new(line, view.now)).collect(),
        running: running_items(&read.running, &forecasts, &HashMap::new(), view.now),
        n_running: read.n_running,
        finished: items(&read.finished, view.now),
        changes: read.changes.iter().map(|change| ChangeItem::new(change, view.now)).collect(),
        codebases: read.codebases.iter().map(|line| codebase(line, view.now)).collect(),
    };
    view.page("project.html", "projects", &page)
}

fn codebase(line: &CodebaseLine, now: Timestamp) -> CodebaseItem {
    let shown = i64::try_from(line.branches.len()).unwrap_or(i64::MAX);
    let branches = line.branches.iter().map(|(branch, newest)| {
        let newest = newest.as_ref();
        BranchItem {
            name: branch.name.clone(),
            revision: newest.map(|commit| format::short_revision(&commit.revision)),
            title: newest.and_then(|commit| commit.comments.lines().next()).unwrap_or_default().to_owned(),
            author: newest.map(|commit| commit.author.clone()).unwrap_or_default(),
            when: newest.map(|commit| When::new(commit.when, now)),
        }
    });
    CodebaseItem {
        name: line.codebase.name.clone(),
        branches: branches.collect(),
        n_more: line.n_branches.saturating_sub(shown),
    }
}
