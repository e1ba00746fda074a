//! The waterfall: a column for each builder, time going down into the past. It is bounded: as many builds as are asked
//! for, and the columns that they need.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{builder_href, duration, step_status};
use super::pager::Pager;
use super::view::View;
use crate::db::views::keys::number;
use crate::db::views::waterfall::{self, Wanted, Waterfall};
use crate::domain::{Build, BuilderId, Step, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};
use crate::web::query;

/// Builds that are shown unless `?n=` says otherwise, and at most.
const N_BUILDS: usize = 50;
const MOST_BUILDS: usize = 400;
/// Columns at most; further builders are only counted.
const MOST_COLUMNS: usize = 40;
/// Builds that started within so long may share a row.
const ROW_SPAN: Duration = Duration::from_secs(30 * 60);
/// Steps that are shown of each build at most.
const MOST_STEPS: usize = 20;
/// Numbers of builds to choose from.
const NUMBERS: [usize; 4] = [25, 50, 100, 400];
/// Beyond so many builders they are found by words instead of boxes.
const MOST_CHOICES: usize = 60;

#[derive(Serialize)]
struct WaterfallPage {
    columns: Vec<Column>,
    rows: Vec<Row>,
    /// Builders whose builds found no column.
    n_left_out: usize,
    filter: FilterItem,
    pages: Pager,
    n_builds: usize,
}

/// The form as it was sent.
#[derive(Serialize)]
struct FilterItem {
    words: String,
    tag: String,
    tags: Vec<String>,
    since: String,
    until: String,
    only_failing: bool,
    n: usize,
    numbers: [usize; 4],
    /// Builders to choose from, if they are few; those that are chosen in any case.
    choices: Vec<Choice>,
    n_chosen: usize,
    is_filtered: bool,
    n_all: usize,
}

#[derive(Serialize)]
struct Column {
    name: String,
    href: String,
}

#[derive(Serialize)]
struct Choice {
    name: String,
    chosen: bool,
}

/// Builds that started at about the same time, one at most in each column.
#[derive(Serialize)]
struct Row {
    /// Given where a new day begins.
    day: Option<String>,
    clock: String,
    cells: Vec<Option<Cell>>,
}

#[derive(Serialize)]
struct Cell {
    number: i64,
    href: String,
    status: Status,
    started: When,
    running: bool,
    duration: String,
    steps: Vec<StepMark>,
    n_more: usize,
}

#[derive(Serialize)]
struct StepMark {
    name: String,
    href: String,
    status: Status,
    duration: Option<String>,
}

/// What the URL asks for.
struct Asked {
    wanted: Wanted,
    tag: String,
    since: String,
}

impl Asked {
    fn parse(query: Option<&str>, now: Timestamp) -> Self {
        let first = |name| query::first(query, name);
        let (since, until, tag) = (first("since"), first("until"), first("tag"));
        let n = number(&first("n")).and_then(|n| usize::try_from(n).ok()).unwrap_or(N_BUILDS);
        let mut names = query::all(query, "builder");
        names.retain(|name| !name.is_empty());
        names.truncate(MOST_CHOICES);
        let wanted = Wanted {
            names,
            words: first("q"),
            tags: Some(tag.clone()).filter(|tag| !tag.is_empty()).into_iter().collect(),
            since: format::moment(&since, now),
            until: format::moment(&until, now),
            only_failing: !first("failing").is_empty(),
            limit: n.clamp(1, MOST_BUILDS),
        };
        Self { wanted, tag, since }
    }

    /// The same at another place in time.
    fn query(&self, until: &str) -> String {
        let n = self.wanted.limit.to_string();
        let mut pairs: Vec<(&str, &str)> = self.wanted.names.iter().map(|name| ("builder", name.as_str())).collect();
        pairs.push(("q", &self.wanted.words));
        pairs.push(("tag", &self.tag));
        pairs.push(("since", &self.since));
        pairs.push(("until", until));
        pairs.push(("failing", if self.wanted.only_failing { "1" } else { "" }));
        pairs.push(("n", if self.wanted.limit == N_BUILDS { "" } else { &n }));
        query::of(&pairs)
    }

    fn is_filtered(&self) -> bool {
        let wanted = &self.wanted;
        let has_builders = !wanted.names.is_empty() || !wanted.words.is_empty() || !wanted.tags.is_empty();
        has_builders || wanted.since.is_some() || wanted.until.is_some() || wanted.only_failing
    }
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let asked = Asked::parse(request.uri().query(), view.now);
    let wanted = asked.wanted.clone();
    let read = view.db.read(move |conn| waterfall::read(conn, &wanted)).await?;
    let page = page(&read, &asked, view.now);
    view.page("waterfall.html", "waterfall", &page)
}

fn page(read: &Waterfall, asked: &Asked, now: Timestamp) -> WaterfallPage {
    let has_builds: HashSet<BuilderId> = read.builds.iter().map(|build| build.builder_id).collect();
    let is_named = |name: &String| asked.wanted.names.contains(name);
    let shown = read.builders.iter().filter(|builder| is_named(&builder.name) || has_builds.contains(&builder.id));
    let mut columns: Vec<(BuilderId, Column)> = shown
        .map(|builder| {
            (builder.id, Column { href: builder_href(&builder.name, builder.id.0), name: builder.name.clone() })
        })
        .collect();
    let n_left_out = columns.len().saturating_sub(MOST_COLUMNS);
    columns.truncate(MOST_COLUMNS);
    let rows = rows(read, &columns, now);
    let oldest = read.builds.last().filter(|_| asked.wanted.limit <= read.builds.len());
    let older = oldest.map(|build| asked.query(&format::precise(build.started_at)));
    let newer = asked.wanted.until.map(|_| asked.query(""));
    WaterfallPage {
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        rows,
        n_left_out,
        filter: filter(read, asked),
        pages: Pager::from_newest(newer, older),
        n_builds: read.builds.len(),
    }
}

fn filter(read: &Waterfall, asked: &Asked) -> FilterItem {
    let wanted = &asked.wanted;
    let is_chosen = |name: &String| wanted.names.contains(name);
    let choice = |name: &String| Choice { name: name.clone(), chosen: is_chosen(name) };
    let names = read.all_names.iter().take(MOST_CHOICES);
    FilterItem {
        words: wanted.words.clone(),
        tag: asked.tag.clone(),
        tags: read.tags.iter().cloned().collect(),
        since: wanted.since.map(format::field).unwrap_or_default(),
        until: wanted.until.map(format::field).unwrap_or_default(),
        only_failing: wanted.only_failing,
        n: wanted.limit,
        numbers: NUMBERS,
        choices: if read.n_all <= MOST_CHOICES {
            names.map(choice).collect()
        } else {
            wanted.names.iter().map(choice).collect()
        },
        n_chosen: wanted.names.len(),
        is_filtered: asked.is_filtered(),
        n_all: read.n_all,
    }
}

fn rows(read: &Waterfall, columns: &[(BuilderId, Column)], now: Timestamp) -> Vec<Row> {
    let positions: HashMap<BuilderId, usize> =
        columns.iter().enumerate().map(|(position, (id, _))| (*id, position)).collect();
    let shown: Vec<&Build> = read.builds.iter().filter(|build| positions.contains_key(&build.builder_id)).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut day = String::new();
    for builds in together(&shown) {
        let mut cells: Vec<Option<Cell>> = columns.iter().map(|_| None).collect();
        let started = builds.first().map_or(now, |build| build.started_at);
        for build in builds {
            let steps = read.steps.get(&build.id).map_or(&[][..], Vec::as_slice);
            if let Some(position) = positions.get(&build.builder_id) {
                cells[*position] = Some(cell(build, steps, &columns[*position].1.href, now));
            }
        }
        let this_day = format::day(started);
        let is_new = this_day != day;
        day.clone_from(&this_day);
        rows.push(Row { day: Some(this_day).filter(|_| is_new), clock: format::clock(started), cells });
    }
    rows
}

/// Splits builds, newest first, into rows in which each builder occurs once and that span no more than [`ROW_SPAN`]; the
/// order of time is kept.
fn together<'build>(builds: &[&'build Build]) -> Vec<Vec<&'build Build>> {
    let mut rows: Vec<Vec<&Build>> = Vec::new();
    for build in builds {
        match rows.last_mut() {
            Some(row) if fits(row, build) => row.push(build),
            _ => rows.push(vec![build]),
        }
    }
    rows
}

fn fits(row: &[&Build], build: &Build) -> bool {
    row.iter().all(|other| other.builder_id != build.builder_id)
        && row.first().is_none_or(|first| first.started_at.since(build.started_at) <= ROW_SPAN)
}

fn cell(build: &Build, steps: &[Step], builder_href: &str, now: Timestamp) -> Cell {
    let href = format!("{builder_href}/builds/{}", build.number);
    let mark = |step: &Step| StepMark {
        name: step.name.clone(),
        href: format!("{href}/steps/{}", step.number),
        status: step_status(step),
        duration: format::elapsed(step.started_at, step.complete_at, now),
    };
    let visible = steps.iter().filter(|step| !step.hidden);
    Cell {
        number: build.number,
        status: format::build_status(build.results),
        started: When::new(build.started_at, now),
        running: build.complete_at.is_none(),
        duration: duration(build, now),
        n_more: visible.clone().count().saturating_sub(MOST_STEPS),
        steps: visible.take(MOST_STEPS).map(mark).collect(),
        href,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_keeps_every_filter_when_one_goes_back_in_time() {
        let now = Timestamp::from_secs(1_795_000_000);
        let asked = Asked::parse(Some("builder=a%2Fb&builder=c&q=x&tag=t&since=24h&until=1h&failing=1&n=7"), now);
        let expected = "?builder=a%2Fb&builder=c&q=x&tag=t&since=24h&until=2026&failing=1&n=7";
        assert_eq!(asked.query("2026"), expected);
        assert_eq!((asked.wanted.limit, asked.wanted.only_failing, asked.is_filtered()), (7, true, true));
    }

    #[test]
    fn numbers_are_bounded_and_nonsense_is_ignored() {
        let now = Timestamp::from_secs(1_795_000_000);
        for (query, limit) in
            [("n=0", 1), ("n=99999", MOST_BUILDS), ("n=x", N_BUILDS), ("since=never&builder=", N_BUILDS)]
        {
            let asked = Asked::parse(Some(query), now);
            assert_eq!((asked.wanted.limit, asked.is_filtered()), (limit, false), "{query}");
        }
    }
}
