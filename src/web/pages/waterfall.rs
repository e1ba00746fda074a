//! The waterfall: a column for each builder, time going down into the past.

use std::collections::HashMap;

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use super::build_item::{builder_href, duration, step_status};
use super::view::View;
use crate::db::views::keys::number;
use crate::db::views::waterfall::{self, Waterfall};
use crate::domain::{Build, BuilderId, Step, Timestamp};
use crate::web::error::WebError;
use crate::web::format::{self, Status};
use crate::web::query;

/// Builds that are shown unless `?n=` says otherwise, and at most.
const N_BUILDS: i64 = 40;
const MOST_BUILDS: i64 = 400;

#[derive(Serialize)]
struct WaterfallPage {
    columns: Vec<Column>,
    rows: Vec<Row>,
    n: i64,
    /// All builders, to choose from.
    choices: Vec<Choice>,
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
    duration: String,
    steps: Vec<StepMark>,
}

#[derive(Serialize)]
struct StepMark {
    name: String,
    href: String,
    status: Status,
    duration: Option<String>,
}

pub async fn get(view: View, request: HttpRequest) -> Result<HttpResponse, WebError> {
    let names = query::all(request.uri().query(), "builder");
    let n = query::all(request.uri().query(), "n").first().and_then(|text| number(text)).unwrap_or(N_BUILDS);
    let n = n.clamp(1, MOST_BUILDS);
    let chosen = names.clone();
    let read = view.db.read(move |conn| waterfall::read(conn, &chosen, n)).await?;
    let page = page(&read, &names, n, view.now);
    view.page("waterfall.html", "waterfall", &page)
}

fn page(read: &Waterfall, names: &[String], n: i64, now: Timestamp) -> WaterfallPage {
    let has_builds = |id: BuilderId| read.builds.iter().any(|build| build.builder_id == id);
    let shown = read.builders.iter().filter(|builder| names.contains(&builder.name) || has_builds(builder.id));
    let hrefs: HashMap<BuilderId, String> =
        read.builders.iter().map(|builder| (builder.id, builder_href(&builder.name, builder.id.0))).collect();
    let columns: Vec<(BuilderId, Column)> = shown
        .map(|builder| (builder.id, Column { name: builder.name.clone(), href: hrefs[&builder.id].clone() }))
        .collect();
    let positions: HashMap<BuilderId, usize> =
        columns.iter().enumerate().map(|(position, (id, _))| (*id, position)).collect();
    let mut rows: Vec<Row> = Vec::new();
    let mut day = String::new();
    for builds in together(&read.builds) {
        let mut cells: Vec<Option<Cell>> = columns.iter().map(|_| None).collect();
        let started = builds.first().map_or(now, |build| build.started_at);
        for build in builds {
            let steps = read.steps.get(&build.id).map_or(&[][..], Vec::as_slice);
            if let Some((position, href)) = positions.get(&build.builder_id).zip(hrefs.get(&build.builder_id)) {
                cells[*position] = Some(cell(build, steps, href, now));
            }
        }
        let this_day = format::day(started);
        let is_new = this_day != day;
        day.clone_from(&this_day);
        rows.push(Row { day: Some(this_day).filter(|_| is_new), clock: format::clock(started), cells });
    }
    let choice = |name: &String| Choice { name: name.clone(), chosen: names.contains(name) };
    WaterfallPage {
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        rows,
        n,
        choices: read.builders.iter().map(|builder| choice(&builder.name)).collect(),
    }
}

/// Splits builds, newest first, into rows in which each builder occurs once; the order of time is kept.
fn together(builds: &[Build]) -> Vec<Vec<&Build>> {
    let mut rows: Vec<Vec<&Build>> = Vec::new();
    for build in builds {
        match rows.last_mut() {
            Some(row) if row.iter().all(|other| other.builder_id != build.builder_id) => row.push(build),
            _ => rows.push(vec![build]),
        }
    }
    rows
}

fn cell(build: &Build, steps: &[Step], builder_href: &str, now: Timestamp) -> Cell {
    let href = format!("{builder_href}/builds/{}", build.number);
    let mark = |step: &Step| StepMark {
        name: step.name.clone(),
        href: format!("{href}/steps/{}", step.number),
        status: step_status(step),
        duration: format::elapsed(step.started_at, step.complete_at, now),
    };
    Cell {
        number: build.number,
        status: format::build_status(build.results),
        duration: duration(build, now),
        steps: steps.iter().filter(|step| !step.hidden).map(mark).collect(),
        href,
    }
}
