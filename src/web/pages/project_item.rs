//! Projects in lists, and links to them.

use serde::Serialize;

use super::build_item::BuildItem;
use super::builder_item::brief;
use crate::db::views::project_list::{Counts, ProjectLine};
use crate::domain::{ProjectId, Results, Timestamp};
use crate::web::format::{self, Status};
use crate::web::query;
use crate::web::templates::segment;

/// The name of a project, and where its page is.
#[derive(Serialize)]
pub struct ProjectLink {
    name: String,
    href: String,
    /// The list of its builders.
    builders: String,
}

impl ProjectLink {
    pub fn new(name: &str, id: ProjectId) -> Self {
        let key = key(name, id);
        Self {
            builders: format!("builders{}", query::of(&[("project", &key)])),
            href: href(name, id),
            name: name.to_owned(),
        }
    }
}

/// A project as rows and cards show it.
#[derive(Serialize)]
pub struct ProjectItem {
    #[serde(flatten)]
    link: ProjectLink,
    /// One line of its description.
    description: Option<String>,
    status: Status,
    counts: CountsItem,
    latest: Option<BuildItem>,
}

#[derive(Serialize)]
pub struct CountsItem {
    n_builders: usize,
    n_broken: usize,
    n_built: usize,
    n_running: usize,
    n_waiting: i64,
}

impl ProjectItem {
    pub fn new(line: &ProjectLine, now: Timestamp) -> Self {
        Self {
            link: ProjectLink::new(&line.project.name, line.project.id),
            description: brief(&line.project.description),
            status: status(&line.counts),
            counts: CountsItem::new(&line.counts),
            latest: line.latest.as_ref().map(|line| BuildItem::new(line, now)),
        }
    }
}

impl CountsItem {
    pub fn new(counts: &Counts) -> Self {
        let Counts { n_builders, n_broken, n_built, n_running, n_waiting } = *counts;
        Self { n_builders, n_broken, n_built, n_running, n_waiting }
    }
}

/// How a project stands: as the worst of its builders.
pub fn status(counts: &Counts) -> Status {
    match (counts.n_broken, counts.n_built) {
        (0, 0) => format::NEVER_BUILT,
        (0, _) => Status { word: "fine", ..format::build_status(Some(Results::Success)) },
        _ => Status { word: "broken", ..format::build_status(Some(Results::Failure)) },
    }
}

/// Where the page of a project is, from the root.
pub fn href(name: &str, id: ProjectId) -> String {
    format!("projects/{}", segment(&key(name, id)))
}

/// The name, unless it would be taken for an id or cannot be in a path.
fn key(name: &str, id: ProjectId) -> String {
    let is_plain = !matches!(name, "" | "." | "..") && !name.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { name.to_owned() } else { id.to_string() }
}
