//! Changes: the list, and one of them with the builds it led to.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{BuildItem, items};
use super::view::View;
use crate::db::views::build_lines::describe;
use crate::db::views::keys::number;
use crate::db::views::select::{Filter, Operator, Select, Term};
use crate::db::views::{builds, changes};
use crate::domain::{Change, ChangeId, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, When};
use crate::web::query;

/// Changes on one page.
const MOST_CHANGES: i64 = 50;

/// A change in a list.
#[derive(Serialize)]
pub struct ChangeItem {
    id: i64,
    href: String,
    /// The first line of the comment.
    title: String,
    author: String,
    branch: Option<String>,
    revision: Option<String>,
    revlink: Option<String>,
    repository: String,
    project: String,
    when: When,
    n_files: usize,
}

impl ChangeItem {
    pub fn new(change: &Change, now: Timestamp) -> Self {
        let title = change.comments.lines().next().unwrap_or_default().trim();
        let is_web = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        Self {
            id: change.id.0,
            href: format!("changes/{}", change.id),
            title: if title.is_empty() { "(no comment)".to_owned() } else { title.to_owned() },
            author: change.author.clone(),
            branch: change.branch.clone(),
            revision: change.revision.as_deref().map(format::short_revision),
            revlink: change.revlink.clone().filter(is_web),
            repository: change.repository.clone(),
            project: change.project.clone(),
            when: When::new(change.when, now),
            n_files: change.files.len(),
        }
    }
}

#[derive(Serialize)]
struct ListPage {
    changes: Vec<ChangeItem>,
    is_older: bool,
    /// The id before which the next page begins.
    older: Option<i64>,
}

#[derive(Serialize)]
struct ChangePage {
    change: ChangeItem,
    comments: String,
    committer: Option<String>,
    category: Option<String>,
    codebase: String,
    revision: Option<String>,
    files: Vec<String>,
    properties: Vec<(String, String, String)>,
    builds: Vec<BuildItem>,
}

pub async fn list(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let before = query::all(request.uri().query(), "before").first().and_then(|text| number(text));
    let mut select = Select::default().newest(&changes::TABLE, MOST_CHANGES + 1);
    if let Some((before, column)) = before.zip(changes::TABLE.column("changeid")) {
        select.filters = vec![Filter { column, operator: Operator::Lt, values: vec![Term::Int(before)] }];
    }
    let mut found = view.db.read(move |conn| changes::select(conn, &select)).await?;
    let most = usize::try_from(MOST_CHANGES).unwrap_or(usize::MAX);
    let has_older = most < found.len();
    found.truncate(most);
    let page = ListPage {
        changes: found.iter().map(|change| ChangeItem::new(change, view.now)).collect(),
        is_older: before.is_some(),
        older: if has_older { found.last().map(|change| change.id.0) } else { None },
    };
    view.page("changes.html", "changes", &page)
}

pub async fn one(view: View, id: Path<String>) -> Result<HttpResponse, WebError> {
    let missing = || WebError::NotFound(format!("There is no change “{id}”."));
    let key = ChangeId(number(&id).ok_or_else(missing)?);
    let read = view
        .db
        .read(move |conn| {
            let Some(change) = changes::find(conn, key)? else { return Ok(None) };
            let of_change = Select::scoped(builds::OF_CHANGE, vec![key.0]).newest(&builds::TABLE, 100);
            let found = builds::select(conn, &of_change)?;
            Ok(Some((change, describe(conn, found)?)))
        })
        .await?;
    let (change, lines) = read.ok_or_else(missing)?;
    let property = |(name, property): (&str, &crate::domain::Property)| {
        (name.to_owned(), property.value.to_string(), property.source.clone())
    };
    let page = ChangePage {
        change: ChangeItem::new(&change, view.now),
        comments: change.comments.trim_end().to_owned(),
        committer: change.committer.clone().filter(|committer| *committer != change.author),
        category: change.category.clone(),
        codebase: change.codebase.clone(),
        revision: change.revision.clone(),
        files: change.files.clone(),
        properties: change.properties.iter().map(property).collect(),
        builds: items(&lines, view.now),
    };
    view.page("change.html", "changes", &page)
}
