//! Builders: found by words, tags and state, broken ones first.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::builder_item::BuilderItem;
use super::pager::Pager;
use super::project_item::ProjectLink;
use super::view::View;
use crate::db::views::builder_list::{self, BuilderList, State, Wanted};
use crate::db::views::keys::{ProjectKey, number};
use crate::db::views::projects;
use crate::domain::Project;
use crate::web::error::WebError;
use crate::web::query;

/// Builds in the history of each builder.
const N_RECENT: i64 = 10;
/// Builders on one page.
const MOST_BUILDERS: usize = 100;
/// Tags that are shown unless they are asked for.
const MOST_TAGS: usize = 20;

/// The states to choose from, as the URL and the page name them.
const STATES: [(&str, &str, Option<State>); 6] = [
    ("", "All", None),
    ("broken", "Broken", Some(State::Broken)),
    ("running", "Running", Some(State::Running)),
    ("waiting", "Waiting", Some(State::Waiting)),
    ("new", "Never built", Some(State::New)),
    ("virtual", "Virtual", Some(State::Virtual)),
];

#[derive(Serialize)]
struct BuildersPage {
    builders: Vec<BuilderItem>,
    words: String,
    states: Vec<StateItem>,
    /// The chosen one, as the URL names it.
    state: &'static str,
    n_all: usize,
    n_found: usize,
    /// The most frequent ones, and those that are chosen.
    tags: Vec<TagItem>,
    more_tags: Vec<TagItem>,
    chosen: Vec<String>,
    /// The project of which they are, if only its builders are asked for.
    project: Option<ProjectLink>,
    /// The same builders of all projects.
    without_project: String,
    pages: Pager,
}

#[derive(Serialize)]
struct StateItem {
    text: &'static str,
    count: usize,
    chosen: bool,
    query: String,
}

#[derive(Serialize)]
struct TagItem {
    name: String,
    count: usize,
    chosen: bool,
    /// The query that chooses it, or no longer chooses it.
    query: String,
}

/// What the URL asks for.
#[derive(Clone)]
struct Asked {
    words: String,
    tags: Vec<String>,
    state: &'static str,
    /// The name of a project, or its id; empty for all.
    project: String,
    /// From 1.
    page: usize,
}

impl Asked {
    fn parse(query: Option<&str>) -> Self {
        let state = query::first(query, "state");
        let page = number(&query::first(query, "page")).and_then(|page| usize::try_from(page).ok());
        Self {
            words: query::first(query, "q"),
            tags: query::all(query, "tag").into_iter().filter(|tag| !tag.is_empty()).collect(),
            state: STATES.iter().find(|(name, ..)| *name == state).map_or("", |(name, ..)| name),
            project: query::first(query, "project"),
            page: page.unwrap_or(1).clamp(1, 1_000_000),
        }
    }

    fn wanted(&self, project: Option<&Project>) -> Wanted {
        Wanted {
            project: project.map(|project| project.id),
            words: self.words.clone(),
            tags: self.tags.clone(),
            state: STATES.iter().find(|(name, ..)| *name == self.state).and_then(|(.., state)| *state),
            offset: (self.page - 1) * MOST_BUILDERS,
            limit: MOST_BUILDERS,
            n_recent: N_RECENT,
        }
    }

    /// The query of the same with other tags, state or page.
    fn query(&self, tags: &[&str], state: &str, page: usize) -> String {
        let page = if page == 1 { String::new() } else { page.to_string() };
        let mut pairs = vec![("q", self.words.as_str()), ("project", self.project.as_str()), ("state", state)];
        pairs.extend(tags.iter().map(|tag| ("tag", *tag)));
        pairs.push(("page", &page));
        query::of(&pairs)
    }

    fn tags(&self) -> Vec<&str> {
        self.tags.iter().map(String::as_str).collect()
    }

    fn tag(&self, name: &str, count: usize) -> TagItem {
        let chosen = self.tags.iter().any(|tag| tag == name);
        let mut then: Vec<&str> = self.tags().into_iter().filter(|tag| *tag != name).collect();
        if !chosen {
            then.push(name);
        }
        TagItem { query: self.query(&then, self.state, 1), name: name.to_owned(), count, chosen }
    }
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = Asked::parse(request.uri().query());
    let project = project(&view, &asked.project).await?;
    let wanted = asked.wanted(project.as_ref());
    let list = view.db.read(move |conn| builder_list::read(conn, &wanted)).await?;
    let [broken, running, waiting, new, shown_only] = list.n_in;
    let counts = [list.n_all, broken, running, waiting, new, shown_only];
    let state = |((name, text, _), count): (&(&'static str, &'static str, Option<State>), usize)| StateItem {
        text,
        count,
        chosen: *name == asked.state,
        query: asked.query(&asked.tags(), name, 1),
    };
    let (tags, more_tags) = tags(&list, &asked);
    let n_pages = list.n_found.div_ceil(MOST_BUILDERS).max(1);
    let page = BuildersPage {
        builders: list.lines.iter().map(|line| BuilderItem::new(line, view.now)).collect(),
        words: asked.words.clone(),
        states: STATES.iter().zip(counts).map(state).collect(),
        state: asked.state,
        n_all: list.n_all,
        n_found: list.n_found,
        tags,
        more_tags,
        chosen: asked.tags.clone(),
        project: project.map(|project| ProjectLink::new(&project.name, project.id)),
        without_project: Asked { project: String::new(), ..asked.clone() }.query(&asked.tags(), asked.state, 1),
        pages: Pager::numbered(asked.page, n_pages, |page| asked.query(&asked.tags(), asked.state, page)),
    };
    view.page("builders.html", "builders", &page)
}

/// The project that is asked for.
async fn project(view: &View, asked: &str) -> Result<Option<Project>, WebError> {
    if asked.is_empty() {
        return Ok(None);
    }
    let key = ProjectKey::parse(asked);
    let found = view.db.read(move |conn| projects::find(conn, &key)).await?;
    found.map(Some).ok_or_else(|| WebError::NotFound(format!("There is no project “{asked}”.")))
}

/// The chosen and the most frequent tags, and the others.
fn tags(list: &BuilderList, asked: &Asked) -> (Vec<TagItem>, Vec<TagItem>) {
    let mut by_count: Vec<(&String, &usize)> = list.tags.iter().collect();
    by_count.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let (often, seldom) = by_count.split_at(MOST_TAGS.min(by_count.len()));
    let is_chosen = |name: &str| asked.tags.iter().any(|tag| tag == name);
    let chosen = seldom.iter().filter(|(name, _)| is_chosen(name));
    let mut first: Vec<TagItem> = often.iter().chain(chosen).map(|(name, count)| asked.tag(name, **count)).collect();
    first.sort_by(|one, other| one.name.cmp(&other.name));
    let others = seldom.iter().filter(|(name, _)| !is_chosen(name));
    let mut more: Vec<TagItem> = others.map(|(name, count)| asked.tag(name, **count)).collect();
    more.sort_by(|one, other| one.name.cmp(&other.name));
    (first, more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_added_to_what_is_asked_for_and_taken_away_again() {
        let asked = Asked::parse(Some("q=a+b&state=broken&tag=x&page=3"));
        assert_eq!(asked.wanted(None).offset, 200);
        assert_eq!(asked.tag("y", 1).query, "?q=a%20b&state=broken&tag=x&tag=y");
        assert_eq!(asked.tag("x", 1).query, "?q=a%20b&state=broken");
    }

    #[test]
    fn nonsense_is_ignored() {
        let asked = Asked::parse(Some("state=odd&page=-4&tag="));
        assert_eq!((asked.state, asked.page, asked.tags.len()), ("", 1, 0));
        assert_eq!(Asked::parse(Some("page=99999999999999999999")).page, 1);
    }
}
