//! One worker: its state, what it builds and built, how busy it is.

use std::time::Duration;

use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build::worker_href;
use super::build_item::{BuildItem, builder_href, items};
use super::view::View;
use super::workers::{filled, state};
use crate::db::views::keys::{WorkerKey, number};
use crate::db::views::worker_page;
use crate::domain::Timestamp;
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::query;

/// Finished builds on one page.
const MOST_BUILDS: i64 = 25;
/// Builders that are named; of the others there is the number.
const MOST_BUILDERS: usize = 60;
/// Bars of the load, one for each hour.
const HOURS: u64 = 48;
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Serialize)]
struct WorkerPage {
    id: i64,
    name: String,
    href: String,
    status: Status,
    /// Since when it is connected, or away.
    since: Option<When>,
    is_connected: bool,
    is_paused: bool,
    /// Whether it can be asked to shut down.
    can_leave: bool,
    pause_reason: Option<String>,
    version: Option<String>,
    admin: Option<String>,
    host: Option<String>,
    access_uri: Option<String>,
    max_builds: Option<u32>,
    builders: Vec<(String, String)>,
    n_builders: usize,
    running: Vec<BuildItem>,
    finished: Vec<BuildItem>,
    is_older: bool,
    older: Option<i64>,
    load: Vec<Hour>,
    /// Of the last day and of all hours shown, in percent of the time.
    busy_day: u64,
    busy_all: u64,
}

/// How much was built in an hour.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Hour {
    /// The hour's begin, e.g. `21 Nov 04:00`.
    label: String,
    /// Percent of the hour, builds side by side counted each.
    percent: u64,
}

pub async fn get(view: View, name: Path<String>, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let before = query::all(request.uri().query(), "before").first().and_then(|text| number(text));
    let key = WorkerKey::parse(&name);
    let since = view.now - HOUR * u32::try_from(HOURS).unwrap_or(0);
    let read = view.db.read(move |conn| worker_page::read(conn, &key, before, MOST_BUILDS, since)).await?;
    let read = read.ok_or_else(|| WebError::NotFound(format!("There is no worker “{name}”.")))?;
    let worker = &read.worker;
    let config = view.handle.config();
    let load = load(&read.spans, view.now);
    let mean = |hours: &[Hour]| {
        hours.iter().map(|hour| hour.percent.min(100)).sum::<u64>() / u64::try_from(hours.len().max(1)).unwrap_or(1)
    };
    let page = WorkerPage {
        href: worker_href(&worker.name, worker.id.0),
        id: worker.id.0,
        name: worker.name.clone(),
        status: state(worker),
        since: worker.connection_changed_at.map(|at| When::new(at, view.now)),
        is_connected: worker.connected,
        is_paused: worker.paused,
        can_leave: worker.connected && !worker.graceful,
        pause_reason: filled(worker.pause_reason.as_ref()),
        version: filled(worker.info.version.as_ref()),
        admin: filled(worker.info.admin.as_ref()),
        host: filled(worker.info.host.as_ref()),
        access_uri: filled(worker.info.access_uri.as_ref()),
        max_builds: config.workers.iter().find(|other| other.name == worker.name).and_then(|other| other.max_builds),
        n_builders: read.builders.len(),
        builders: read
            .builders
            .iter()
            .take(MOST_BUILDERS)
            .map(|builder| (builder.name.clone(), builder_href(&builder.name, builder.id.0)))
            .collect(),
        running: items(&read.running, view.now),
        finished: items(&read.finished, view.now),
        is_older: before.is_some(),
        older: read.finished.last().filter(|_| read.has_older).map(|line| line.build.id.0),
        busy_day: mean(load.get(load.len() / 2..).unwrap_or_default()),
        busy_all: mean(&load),
        load,
    };
    view.page("worker.html", "workers", &page)
}

/// The hours up to now, oldest first.
fn load(spans: &[(Timestamp, Option<Timestamp>)], now: Timestamp) -> Vec<Hour> {
    let hour = |age: u64| {
        let back = |hours: u64| now - HOUR * u32::try_from(hours).unwrap_or(0);
        let (begin, end) = (back(age + 1), back(age));
        let within = |(from, to): &(Timestamp, Option<Timestamp>)| {
            to.unwrap_or(now).min(end).since((*from).max(begin)).as_secs()
        };
        let seconds: u64 = spans.iter().map(within).sum();
        let label = format!("{} {}", format::day(begin), format::clock(begin));
        Hour { label, percent: seconds.saturating_mul(100) / HOUR.as_secs() }
    };
    (0..HOURS).rev().map(hour).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_as_full_as_builds_cover_it() {
        let now = Timestamp::from_secs(1_795_000_000);
        let ago = |minutes: u64| now - Duration::from_secs(minutes * 60);
        let hours = load(&[(ago(90), Some(ago(30))), (ago(15), None)], now);
        let last: Vec<u64> = hours.iter().rev().take(3).map(|hour| hour.percent).collect();
        assert_eq!((hours.len(), last), (48, vec![75, 50, 0]));
    }
}
