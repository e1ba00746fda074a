//! One build: steps, logs, properties, changes.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::Path;
use serde::Serialize;

use super::build_item::{BuildItem, items, step_status};
use super::changes::ChangeItem;
use super::view::View;
use crate::db::views::build_page;
use crate::db::views::build_requests::RequestLine;
use crate::db::views::keys::{BuildKey, BuilderKey, number};
use crate::db::views::source_stamps::StampLine;
use crate::domain::{Log, Properties, Step, StepId, Timestamp};
use crate::json;
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::log_reader;
use crate::web::templates::segment;

#[derive(Serialize)]
struct BuildPage {
    build: BuildItem,
    id: i64,
    running: bool,
    ended: Option<When>,
    waited: Option<String>,
    lock_wait: Option<String>,
    n_requests: usize,
    previous: Option<i64>,
    next: Option<i64>,
    steps: Vec<StepItem>,
    hidden: Vec<StepItem>,
    sources: Vec<SourceItem>,
    changes: Vec<ChangeItem>,
    properties: Vec<PropertyItem>,
    triggered: Vec<BuildItem>,
}

#[derive(Serialize)]
struct StepItem {
    number: i32,
    name: String,
    href: String,
    status: Status,
    state: String,
    duration: Option<String>,
    links: Vec<Link>,
    logs: Vec<LogLink>,
}

#[derive(Serialize)]
struct LogLink {
    name: String,
    href: String,
    lines: String,
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
    project: String,
    branch: Option<String>,
    revision: Option<String>,
    patch: bool,
}

#[derive(Serialize)]
struct PropertyItem {
    name: String,
    value: String,
    source: String,
}

/// The key of a build out of its URL.
pub fn build_key(builder: &str, build: &str) -> Result<BuildKey, WebError> {
    let missing = || WebError::NotFound(format!("“{build}” is no number of a build."));
    Ok(BuildKey::Number(BuilderKey::parse(builder), number(build).ok_or_else(missing)?))
}

pub fn links(urls: &[(String, String)]) -> Vec<Link> {
    let is_web = |url: &str| ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme));
    let link =
        |(name, url): &(String, String)| Link { name: name.clone(), url: Some(url.clone()).filter(|url| is_web(url)) };
    urls.iter().map(link).collect()
}

pub async fn get(view: View, path: Path<(String, String)>) -> Result<HttpResponse, WebError> {
    let (builder, number) = path.into_inner();
    let key = build_key(&builder, &number)?;
    let read = view.db.read(move |conn| build_page::read(conn, &key)).await?;
    let mut read = read.ok_or_else(|| WebError::NotFound(format!("“{builder}” has no build {number}.")))?;
    log_reader::count_lines(&view.db, &mut read.logs).await?;
    let page = page(&read, view.now);
    view.page("build.html", "builders", &page)
}

fn page(read: &build_page::BuildPage, now: Timestamp) -> BuildPage {
    let item = BuildItem::new(&read.line, now);
    let build = &read.line.build;
    let mut logs: HashMap<StepId, Vec<&Log>> = HashMap::new();
    for log in &read.logs {
        logs.entry(log.step_id).or_default().push(log);
    }
    let step = |step: &Step| step_item(step, logs.get(&step.id).map_or(&[][..], Vec::as_slice), &item.href, now);
    BuildPage {
        id: build.id.0,
        running: build.complete_at.is_none(),
        ended: build.complete_at.map(|at| When::new(at, now)),
        waited: waited(&read.requests, build.started_at),
        lock_wait: wait_for_locks(build.locks_duration_s),
        n_requests: read.requests.len(),
        previous: Some(build.number - 1).filter(|number| 0 < *number),
        next: Some(build.number + 1).filter(|_| read.has_next),
        steps: read.steps.iter().filter(|step| !step.hidden).map(step).collect(),
        hidden: read.steps.iter().filter(|step| step.hidden).map(step).collect(),
        sources: read.stamps.iter().map(source).collect(),
        changes: read.changes.iter().map(|change| ChangeItem::new(change, now)).collect(),
        properties: properties(&read.properties),
        triggered: items(&read.triggered, now),
        build: item,
    }
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

fn step_item(step: &Step, logs: &[&Log], build_href: &str, now: Timestamp) -> StepItem {
    let href = format!("{build_href}/steps/{}", step.number);
    let log = |log: &&Log| LogLink {
        name: log.name.clone(),
        href: format!("{href}/logs/{}", segment(&log.slug)),
        lines: format::counted(usize::try_from(log.n_lines).unwrap_or(0), "line"),
    };
    StepItem {
        number: step.number,
        name: step.name.clone(),
        status: step_status(step),
        state: step.state_string.clone(),
        duration: format::elapsed(step.started_at, step.complete_at, now),
        links: links(&step.urls),
        logs: logs.iter().map(log).collect(),
        href,
    }
}

fn source(line: &StampLine) -> SourceItem {
    let spec = &line.stamp.spec;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    SourceItem {
        codebase: spec.codebase.clone(),
        repository: spec.repository.clone(),
        project: spec.project.clone(),
        branch: filled(&spec.branch),
        revision: filled(&spec.revision),
        patch: spec.patch.is_some(),
    }
}

fn properties(properties: &Properties) -> Vec<PropertyItem> {
    let item = |(name, property): (&str, &crate::domain::Property)| PropertyItem {
        name: name.to_owned(),
        value: json::to_string(&json::of_property(&property.value)),
        source: property.source.clone(),
    };
    properties.iter().map(item).collect()
}
