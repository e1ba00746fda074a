//! `buildbot status`: what is broken, what runs, what waits, and who is there to do it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;

use super::output::say;
use super::paint::{Paint, Tone, harmless, tone_of};
use super::table::{Cell, lines};
use super::{ask_master, base_dir, block_on, progress};
use crate::control::{BuildLine, Overview, Request, Response, Status, WorkerLine};
use crate::domain::Results;
use crate::json;

const PATIENCE: Duration = Duration::from_secs(10);

/// Waiting requests that are shown; more are counted.
const MOST_WAITING: usize = 10;

/// Shows what is broken, what runs and what waits
///
/// Asks the running master of a base directory through its control socket: no web interface is needed, and only the
/// master's own user may ask.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot status
  buildbot status /srv/buildbot/master
  buildbot status --json /srv/buildbot/master | jq .broken

Colours are used on a terminal, unless NO_COLOR is set.
Exit codes: 0 the master answered, 1 it did not or is not running, 2 wrong usage")]
pub(super) struct ShowStatus {
    /// Print all of it as JSON
    #[arg(long)]
    json: bool,
    /// The master's base directory
    #[arg(default_value = ".", value_name = "DIR")]
    base_dir: PathBuf,
}

impl ShowStatus {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.base_dir)?;
        let asked = async {
            progress::during(false, "asking the master", ask_master(&base_dir, Request::Overview, PATIENCE)).await
        };
        let Response::Overview(overview) = block_on(asked)? else {
            bail!("the master is of another version; restart it to ask it this");
        };
        if self.json {
            say(json::to_string_pretty(&overview));
        } else {
            describe(&overview, Paint::for_stdout()).into_iter().for_each(say);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(overview: &Overview, paint: Paint) -> Vec<String> {
    let mut shown = vec![headline(overview, paint)];
    shown.extend(trouble(overview, paint));
    let status = &overview.status;
    let n_broken = overview.n_broken;
    shown.extend(section(paint, "Broken", n_broken, builds(overview, &overview.broken, paint)));
    shown.extend(section(paint, "Running", status.n_running_builds, builds(overview, &overview.running, paint)));
    shown.extend(section(paint, "Waiting", status.n_waiting_requests, waiting(overview, paint)));
    let attached = format!("{} of {} attached", status.n_attached_workers, status.n_workers);
    shown.push(String::new());
    shown.push(format!("{}: {attached}", paint.text(Tone::Strong, "Workers")));
    let workers: Vec<Vec<Cell>> = overview.workers.iter().map(worker).collect();
    shown.extend(lines(paint, &workers));
    shown
}

fn headline(overview: &Overview, paint: Paint) -> String {
    let status = &overview.status;
    let (state, tone) = match (status.is_stopping, status.is_up) {
        (true, _) => ("stopping", Tone::Warning),
        (false, true) => ("up", Tone::Good),
        (false, false) => ("starting", Tone::Running),
    };
    let url = overview.url.as_ref().map(|url| format!(", {url}")).unwrap_or_default();
    let Status { pid, version, n_builders, .. } = status;
    let state = paint.text(tone, state);
    format!("Master {state}, process {pid}, version {version}, {}{url}", counted(*n_builders, "builder"))
}

/// What keeps the master from doing all of its work.
fn trouble(overview: &Overview, paint: Paint) -> Vec<String> {
    let status = &overview.status;
    let degraded = status.degraded.iter().map(|why| format!("degraded: {}", harmless(why)));
    let switched_off = status.quarantined.iter().map(|actor| format!("switched off: {}", harmless(actor)));
    let unread = overview.trouble.iter().map(|why| format!("the lists cannot be read: {}", harmless(why)));
    degraded.chain(switched_off).chain(unread).map(|line| paint.text(Tone::Bad, line)).collect()
}

/// A heading and its rows; one line if there are none.
fn section(paint: Paint, name: &str, n_rows: u64, rows: Vec<Vec<Cell>>) -> Vec<String> {
    let mut shown = vec![String::new()];
    let heading = paint.text(Tone::Strong, name);
    if n_rows == 0 {
        shown.push(format!("{heading}: nothing"));
        return shown;
    }
    shown.push(format!("{heading}: {n_rows}"));
    shown.extend(lines(paint, &rows));
    let n_more = n_rows.saturating_sub(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    if 0 < n_more {
        shown.push(format!("  and {n_more} more"));
    }
    shown
}

fn builds(overview: &Overview, builds: &[BuildLine], paint: Paint) -> Vec<Vec<Cell>> {
    let row = |build: &BuildLine| {
        let results = build.results.and_then(Results::from_code);
        let tone = tone_of(results);
        let age = match build.complete_at {
            Some(at) => format!("{} ago", age(overview.now, at)),
            None => format!("for {}{}", age(overview.now, build.started_at), outlook(build)),
        };
        let mut name = Cell::plain(&format!("{}/{}", build.builder, build.number));
        if paint.is_on() {
            name = Cell::toned(tone, &format!("{}/{}", build.builder, build.number));
        }
        let revision: String = build.revision.iter().flat_map(|revision| revision.chars().take(8)).collect();
        let source = [build.branch.clone().unwrap_or_default(), revision].join(" ");
        vec![
            name,
            Cell::toned(tone, results.map_or("running", Results::word)),
            Cell::plain(&age),
            Cell::plain(source.trim()),
            Cell::plain(&build.worker),
            Cell::plain(&build.state),
        ]
    };
    builds.iter().map(row).collect()
}

/// How long a running build will still take, behind how long it has taken.
fn outlook(build: &BuildLine) -> String {
    let seconds = |seconds: u64| age(i64::try_from(seconds).unwrap_or(i64::MAX), 0);
    match (build.left_s, build.overdue_s) {
        (_, Some(over)) => format!(", {} over", seconds(over)),
        (Some(left), None) => format!(", about {} left", seconds(left)),
        (None, None) => String::new(),
    }
}

fn waiting(overview: &Overview, _paint: Paint) -> Vec<Vec<Cell>> {
    let requests = overview.waiting.iter().take(MOST_WAITING);
    let row = |request: &crate::control::RequestLine| {
        let priority = if request.priority == 0 { String::new() } else { format!("priority {}", request.priority) };
        vec![
            Cell::plain(&request.builder),
            Cell::plain(&format!("for {}", age(overview.now, request.submitted_at))),
            Cell::plain(&priority),
            Cell::plain(&request.reason),
            Cell::long(&request.why.join("; ")),
        ]
    };
    requests.map(row).collect()
}

fn worker(worker: &WorkerLine) -> Vec<Cell> {
    let state = match (worker.is_attached, worker.is_paused, worker.is_graceful) {
        (false, _, _) => Cell::toned(Tone::Bad, "missing"),
        (true, true, _) => Cell::toned(Tone::Warning, "paused"),
        (true, false, true) => Cell::toned(Tone::Warning, "leaving"),
        (true, false, false) => Cell::toned(Tone::Good, "attached"),
    };
    vec![Cell::plain(&worker.name), state, Cell::plain(worker.pause_reason.as_deref().unwrap_or_default())]
}

fn counted(n: u64, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// How long ago something was, in its largest unit.
fn age(now: i64, then: i64) -> String {
    let seconds = now.saturating_sub(then).max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::RequestLine;

    fn build(number: i64, results: Option<i32>) -> BuildLine {
        BuildLine {
            builder: "unit-tests".to_owned(),
            number,
            results,
            state: if results.is_some() { "failed test" } else { "running" }.to_owned(),
            worker: "alpha".to_owned(),
            branch: Some("main".to_owned()),
            revision: Some("0123456789abcdef".to_owned()),
            started_at: 1_000,
            complete_at: results.map(|_| 1_040),
            left_s: if results.is_none() { Some(200) } else { None },
            overdue_s: None,
        }
    }

    fn status() -> Status {
        Status {
            pid: 7,
            version: "1.2.3".to_owned(),
            is_up: true,
            n_builders: 3,
            n_running_builds: 1,
            n_waiting_requests: 12,
            n_attached_workers: 1,
            n_workers: 2,
            ..Status::default()
        }
    }

    #[test]
    fn all_that_a_person_asks_about_is_on_one_screen() {
        let request = RequestLine {
            builder: "docs".to_owned(),
            reason: "hurry\n".to_owned(),
            priority: 5,
            why: vec!["waits for lock db (held by build 12 of full)".to_owned(), "worker w1 is busy\u{1b}".to_owned()],
            ..RequestLine::default()
        };
        let overview = Overview {
            status: status(),
            now: 1_100,
            url: Some("http://127.0.0.1:8010/".to_owned()),
            broken: vec![build(2, Some(2))],
            n_broken: 1,
            running: vec![build(3, None)],
            waiting: vec![RequestLine { submitted_at: 1_000, ..request }],
            workers: vec![
                WorkerLine { name: "alpha".to_owned(), is_attached: true, ..WorkerLine::default() },
                WorkerLine { name: "beta".to_owned(), ..WorkerLine::default() },
            ],
            trouble: None,
        };
        let expected = "\
Master up, process 7, version 1.2.3, 3 builders, http://127.0.0.1:8010/

Broken: 1
  unit-tests/2  failure  60 s ago  main 01234567  alpha  failed test

Running: 1
  unit-tests/3  running  for 100 s, about 3 min left  main 01234567  alpha  running

Waiting: 12
  docs  for 100 s  priority 5  hurry\u{fffd}  waits for lock db (held by build 12 of full); worker w1 is busy\u{fffd}
  and 11 more

Workers: 1 of 2 attached
  alpha  attached
  beta   missing";
        assert_eq!(describe(&overview, Paint::PLAIN).join("\n"), expected);
    }

    #[test]
    fn trouble_is_named_before_anything_else() {
        let status = Status {
            degraded: Some("disk full".to_owned()),
            quarantined: vec!["builder runtests: boom".to_owned()],
            ..status()
        };
        let overview = Overview { status, trouble: Some("locked".to_owned()), ..Overview::default() };
        let lines = describe(&overview, Paint::PLAIN);
        let expected =
            ["degraded: disk full", "switched off: builder runtests: boom", "the lists cannot be read: locked"];
        assert_eq!(lines[1..4], expected);
    }

    #[test]
    fn a_build_that_takes_longer_than_usual_is_over() {
        let late = BuildLine { left_s: Some(0), overdue_s: Some(180), ..build(3, None) };
        assert_eq!(outlook(&late), ", 3 min over");
        assert_eq!(outlook(&build(2, Some(0))), "");
    }

    #[test]
    fn an_age_is_told_in_its_largest_unit() {
        let ages = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (200_000, "2 d")];
        for (seconds, expected) in ages {
            assert_eq!(age(seconds, 0), expected);
        }
        assert_eq!(age(0, 5), "0 s", "clocks differ");
    }
}
