//! Changes: the list, and one of them with the builds it led to.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build::{PropertyItem, properties, shorten};
use super::build_item::{BuildItem, items};
use super::view::View;
use crate::db::views::build_lines::describe;
use crate::db::views::keys::number;
use crate::db::views::select::{Filter, Operator, Select, Term};
use crate::db::views::{builds, changes, users};
use crate::domain::{Change, ChangeId, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, When};
use crate::web::query;
use crate::web::templates::segment;

/// Changes on one page.
const MOST_CHANGES: i64 = 50;
/// Newest changes that suggest values of filters.
const MOST_RECENT: i64 = 200;
/// Files of a change that are named.
const MOST_FILES: usize = 500;
/// Fields by which the list can be filtered, as its URL and REST name them.
const FILTERS: [&str; 4] = ["branch", "author", "repository", "project"];

/// A change in a list.
#[derive(Serialize)]
pub struct ChangeItem {
    id: i64,
    href: String,
    /// The first line of the comment.
    title: String,
    author: String,
    author_name: String,
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
            title: if title.is_empty() { "(no comment)".to_owned() } else { shorten(title, 200) },
            author: change.author.clone(),
            author_name: change.author.split(" <").next().unwrap_or_default().to_owned(),
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
    filters: Vec<FilterItem>,
    is_filtered: bool,
    /// The filters as a query, for the first page.
    query: String,
    /// The query of the next page.
    older: Option<String>,
}

/// A field by which changes are chosen.
#[derive(Serialize)]
struct FilterItem {
    name: &'static str,
    value: String,
    /// What recent changes have there.
    known: Vec<String>,
}

#[derive(Serialize)]
struct ChangePage {
    change: ChangeItem,
    /// The page of its author.
    author_href: Option<String>,
    comments: String,
    committer: Option<String>,
    category: Option<String>,
    codebase: String,
    revision: Option<String>,
    files: Vec<String>,
    n_files: usize,
    properties: Vec<PropertyItem>,
    builds: Vec<BuildItem>,
    /// What each scheduler makes of it.
    stances: Vec<StanceItem>,
}

/// What a scheduler makes of the change.
#[derive(Serialize)]
struct StanceItem {
    scheduler: String,
    text: String,
}

pub async fn list(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = |name: &str| query::all(request.uri().query(), name).into_iter().next().unwrap_or_default();
    let values: Vec<(&'static str, String)> = FILTERS.iter().map(|name| (*name, asked(name))).collect();
    let before = number(&asked("before"));
    let mut select = Select::default().newest(&changes::TABLE, MOST_CHANGES + 1);
    let filled = || values.iter().filter(|(_, value)| !value.is_empty());
    for (name, value) in filled() {
        filter(&mut select, name, Operator::Eq, Term::Text(value.clone()));
    }
    if let Some(before) = before {
        filter(&mut select, "changeid", Operator::Lt, Term::Int(before));
    }
    let recent = Select::default().newest(&changes::TABLE, MOST_RECENT);
    let read = move |conn: &mut _| Ok((changes::select(conn, &select)?, changes::select(conn, &recent)?));
    let (mut found, recent) = view.db.read(read).await?;
    let most = usize::try_from(MOST_CHANGES).unwrap_or(usize::MAX);
    let has_older = most < found.len();
    found.truncate(most);
    let pairs: Vec<String> = filled().map(|(name, value)| format!("{name}={}", segment(value))).collect();
    let last = found.last().filter(|_| has_older);
    let page = ListPage {
        changes: found.iter().map(|change| ChangeItem::new(change, view.now)).collect(),
        is_older: before.is_some(),
        is_filtered: !pairs.is_empty(),
        older: last.map(|change| {
            format!("{}before={}", pairs.iter().map(|pair| format!("{pair}&")).collect::<String>(), change.id)
        }),
        query: pairs.join("&"),
        filters: values
            .into_iter()
            .map(|(name, value)| FilterItem { known: known(&recent, name), name, value })
            .collect(),
    };
    view.page("changes.html", "changes", &page)
}

fn filter(select: &mut Select, field: &str, operator: Operator, value: Term) {
    if let Some(column) = changes::TABLE.column(field) {
        select.filters.push(Filter { column, operator, values: vec![value] });
    }
}

/// The different values of a field, sorted.
fn known(changes: &[Change], field: &str) -> Vec<String> {
    let value = |change: &Change| match field {
        "author" => change.author.clone(),
        "branch" => change.branch.clone().unwrap_or_default(),
        "repository" => change.repository.clone(),
        _ => change.project.clone(),
    };
    let mut values: Vec<String> = changes.iter().map(value).filter(|value| !value.is_empty()).collect();
    values.sort_unstable();
    values.dedup();
    values.truncate(50);
    values
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
            Ok(Some((change, describe(conn, found)?, users::of_change(conn, key)?)))
        })
        .await?;
    let (change, lines, author) = read.ok_or_else(missing)?;
    // The page says less if the schedulers cannot be asked.
    let stances = view.handle.explain_change(key).await.unwrap_or_default();
    let page = ChangePage {
        change: ChangeItem::new(&change, view.now),
        author_href: author.map(super::users::href),
        comments: change.comments.trim_end().to_owned(),
        committer: change.committer.clone().filter(|committer| *committer != change.author),
        category: change.category.clone(),
        codebase: change.codebase.clone(),
        revision: change.revision.clone(),
        files: change.files.iter().take(MOST_FILES).cloned().collect(),
        n_files: change.files.len(),
        properties: properties(&change.properties),
        builds: items(&lines, view.now),
        stances: stances.into_iter().map(|one| StanceItem { scheduler: one.scheduler, text: one.text }).collect(),
    };
    view.page("change.html", "changes", &page)
}
