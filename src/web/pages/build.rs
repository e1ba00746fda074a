//! One build: how it stands, its steps, what it was built from and what surrounds it.

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{BuildItem, duration, items};
use super::build_steps::{self, StepItem, Tails};
use super::changes::ChangeItem;
use super::view::View;
use crate::db::views::build_page;
use crate::db::views::build_requests::RequestLine;
use crate::db::views::keys::{BuildKey, BuilderKey, number};
use crate::db::views::source_stamps::StampLine;
use crate::domain::{Build, Change, Properties, PropertyValue, Timestamp};
use crate::json;
use crate::web::error::WebError;
use crate::web::forecasts;
use crate::web::format::{self, Progress, Status, When};
use crate::web::{log_reader, query, removed};

/// Characters of a property's value that are shown at once.
const MOST_VALUE: usize = 2_000;

#[derive(Serialize)]
struct BuildPage {
    build: BuildItem,
    id: i64,
    running: bool,
    worker_href: String,
    ended: Option<When>,
    /// How long builds of this builder usually take, and how this one differs.
    usual: Option<String>,
    against_usual: Option<String>,
    waited: Option<String>,
    lock_wait: Option<String>,
    requests: Vec<i64>,
    previous: Option<i64>,
    next: Option<i64>,
    near: Vec<Neighbour>,
    steps: Vec<StepItem>,
    n_hidden: usize,
    sources: Vec<SourceItem>,
    changes: Vec<ChangeItem>,
    people: Vec<String>,
    /// What is searched among the properties.
    wanted: String,
    n_properties: usize,
    properties: Vec<PropertyItem>,
    parents: Vec<BuildItem>,
    rebuilt: Vec<BuildItem>,
    triggered: Vec<BuildItem>,
}

/// A build of the same builder, before or after.
#[derive(Serialize)]
struct Neighbour {
    number: i64,
    href: String,
    status: Status,
    took: String,
    here: bool,
}

/// A link that a build made: only web addresses become links.
#[derive(Serialize)]
pub struct Link {
    name: String,
    url: Option<String>,
}

#[derive(Serialize)]
struct SourceItem {
    codebase: String,
    repository: String,
    repository_url: Option<String>,
    project: String,
    branch: Option<String>,
    revision: Option<String>,
    patch: bool,
}

/// A property with the place it came from.
#[derive(Serialize)]
pub struct PropertyItem {
    pub name: String,
    pub value: String,
    pub source: String,
}

/// The key of a build out of its URL.
pub fn build_key(builder: &str, build: &str) -> Result<BuildKey, WebError> {
    let missing = || WebError::NotFound(format!("“{build}” is no number of a build."));
    Ok(BuildKey::Number(BuilderKey::parse(builder), number(build).ok_or_else(missing)?))
}

/// Whether a browser may follow an address that others wrote.
pub fn is_web(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
}

pub fn links(urls: &[(String, String)]) -> Vec<Link> {
    let link =
        |(name, url): &(String, String)| Link { name: name.clone(), url: Some(url.clone()).filter(|url| is_web(url)) };
    urls.iter().map(link).collect()
}

/// The URL of a worker from the root.
pub fn worker_href(name: &str, id: i64) -> String {
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    format!("workers/{}", if is_number { id.to_string() } else { crate::web::templates::segment(name) })
}

pub async fn get(view: View, path: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let (builder, number) = path.into_inner();
    let key = build_key(&builder, &number)?;
    let wanted = key.clone();
    let Some(mut read) = view.db.read(move |conn| build_page::read(conn, &wanted)).await? else {
        return Err(removed::reason(&view.db, key, format!("“{builder}” has no build {number}.")).await);
    };
    log_reader::count_lines(&view.db, &mut read.logs).await?;
    let tails = build_steps::tails(&view, &read.steps, &read.logs).await?;
    let wanted = query::all(request.uri().query(), "property").into_iter().next().unwrap_or_default();
    let build = &read.line.build;
    let forecast = forecasts::of_running(&view.db, std::iter::once(build), view.now).await?.remove(&build.id);
    let progress = forecast.as_ref().and_then(|forecast| forecast.build);
    let mut page = page(&read, &tails, wanted, view.now);
    page.build.progress = progress.map(|estimate| Progress::of(build.started_at, &estimate));
    build_steps::add_progress(&mut page.steps, &read.steps, &forecast.unwrap_or_default());
    view.page("build.html", "builders", &page)
}

fn page(read: &build_page::BuildPage, tails: &Tails, wanted: String, now: Timestamp) -> BuildPage {
    let item = BuildItem::new(&read.line, now);
    let build = &read.line.build;
    let numbers = || read.context.near.iter().map(|other| other.number);
    let all = properties(&read.properties);
    BuildPage {
        id: build.id.0,
        running: build.complete_at.is_none(),
        worker_href: worker_href(&read.line.worker, build.worker_id.0),
        ended: build.complete_at.map(|at| When::new(at, now)),
        usual: read.context.usual.map(format::duration),
        against_usual: read.context.usual.and_then(|usual| against(build, usual, now)),
        waited: waited(&read.requests, build.started_at),
        lock_wait: wait_for_locks(build.locks_duration_s),
        requests: read.requests.iter().map(|request| request.id.0).collect(),
        previous: numbers().filter(|number| *number < build.number).max(),
        next: numbers().filter(|number| build.number < *number).min(),
        near: near(&read.context.near, build, &item.builder_href, now),
        steps: build_steps::items((&read.steps, &read.logs), tails, build, &item.href, now),
        n_hidden: read.steps.iter().filter(|step| step.hidden).count(),
        sources: read.stamps.iter().map(source).collect(),
        changes: read.changes.iter().map(|change| ChangeItem::new(change, now)).collect(),
        people: people(&read.changes, &read.properties),
        n_properties: all.len(),
        properties: all.into_iter().filter(|property| property.has(&wanted)).collect(),
        wanted,
        parents: items(&read.context.parents, now),
        rebuilt: items(&read.context.rebuilt, now),
        triggered: items(&read.triggered, now),
        build: item,
    }
}

/// The builds around this one, by number.
fn near(builds: &[Build], this: &Build, builder_href: &str, now: Timestamp) -> Vec<Neighbour> {
    let neighbour = |build: &Build| Neighbour {
        number: build.number,
        href: format!("{builder_href}/builds/{}", build.number),
        status: format::build_status(build.results),
        took: duration(build, now),
        here: build.id == this.id,
    };
    builds.iter().filter(|build| this.number - 9 < build.number).map(neighbour).collect()
}

/// How a build differs from what is usual, if it is worth saying.
fn against(build: &Build, usual: std::time::Duration, now: Timestamp) -> Option<String> {
    let took = build.complete_at.unwrap_or(now).since(build.started_at);
    let margin = (usual / 10).max(std::time::Duration::from_secs(1));
    match (took.checked_sub(usual), build.complete_at) {
        (Some(longer), _) if margin < longer => Some(format!("{} longer than usual", format::duration(longer))),
        (None, None) => Some(format!("about {} left", format::duration(usual.saturating_sub(took)))),
        (None, Some(_)) if margin < usual.saturating_sub(took) => {
            Some(format!("{} shorter than usual", format::duration(usual.saturating_sub(took))))
        }
        _ => None,
    }
}

/// Who wrote what is built, and who asked for it.
fn people(changes: &[Change], properties: &Properties) -> Vec<String> {
    let mut names: Vec<String> = changes.iter().map(|change| change.author.clone()).collect();
    for name in ["owner", "owners"] {
        match properties.get(name) {
            Some(PropertyValue::Str(owner)) => names.push(owner.clone()),
            Some(PropertyValue::List(owners)) => {
                names.extend(owners.iter().filter_map(PropertyValue::as_str).map(str::to_owned));
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    let mut seen = std::collections::HashSet::new();
    names.retain(|name| seen.insert(name.clone()));
    names
}

/// How long the oldest request waited, if it is worth saying.
fn waited(requests: &[RequestLine], started: Timestamp) -> Option<String> {
    let submitted = requests.iter().map(|request| request.submitted_at).min()?;
    Some(started.since(submitted)).filter(|waited| 0 < waited.as_secs()).map(format::duration)
}

fn wait_for_locks(seconds: i64) -> Option<String> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds != 0)?;
    Some(format::duration(std::time::Duration::from_secs(seconds)))
}

fn source(line: &StampLine) -> SourceItem {
    let spec = &line.stamp.spec;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    SourceItem {
        codebase: spec.codebase.clone(),
        repository: spec.repository.clone(),
        repository_url: Some(spec.repository.clone()).filter(|url| is_web(url)),
        project: spec.project.clone(),
        branch: filled(&spec.branch),
        revision: filled(&spec.revision),
        patch: spec.patch.is_some(),
    }
}

impl PropertyItem {
    fn has(&self, wanted: &str) -> bool {
        let wanted = wanted.to_lowercase();
        [&self.name, &self.value, &self.source].iter().any(|text| text.to_lowercase().contains(&wanted))
    }
}

pub fn properties(properties: &Properties) -> Vec<PropertyItem> {
    let item = |(name, property): (&str, &crate::domain::Property)| PropertyItem {
        name: name.to_owned(),
        value: shorten(&json::to_string(&json::of_property(&property.value)), MOST_VALUE),
        source: property.source.clone(),
    };
    properties.iter().map(item).collect()
}

/// The beginning of a text that is too long.
pub fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
