//! What people want to know of a build: what broke, since when, whose changes, what the last lines say, and where to look.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::dictionary::{change, map, texts};
use super::facts::{BuildFacts, LogFacts, Site, StepFacts};
use super::words::short;
use crate::domain::{Build, Log, PropertyValue, Results, Step, Timestamp};

/// Changes that a message names; of the others it says how many there are.
const MOST_CHANGES: usize = 10;

pub fn build_url(site: &Site, build: &Build) -> String {
    format!("{}builders/{}/builds/{}", site.url, build.builder_id, build.number)
}

pub fn log_url(site: &Site, build: &Build, step: &Step, log: &Log) -> String {
    format!("{}/steps/{}/logs/{}", build_url(site, build), step.number, log.slug)
}

/// Whether a step or build went wrong.
pub fn is_bad(results: Option<Results>) -> bool {
    matches!(results, Some(Results::Failure | Results::Exception))
}

/// The names that our own templates use besides Buildbot's.
pub fn entries(facts: &BuildFacts, site: &Site) -> Vec<(String, PropertyValue)> {
    let shown = facts.changes.iter().take(MOST_CHANGES).map(|each| change(each, site)).collect();
    let n_more = facts.changes.len().saturating_sub(MOST_CHANGES);
    let took = facts.build.complete_at.map(|end| spoken(end.since(facts.build.started_at)));
    let entries = [
        ("headline", headline(facts).into()),
        ("result_word", facts.build.results.map_or("started", Results::word).into()),
        ("bad_steps", PropertyValue::List(facts.steps.iter().filter_map(|step| bad_step(step, facts, site)).collect())),
        ("past", past(facts, site)),
        ("changes", PropertyValue::List(shown)),
        ("n_more_changes", i64::try_from(n_more).unwrap_or(0).into()),
        ("branch", branch(facts).into()),
        ("revision", revision(facts).into()),
        ("reason", facts.buildset.reason.as_str().into()),
        ("took", took.into()),
        ("ended", facts.build.complete_at.map(moment).into()),
    ];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Our subject: `runtests failed on main (new)`.
pub fn headline(facts: &BuildFacts) -> String {
    let was_bad = facts.previous.as_ref().is_some_and(|previous| is_bad(previous.results));
    let word = match facts.build.results {
        None => "has begun",
        Some(Results::Success) if was_bad => "works again",
        Some(Results::Success) => "passed",
        Some(Results::Warnings) => "passed with warnings",
        Some(Results::Failure) if was_bad => "still fails",
        Some(Results::Failure) => "failed",
        Some(Results::Exception) => "could not be built",
        Some(Results::Cancelled) => "was cancelled",
        Some(Results::Retry) => "is tried again",
        Some(Results::Skipped) => "was skipped",
    };
    let branch = branch(facts).map(|branch| format!(" on {branch}")).unwrap_or_default();
    format!("{} {word}{branch}", facts.builder.name)
}

/// What the build's properties say, else what was asked for.
fn branch(facts: &BuildFacts) -> Option<String> {
    let asked = || facts.buildset.stamps.iter().find_map(|(stamp, _)| stamp.spec.branch.clone());
    short(facts.properties.get("branch")).or_else(asked).filter(|branch| !branch.is_empty())
}

fn revision(facts: &BuildFacts) -> Option<String> {
    short(facts.properties.get("got_revision")).or_else(|| short(facts.properties.get("revision")))
}

fn bad_step(facts: &StepFacts, of: &BuildFacts, site: &Site) -> Option<PropertyValue> {
    let step = &facts.step;
    if !is_bad(step.results) {
        return None;
    }
    let with_tail = facts.logs.iter().find(|log| log.tail.as_ref().is_some_and(|tail| !tail.lines.is_empty()));
    let tail = with_tail.and_then(|log| log.tail.clone()).unwrap_or_default();
    let log = |log: &LogFacts| {
        let url = log_url(site, &of.build, step, &log.log);
        map([("name", log.log.name.as_str().into()), ("url", url.into())])
    };
    Some(map([
        ("name", step.name.as_str().into()),
        ("state_string", step.state_string.as_str().into()),
        ("result_word", step.results.map_or("", Results::word).into()),
        ("url", format!("{}/steps/{}", build_url(site, &of.build), step.number).into()),
        ("log", with_tail.map_or(PropertyValue::Null, log)),
        ("logs", PropertyValue::List(facts.logs.iter().map(log).collect())),
        ("tail", texts(&tail.lines)),
        ("tail_is_cut", tail.is_cut.into()),
    ]))
}

fn past(facts: &BuildFacts, site: &Site) -> PropertyValue {
    let since = facts.past.broken_since.as_ref().filter(|since| since.id != facts.build.id);
    let since = since.map(|since| {
        let ended = since.complete_at.unwrap_or(since.started_at);
        map([
            ("number", since.number.into()),
            ("url", build_url(site, since).into()),
            ("when", moment(ended).into()),
            ("ago", spoken(facts.build.complete_at.unwrap_or(facts.build.started_at).since(ended)).into()),
        ])
    });
    let culprits = facts.past.culprits.iter().take(MOST_CHANGES).map(|each| change(each, site)).collect();
    map([
        ("broken_since", since.unwrap_or(PropertyValue::Null)),
        ("n_broken", facts.past.n_broken.into()),
        ("culprits", PropertyValue::List(culprits)),
        (
            "previous",
            facts.previous.as_ref().map_or(PropertyValue::Null, |previous| {
                map([
                    ("number", previous.number.into()),
                    ("url", build_url(site, previous).into()),
                    ("result_word", previous.results.map_or("", Results::word).into()),
                ])
            }),
        ),
    ])
}

/// A moment in the master's time zone, with its offset: `2026-11-21 14:03 +01:00`.
pub fn moment(at: Timestamp) -> String {
    let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return String::new() };
    instant.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// `3 s`, `4 min 5 s`, `2 h 10 min`, `3 days`.
pub fn spoken(time: Duration) -> String {
    let secs = time.as_secs();
    match secs {
        0..60 => format!("{secs} s"),
        60..3_600 => format!("{} min {} s", secs / 60, secs % 60),
        3_600..172_800 => format!("{} h {} min", secs / 3_600, secs / 60 % 60),
        _ => format!("{} days", secs / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixtures::{build_facts, ended};

    #[test]
    fn the_headline_says_what_is_new() {
        let mut facts = build_facts();
        assert_eq!(headline(&facts), "runtests failed on main");
        facts.previous = Some(ended(6, Results::Failure));
        assert_eq!(headline(&facts), "runtests still fails on main");
        facts.build.results = Some(Results::Success);
        assert_eq!(headline(&facts), "runtests works again on main");
        assert_eq!(headline(&facts.at_start()), "runtests has begun on main");
    }

    #[test]
    fn durations_are_spoken() {
        let spoken = [59, 61, 7_260, 200_000].map(|secs| spoken(Duration::from_secs(secs)));
        assert_eq!(spoken, ["59 s", "1 min 1 s", "2 h 1 min", "2 days"]);
    }
}
