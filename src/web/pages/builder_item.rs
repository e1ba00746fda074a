//! Builders in tables.

use serde::Serialize;

use super::build_item::{Mark, SinceItem, builder_href, marks};
use super::project_item::ProjectLink;
use crate::db::views::builder_list::BuilderLine;
use crate::domain::{Description, Timestamp, VIRTUAL_TAG};
use crate::markdown;
use crate::web::format::{self, Status, When};

/// A row of the macro `builder_table`.
#[derive(Serialize)]
pub struct BuilderItem {
    name: String,
    href: String,
    /// One line of it.
    description: Option<String>,
    tags: Vec<String>,
    project: Option<ProjectLink>,
    is_virtual: bool,
    status: Status,
    newest: Option<Mark>,
    when: Option<When>,
    state: String,
    since: Option<SinceItem>,
    recent: Vec<Mark>,
    n_running: usize,
    n_waiting: i64,
    n_workers: i64,
    n_connected: i64,
}

impl BuilderItem {
    pub fn new(line: &BuilderLine, now: Timestamp) -> Self {
        let href = builder_href(&line.builder.name, line.builder.id.0);
        let newest = line.newest_finished.as_ref();
        let project = line.project.as_ref().zip(line.builder.project);
        Self {
            name: line.builder.name.clone(),
            description: brief(&line.builder.description),
            tags: line.builder.tags.clone(),
            project: project.map(|(name, id)| ProjectLink::new(name, id)),
            is_virtual: line.builder.base.is_some(),
            status: newest.map_or(format::NEVER_BUILT, |build| format::build_status(build.results)),
            newest: newest.and_then(|build| marks(std::slice::from_ref(build), &href, now).pop()),
            when: newest.and_then(|build| build.complete_at).map(|at| When::new(at, now)),
            state: newest.map(|build| build.state_string.clone()).unwrap_or_default(),
            since: line.broken_since.as_ref().map(|since| SinceItem::new(since, &href, now)),
            recent: marks(&line.recent, &href, now),
            n_running: line.n_running,
            n_waiting: line.n_waiting,
            n_workers: line.workers.n_configured,
            n_connected: line.workers.n_connected,
            href,
        }
    }
}

/// One line of a description.
pub fn brief(description: &Description) -> Option<String> {
    let text = description.text.as_deref()?;
    let line = match description.format {
        Some(_) => markdown::summary(text),
        None => text.to_owned(),
    };
    Some(line).filter(|line| !line.is_empty())
}

/// Tags as people gave them.
pub fn given_tags(tags: &[String]) -> Vec<String> {
    tags.iter().filter(|tag| *tag != VIRTUAL_TAG).cloned().collect()
}
