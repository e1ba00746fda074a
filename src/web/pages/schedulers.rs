//! All schedulers: what they wait for and what they did last.

use actix_web::HttpResponse;
use serde::Serialize;

use super::build_item::builder_href;
use super::view::View;
use crate::db::views::scheduler_list::{self, SchedulerState};
use crate::domain::Timestamp;
use crate::schedulers::config::{
    AttributeTest, BasicConfig, ChangeAttribute, ChangeFilter, SchedulerConfig, SchedulerKind, TimedConfig, TryConfig,
    WatchConfig,
};
use crate::web::error::WebError;
use crate::web::format::{self, Status, When};

const ENABLED: Status = Status { class: "success", symbol: "✓", word: "enabled" };
const DISABLED: Status = Status { class: "cancelled", symbol: "⊘", word: "disabled" };
/// Builders that are named; of the others there is the number.
const MOST_BUILDERS: usize = 12;

#[derive(Serialize)]
struct SchedulersPage {
    schedulers: Vec<SchedulerItem>,
}

#[derive(Serialize)]
struct SchedulerItem {
    id: i64,
    is_enabled: bool,
    name: String,
    status: Status,
    kind: &'static str,
    /// What makes it start builds.
    waits_for: Vec<String>,
    /// What it holds back at present.
    held: Option<String>,
    builders: Vec<BuilderLink>,
    n_more: usize,
    last: Option<LastItem>,
}

#[derive(Serialize)]
struct BuilderLink {
    name: String,
    href: String,
}

#[derive(Serialize)]
struct LastItem {
    reason: String,
    when: When,
    status: Status,
}

pub async fn get(view: View) -> Result<HttpResponse, WebError> {
    let states = view.db.read(scheduler_list::read).await?;
    let config = view.handle.config();
    let configured = |name: &str| config.schedulers.iter().find(|scheduler| scheduler.name == name);
    let page = SchedulersPage {
        schedulers: states.iter().map(|state| item(state, configured(&state.name), view.now)).collect(),
    };
    view.page("schedulers.html", "schedulers", &page)
}

fn item(state: &SchedulerState, config: Option<&SchedulerConfig>, now: Timestamp) -> SchedulerItem {
    let builders = config.map_or(&[][..], |config| config.builder_names.as_slice());
    let link = |name: &String| BuilderLink { name: name.clone(), href: builder_href(name, 0) };
    // the id of a builder is not known here, so one whose name is a number is not linked
    let has_link = |name: &&String| !name.bytes().all(|byte| byte.is_ascii_digit());
    let shown: Vec<BuilderLink> = builders.iter().filter(has_link).take(MOST_BUILDERS).map(link).collect();
    SchedulerItem {
        id: state.id.0,
        is_enabled: state.enabled,
        name: state.name.clone(),
        status: if state.enabled { ENABLED } else { DISABLED },
        kind: config.map_or("not in force yet", |config| config.kind.class_name()),
        waits_for: config.map_or_else(Vec::new, |config| waits_for(&config.kind)),
        held: held(state, now),
        n_more: builders.len().saturating_sub(shown.len()),
        builders: shown,
        last: state.last.as_ref().map(|last| LastItem {
            reason: last.reason.clone(),
            when: When::new(last.submitted_at, now),
            status: format::build_status(last.results.filter(|_| last.is_complete)),
        }),
    }
}

fn waits_for(kind: &SchedulerKind) -> Vec<String> {
    let quiet = |basic: &BasicConfig| {
        let timer = basic.tree_stable_timer?;
        Some(format!("{} without another one", format::duration(timer)))
    };
    match kind {
        SchedulerKind::Force(force) => vec![format!("somebody who presses “{}”", force.button_name)],
        SchedulerKind::SingleBranch(basic) => watched(&basic.watch).into_iter().chain(quiet(basic)).collect(),
        SchedulerKind::AnyBranch(basic) => {
            let each = quiet(basic).map(|quiet| format!("{quiet} of its branch"));
            watched(&basic.watch).into_iter().chain(each).collect()
        }
        SchedulerKind::Dependent(dependent) => vec![format!("a success of {}", dependent.upstream)],
        SchedulerKind::Periodic(timed, interval) => {
            by_clock(timed, format!("{} after the last time", format::duration(*interval)))
        }
        SchedulerKind::Nightly(timed, _) => by_clock(timed, "its times of the day".to_owned()),
        SchedulerKind::NightlyTriggerable(..) => {
            vec!["a step that triggers it".to_owned(), "its times of the day".to_owned()]
        }
        SchedulerKind::Triggerable(_) => vec!["a step that triggers it".to_owned()],
        SchedulerKind::Try(TryConfig::Userpass) => vec!["somebody who calls “buildbot try”".to_owned()],
        SchedulerKind::Try(TryConfig::Jobdir(dir)) => vec![format!("a job file in “{dir}”")],
    }
}

fn by_clock(timed: &TimedConfig, when: String) -> Vec<String> {
    let mut changed = if timed.only_if_changed { watched(&timed.watch) } else { Vec::new() };
    if let Some(branch) = &timed.branch
        && let Some(first) = changed.first_mut()
    {
        let branch = branch.as_deref().unwrap_or("no branch");
        *first = format!("{first} on {branch}");
    }
    changed.into_iter().chain([when]).collect()
}

fn watched(watch: &WatchConfig) -> Vec<String> {
    let mut words = filter(&watch.filter);
    if watch.file_is_important.is_some() {
        words.push("an important file in it, as a function decides".to_owned());
    }
    words
}

fn filter(filter: &ChangeFilter) -> Vec<String> {
    let attribute = |attribute: &ChangeAttribute| match attribute {
        ChangeAttribute::Project => "project".to_owned(),
        ChangeAttribute::Repository => "repository".to_owned(),
        ChangeAttribute::Branch => "branch".to_owned(),
        ChangeAttribute::Category => "category".to_owned(),
        ChangeAttribute::Codebase => "codebase".to_owned(),
        ChangeAttribute::Property(name) => format!("property {name}"),
    };
    let values = |values: &[Option<String>]| {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        values.iter().map(value).collect::<Vec<_>>().join(" or ")
    };
    let test = |test: &AttributeTest| match test {
        AttributeTest::OneOf(wanted) => format!("is {}", values(wanted)),
        AttributeTest::NoneOf(unwanted) => format!("is not {}", values(unwanted)),
        AttributeTest::Matches(patterns) => format!("matches {}", patterns.join(" or ")),
        AttributeTest::MatchesNot(patterns) => format!("does not match {}", patterns.join(" or ")),
        AttributeTest::Function(_) => "passes a function".to_owned(),
    };
    let condition = |(name, wanted): &(ChangeAttribute, AttributeTest)| format!("{} {}", attribute(name), test(wanted));
    let mut conditions: Vec<String> = filter.tests.iter().map(condition).collect();
    if filter.filter_fn.is_some() {
        conditions.push("a function says yes".to_owned());
    }
    match conditions.is_empty() {
        true => vec!["any change".to_owned()],
        false => vec![format!("a change whose {}", conditions.join(", and "))],
    }
}

fn held(state: &SchedulerState, now: Timestamp) -> Option<String> {
    let n_kept = usize::try_from(state.n_kept).ok().filter(|n_kept| *n_kept != 0)?;
    let newest = state.newest_kept.map(|at| format!(", the newest came {}", format::ago(at, now))).unwrap_or_default();
    Some(format!("{} held back, {} important{newest}", format::counted(n_kept, "change"), state.n_important))
}
