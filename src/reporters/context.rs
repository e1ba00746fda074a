//! What templates and functions are given.

use std::collections::BTreeMap;

use super::dictionary::{self, map, texts};
use super::facts::{BuildFacts, MissingFacts, PendingFacts, SetFacts, Site};
use super::{story, words};
use crate::domain::{PropertyValue, Results};

/// Names to values.
pub type Context = BTreeMap<String, PropertyValue>;

/// Of a build; `modes` are those of the generator.
pub fn of_build(facts: &BuildFacts, modes: &[&str], is_buildset: bool, site: &Site) -> Context {
    let build = &facts.build;
    let stamps = || facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
    let previous = facts.previous.as_ref().and_then(|previous| previous.results);
    let mut context = common(site, build.results, modes);
    context.extend(story::entries(facts, site));
    extend(
        &mut context,
        [
            ("buildername", facts.builder.name.as_str().into()),
            ("workername", facts.worker.as_str().into()),
            ("buildset", dictionary::buildset(&facts.buildset)),
            ("build", dictionary::build(facts, site)),
            ("is_buildset", is_buildset.into()),
            ("projects", words::projects(stamps(), &site.title).into()),
            ("previous_results", dictionary::results(previous)),
            ("status_detected", words::status_detected(modes, build.results, previous).into()),
            ("build_url", story::build_url(site, build).into()),
            ("blamelist", texts(&facts.blamelist())),
            ("summary", words::summary(build.results, &build.state_string).into()),
            ("sourcestamps", words::source_stamps(stamps()).into()),
        ],
    );
    context
}

/// Of a request that has no build yet.
pub fn of_request(facts: &PendingFacts, cancelled: bool, site: &Site) -> Context {
    let stamps = || facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
    let results = cancelled.then_some(Results::Cancelled);
    let url = format!("{}requests/{}", site.url, facts.request.id);
    let headline = format!("{} {}", facts.builder.name, if cancelled { "was cancelled" } else { "waits" });
    let mut context = common(site, results, &["all"]);
    extend(
        &mut context,
        [
            ("headline", headline.into()),
            ("result_word", if cancelled { "cancelled" } else { "waiting" }.into()),
            ("buildername", facts.builder.name.as_str().into()),
            ("workername", "<unknown>".into()),
            ("buildset", dictionary::buildset(&facts.buildset)),
            ("build", dictionary::pending(facts, cancelled, site)),
            ("is_buildset", true.into()),
            ("projects", words::projects(stamps(), &site.title).into()),
            ("previous_results", PropertyValue::Null),
            ("status_detected", if cancelled { "cancelled build" } else { "pending build" }.into()),
            ("build_url", url.into()),
            ("blamelist", PropertyValue::List(Vec::new())),
            ("summary", "Build pending".into()),
            ("sourcestamps", words::source_stamps(stamps()).into()),
            ("reason", facts.buildset.reason.as_str().into()),
            ("branch", words::short(facts.properties.get("branch")).into()),
            ("revision", words::short(facts.properties.get("revision")).into()),
        ],
    );
    context
}

/// Of a whole buildset.
pub fn of_buildset(facts: &SetFacts, modes: &[&str], site: &Site) -> Context {
    let results = facts.buildset.results;
    let stamps = || facts.buildset.stamps.iter().map(|(stamp, _)| stamp);
    let word = results.map_or("running", Results::word);
    let each = facts.builds.iter().map(|build| PropertyValue::Map(of_build(build, modes, true, site)));
    let mut context = common(site, results, modes);
    extend(
        &mut context,
        [
            ("headline", format!("{}: {word}", facts.buildset.reason).into()),
            ("result_word", word.into()),
            ("buildset", dictionary::buildset(&facts.buildset)),
            ("builds", dictionary::builds(facts, site)),
            ("parts", PropertyValue::List(each.collect())),
            ("is_buildset", true.into()),
            ("projects", words::projects(stamps(), &site.title).into()),
            ("status_detected", words::status_detected(modes, results, None).into()),
            ("blamelist", texts(&facts.blamelist())),
            ("sourcestamps", words::source_stamps(stamps()).into()),
        ],
    );
    context
}

/// Of a worker that is missing.
pub fn of_worker(facts: &MissingFacts, site: &Site) -> Context {
    let mut context = Context::new();
    extend(
        &mut context,
        [
            ("headline", format!("worker {} is missing", facts.worker.name).into()),
            ("buildbot_title", site.title.as_str().into()),
            ("buildbot_url", site.url.as_str().into()),
            ("worker", dictionary::worker(facts)),
            ("worker_url", format!("{}workers/{}", site.url, facts.worker.id).into()),
        ],
    );
    context
}

fn common(site: &Site, results: Option<Results>, modes: &[&str]) -> Context {
    let names = Results::ALL.map(|results| PropertyValue::from(results.word()));
    let PropertyValue::Map(context) = map([
        ("results", dictionary::results(results)),
        ("result_names", PropertyValue::List(names.to_vec())),
        ("mode", PropertyValue::List(modes.iter().map(|mode| (*mode).into()).collect())),
        ("buildbot_title", site.title.as_str().into()),
        ("buildbot_url", site.url.as_str().into()),
    ]) else {
        return Context::new();
    };
    context
}

fn extend<const N: usize>(context: &mut Context, entries: [(&str, PropertyValue); N]) {
    context.extend(entries.map(|(name, value)| (name.to_owned(), value)));
}
