//! People: the list, and one of them with the names he goes by and his changes.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::changes::ChangeItem;
use super::pager::Pager;
use super::view::View;
use crate::db::views::keys::number;
use crate::db::views::select::{Filter, Operator, Select, Term};
use crate::db::views::user_list::{self, UserLine, Wanted};
use crate::db::views::{changes, users};
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::format::When;
use crate::web::query;

/// Users on one page.
const MOST_USERS: usize = 100;
/// Changes on the page of one.
const MOST_CHANGES: i64 = 50;

#[derive(Serialize)]
struct UsersPage {
    users: Vec<UserItem>,
    words: String,
    n_all: usize,
    n_found: usize,
    pages: Pager,
}

/// A user in the list.
#[derive(Serialize)]
struct UserItem {
    name: String,
    href: String,
    /// Other names, each with what it is: `email`, `git`.
    identities: Vec<Identity>,
    n_changes: i64,
    newest: Option<NewestItem>,
}

#[derive(Serialize)]
struct NewestItem {
    href: String,
    when: When,
}

/// One of the names that somebody goes by.
#[derive(Serialize)]
struct Identity {
    kind: String,
    value: String,
}

#[derive(Serialize)]
struct UserPage {
    name: String,
    identities: Vec<Identity>,
    /// Where mails go, if that is stored.
    has_mail: bool,
    changes: Vec<ChangeItem>,
    n_changes: i64,
    pages: Pager,
}

pub async fn list(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = request.uri().query();
    let words = query::first(asked, "q");
    let page = number(&query::first(asked, "page")).and_then(|page| usize::try_from(page).ok());
    let page = page.unwrap_or(1).clamp(1, 1_000_000);
    let wanted = Wanted { words: words.clone(), offset: (page - 1) * MOST_USERS, limit: MOST_USERS };
    let list = view.db.read(move |conn| user_list::read(conn, &wanted)).await?;
    let to_page = |page: usize| {
        let page = if page == 1 { String::new() } else { page.to_string() };
        query::of(&[("q", &words), ("page", &page)])
    };
    let shown = UsersPage {
        users: list.lines.iter().map(|line| UserItem::new(line, view.now)).collect(),
        n_all: list.n_all,
        n_found: list.n_found,
        pages: Pager::numbered(page, list.n_found.div_ceil(MOST_USERS).max(1), to_page),
        words: words.clone(),
    };
    view.page("users.html", "changes", &shown)
}

pub async fn one(view: View, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let missing = || WebError::NotFound(format!("There is no user “{id}”."));
    let id = number(&id).ok_or_else(missing)?;
    let before = number(&query::first(request.uri().query(), "before"));
    let read = view.db.read(move |conn| {
        let Some(user) = users::by_id(conn, id)? else { return Ok(None) };
        let mut select = Select::scoped(changes::OF_USER, vec![id]).newest(&changes::TABLE, MOST_CHANGES + 1);
        if let (Some(before), Some(column)) = (before, changes::TABLE.column("changeid")) {
            select.filters.push(Filter { column, operator: Operator::Lt, values: vec![Term::Int(before)] });
        }
        Ok(Some((user, users::n_changes(conn, id)?, changes::select(conn, &select)?)))
    });
    let (user, n_changes, mut found) = read.await?.ok_or_else(missing)?;
    let most = usize::try_from(MOST_CHANGES).unwrap_or(usize::MAX);
    let has_older = most < found.len();
    found.truncate(most);
    let older = found.last().filter(|_| has_older).map(|last| format!("?before={}", last.id));
    let page = UserPage {
        has_mail: user.attributes.iter().any(|(name, _)| name == "email") || user.identifier.contains('@'),
        identities: identities(&user),
        changes: found.iter().map(|change| ChangeItem::new(change, view.now)).collect(),
        n_changes,
        pages: Pager::from_newest(before.map(|_| String::new()), older),
        name: user.identifier,
    };
    view.page("user.html", "changes", &page)
}

impl UserItem {
    fn new(line: &UserLine, now: Timestamp) -> Self {
        Self {
            name: line.user.identifier.clone(),
            href: href(line.user.id),
            identities: identities(&line.user),
            n_changes: line.n_changes,
            newest: line
                .newest
                .map(|(change, when)| NewestItem { href: format!("changes/{change}"), when: When::new(when, now) }),
        }
    }
}

/// The page of a user.
pub fn href(id: i64) -> String {
    format!("users/{id}")
}

fn identities(user: &users::User) -> Vec<Identity> {
    let login = user.bb_username.iter().map(|name| ("login".to_owned(), name.clone()));
    let identity = |(kind, value)| Identity { kind, value };
    login.chain(user.attributes.iter().cloned()).map(identity).collect()
}
