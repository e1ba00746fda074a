//! The steps of a build as a timeline, with the ends of their logs.

use std::collections::HashMap;

use serde::Serialize;

use super::build::{Link, links, shorten};
use super::build_item::step_status;
use super::lines::{LineItem, lines};
use super::view::View;
use crate::db::views::log_tails;
use crate::db::views::log_text::LogLines;
use crate::domain::{Build, Log, LogId, LogKind, Pace, Results, Step, StepGroup, StepId, Timestamp};
use crate::web::error::WebError;
use crate::web::forecasts::BuildForecast;
use crate::web::format::{self, Progress, Status, When};
use crate::web::templates::segment;

/// Lines of a log that are shown: of a failing step, and of any other.
const FAILED_LINES: usize = 30;
const OTHER_LINES: usize = 12;
/// Logs of which lines are shown; the others are links.
const MOST_TAILS: usize = 24;
/// Failing steps whose logs are open at once.
const MOST_OPEN: usize = 2;
/// Characters of a line that are shown.
const MOST_CHARACTERS: usize = 400;
/// Width of the timeline in its own units.
const WIDTH: u64 = 1_000;

/// The last lines of logs.
pub type Tails = HashMap<LogId, LogLines>;

/// A step on its build's page.
#[derive(Serialize)]
pub struct StepItem {
    number: i32,
    name: String,
    href: String,
    status: Status,
    state: String,
    started: Option<When>,
    running: bool,
    /// Of a running step that earlier builds had, too.
    progress: Option<Progress>,
    hidden: bool,
    duration: Option<String>,
    lock_wait: Option<String>,
    bar: Option<Bar>,
    links: Vec<Link>,
    logs: Vec<LogItem>,
    in_group: bool,
    /// Set for the first step of a group.
    group: Option<GroupItem>,
}

/// Steps that run together.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct GroupItem {
    name: String,
    n_steps: usize,
    /// Why they do not run at the same time.
    why_serial: Option<&'static str>,
}

/// Where a step lies in its build, in thousandths of the build's duration.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Bar {
    from: u64,
    width: u64,
    /// How much of it, at its begin, the step waited for locks.
    locked: u64,
}

#[derive(Serialize)]
struct LogItem {
    name: String,
    href: String,
    n_lines: i64,
    open: bool,
    is_html: bool,
    /// Its text was removed.
    is_removed: bool,
    n_before: i64,
    tail: Vec<LineItem>,
}

/// Reads the ends of the logs that are shown: those of failed steps first.
pub async fn tails(view: &View, steps: &[Step], logs: &[Log]) -> Result<Tails, WebError> {
    let has_lines = |log: &&Log| !matches!(log.kind, LogKind::Html | LogKind::Deleted) && 0 < log.n_lines;
    let mut wanted: Vec<&Log> = logs.iter().filter(has_lines).collect();
    let failed: HashMap<StepId, bool> = steps.iter().map(|step| (step.id, has_failed(step))).collect();
    wanted.sort_by_key(|log| !failed.get(&log.step_id).copied().unwrap_or(false));
    let ids: Vec<LogId> = wanted.iter().take(MOST_TAILS).map(|log| log.id).collect();
    if ids.is_empty() {
        return Ok(Tails::new());
    }
    let most = i64::try_from(FAILED_LINES).unwrap_or(i64::MAX);
    Ok(view.db.read_logs(move |conn| log_tails::read(conn, &ids, most)).await?)
}

/// All steps of `build`, whose page is at `build_href`.
pub fn items(
    (steps, logs): (&[Step], &[Log]),
    tails: &Tails,
    build: &Build,
    build_href: &str,
    now: Timestamp,
) -> Vec<StepItem> {
    let mut of_step: HashMap<StepId, Vec<&Log>> = HashMap::new();
    for log in logs {
        of_step.entry(log.step_id).or_default().push(log);
    }
    let mut n_open = 0;
    let mut items = Vec::with_capacity(steps.len());
    for step in steps {
        let open = has_failed(step) && n_open < MOST_OPEN;
        n_open += usize::from(open);
        let href = format!("{build_href}/steps/{}", step.number);
        let logs = of_step.get(&step.id).map_or(&[][..], Vec::as_slice);
        let logs = logs.iter().map(|log| log_item(log, tails.get(&log.id), &href, open)).collect();
        let item = item(step, logs, href, (build.started_at, build.complete_at.unwrap_or(now)), now);
        items.push(StepItem { group: group_begin(step, steps), ..item });
    }
    items
}

/// The group that begins with a step.
fn group_begin(step: &Step, steps: &[Step]) -> Option<GroupItem> {
    let group = step.group.as_ref()?;
    let mut members = steps.iter().filter(|other| other.group.as_ref().is_some_and(|of| of.first == group.first));
    // Some of the group may have no row: they were not to run.
    if members.next().is_some_and(|first| first.id != step.id) {
        return None;
    }
    let StepGroup { name, pace, .. } = group.clone();
    let why_serial = (pace == Pace::OneByOne).then_some("the worker speaks Perspective Broker");
    Some(GroupItem { name, n_steps: 1 + members.count(), why_serial })
}

/// Says of the running steps how far they are.
pub fn add_progress(items: &mut [StepItem], steps: &[Step], forecast: &BuildForecast) {
    for (item, step) in items.iter_mut().zip(steps).filter(|(item, _)| item.running) {
        let began = step.locks_acquired_at.or(step.started_at);
        item.progress = forecast.steps.get(&step.id).zip(began).map(|(estimate, began)| Progress::of(began, estimate));
    }
}

fn has_failed(step: &Step) -> bool {
    matches!(step.results, Some(Results::Failure | Results::Exception))
}

fn item(step: &Step, logs: Vec<LogItem>, href: String, build: (Timestamp, Timestamp), now: Timestamp) -> StepItem {
    let waited = step.locks_acquired_at.zip(step.started_at).map(|(acquired, started)| acquired.since(started));
    StepItem {
        number: step.number,
        name: step.name.clone(),
        status: step_status(step),
        state: step.state_string.clone(),
        started: step.started_at.map(|at| When::new(at, now)),
        running: step.started_at.is_some() && step.complete_at.is_none(),
        progress: None,
        hidden: step.hidden,
        duration: format::elapsed(step.started_at, step.complete_at, now),
        lock_wait: waited.filter(|waited| 0 < waited.as_secs()).map(format::duration),
        bar: bar(step, build, now),
        links: links(&step.urls),
        logs,
        href,
        in_group: step.group.is_some(),
        group: None,
    }
}

fn bar(step: &Step, (begin, end): (Timestamp, Timestamp), now: Timestamp) -> Option<Bar> {
    let started = step.started_at?;
    let whole = end.since(begin).as_millis().max(1);
    let share = |from: Timestamp, to: Timestamp| {
        let part = to.since(from).as_millis().saturating_mul(u128::from(WIDTH)) / whole;
        u64::try_from(part).unwrap_or(WIDTH).min(WIDTH)
    };
    let from = share(begin, started).min(WIDTH - 4);
    let width = share(started, step.complete_at.unwrap_or(now)).clamp(4, WIDTH - from);
    let locked = step.locks_acquired_at.map_or(0, |acquired| share(started, acquired)).min(width);
    Some(Bar { from, width, locked })
}

fn log_item(log: &Log, tail: Option<&LogLines>, step_href: &str, open: bool) -> LogItem {
    let most = if open { FAILED_LINES } else { OTHER_LINES };
    let tail = tail.map_or_else(Vec::new, |tail| {
        let text: Vec<String> = tail.text.lines().map(|line| shorten(line, MOST_CHARACTERS)).collect();
        let mut items = lines(&text.join("\n"), log.kind, tail.first_line, &tail.ansi);
        items.split_off(items.len().saturating_sub(most))
    });
    LogItem {
        name: log.name.clone(),
        href: format!("{step_href}/logs/{}", segment(&log.slug)),
        n_lines: log.n_lines,
        open: open && !tail.is_empty(),
        is_html: log.kind == LogKind::Html,
        is_removed: log.kind == LogKind::Deleted,
        n_before: log.n_lines.saturating_sub(i64::try_from(tail.len()).unwrap_or(0)).max(0),
        tail,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::BuildId;

    fn step(started: u64, ended: Option<u64>) -> Step {
        let at = |seconds| Timestamp::from_secs(1_000) + Duration::from_secs(seconds);
        Step {
            id: StepId(1),
            number: 0,
            name: "make".to_owned(),
            build_id: BuildId(1),
            started_at: Some(at(started)),
            locks_acquired_at: Some(at(started + 10)),
            complete_at: ended.map(at),
            results: None,
            state_string: String::new(),
            urls: Vec::new(),
            hidden: false,
            group: None,
        }
    }

    #[test]
    fn a_group_is_told_where_its_first_row_stands() {
        let of_group = |id, first| {
            let group = StepGroup { first, name: "checks".to_owned(), pace: Pace::OneByOne };
            Step { id: StepId(id), group: Some(group), ..step(0, None) }
        };
        let steps = [step(0, None), of_group(2, 1), of_group(3, 1), of_group(4, 3)];
        let begun = |step: &Step| group_begin(step, &steps).map(|group| group.n_steps);
        assert_eq!(steps.each_ref().map(begun), [None, Some(2), None, Some(1)]);
        assert!(group_begin(&steps[1], &steps).unwrap().why_serial.is_some());
    }

    #[test]
    fn bars_lie_where_the_step_lies_in_the_build_and_never_outside() {
        let build = (Timestamp::from_secs(1_000), Timestamp::from_secs(1_100));
        let of = |step: &Step| bar(step, build, Timestamp::from_secs(1_100));
        assert_eq!(of(&step(20, Some(70))), Some(Bar { from: 200, width: 500, locked: 100 }));
        assert_eq!(of(&step(50, None)), Some(Bar { from: 500, width: 500, locked: 100 }));
        assert_eq!(of(&step(100, Some(100))), Some(Bar { from: 996, width: 4, locked: 4 }));
        assert_eq!(of(&Step { started_at: None, ..step(0, None) }), None);
    }
}
