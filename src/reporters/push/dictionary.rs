//! Builds, steps, changes and requests with the names that Buildbot 0.8 gave them, and with today's ids besides.
//!
//! Times are seconds since 1970, with fractions.

use crate::domain::{Change, Log, Properties, PropertyValue, Results, SourceStamp, Step, Timestamp};
use crate::reporters::dictionary::{map, results, texts};
use crate::reporters::facts::{BuildFacts, BuildsetFacts, LogFacts, PendingFacts, RequestFacts, Site, StepFacts};
use crate::reporters::story;

fn seconds(at: Timestamp) -> PropertyValue {
    // Beyond 2^53 microseconds (the year 2255) a little is lost.
    #[expect(clippy::cast_precision_loss, reason = "a little is lost after the year 2255")]
    let seconds = at.micros() as f64 / 1e6;
    PropertyValue::Float(seconds)
}

/// Beginning and end.
pub fn times(began: Option<Timestamp>, ended: Option<Timestamp>) -> PropertyValue {
    let time = |at: Option<Timestamp>| at.map_or(PropertyValue::Null, seconds);
    PropertyValue::List(vec![time(began), time(ended)])
}

fn list(items: impl IntoIterator<Item = PropertyValue>) -> PropertyValue {
    PropertyValue::List(items.into_iter().collect())
}

fn pair(name: &str, value: PropertyValue) -> PropertyValue {
    list([name.into(), value])
}

/// Each with its value and who set it.
pub fn properties(properties: &Properties) -> PropertyValue {
    let triple = |(name, property): (&str, &crate::domain::Property)| {
        list([name.into(), property.value.clone(), property.source.as_str().into()])
    };
    list(properties.iter().map(triple))
}

/// A build with its steps, as far as they were read.
pub fn build(facts: &BuildFacts, site: &Site) -> PropertyValue {
    let build = &facts.build;
    let stamp = facts.buildset.stamps.first().map(|(stamp, _)| source_stamp(stamp, &facts.changes));
    let current = facts.steps.iter().find(|step| step.step.complete_at.is_none() && step.step.started_at.is_some());
    let each_log = |step: &StepFacts| step.logs.iter().map(|log| one_log(facts, &step.step, log, site)).collect();
    let logs: Vec<Vec<PropertyValue>> = facts.steps.iter().map(each_log).collect();
    map([
        ("builderName", facts.builder.name.as_str().into()),
        ("number", build.number.into()),
        ("buildid", build.id.0.into()),
        ("builderid", build.builder_id.0.into()),
        ("url", story::build_url(site, build).into()),
        ("reason", facts.buildset.reason.as_str().into()),
        ("blame", texts(&facts.blamelist())),
        ("slave", facts.worker.as_str().into()),
        ("sourceStamp", stamp.unwrap_or(PropertyValue::Null)),
        ("properties", properties(&facts.properties)),
        ("times", times(Some(build.started_at), build.complete_at)),
        ("text", list([build.state_string.as_str().into()])),
        ("results", results(build.results)),
        ("eta", PropertyValue::Null),
        ("steps", list(facts.steps.iter().map(|each| step(facts, each, site)))),
        ("currentStep", current.map_or(PropertyValue::Null, |current| step(facts, current, site))),
        ("logs", list(logs.into_iter().flatten())),
    ])
}

fn one_log(of: &BuildFacts, step: &Step, facts: &LogFacts, site: &Site) -> PropertyValue {
    let log: &Log = &facts.log;
    pair(&log.name, story::log_url(site, &of.build, step, log).into())
}

pub fn step(of: &BuildFacts, facts: &StepFacts, site: &Site) -> PropertyValue {
    let step = &facts.step;
    let urls = step.urls.iter().map(|(name, url)| (name.clone(), url.as_str().into())).collect();
    map([
        ("name", step.name.as_str().into()),
        ("stepid", step.id.0.into()),
        ("step_number", i64::from(step.number).into()),
        ("text", list([step.state_string.as_str().into()])),
        ("results", list([results(step.results), list([])])),
        ("isStarted", step.started_at.is_some().into()),
        ("isFinished", step.complete_at.is_some().into()),
        ("times", times(step.started_at, step.complete_at)),
        ("hidden", step.hidden.into()),
        ("urls", PropertyValue::Map(urls)),
        ("logs", list(facts.logs.iter().map(|log| one_log(of, step, log, site)))),
    ])
}

pub fn change(change: &Change, site: &Site) -> PropertyValue {
    let file = |name: &String| map([("name", name.as_str().into()), ("url", PropertyValue::Null)]);
    map([
        ("number", change.id.0.into()),
        ("who", change.author.as_str().into()),
        ("comments", change.comments.as_str().into()),
        ("files", list(change.files.iter().map(file))),
        ("revision", change.revision.clone().into()),
        ("rev", change.revision.clone().into()),
        ("revlink", change.revlink.clone().into()),
        ("branch", change.branch.clone().into()),
        ("category", change.category.clone().into()),
        ("repository", change.repository.as_str().into()),
        ("project", change.project.as_str().into()),
        ("codebase", change.codebase.as_str().into()),
        ("when", change.when.secs().into()),
        ("at", story::moment(change.when).into()),
        ("properties", properties(&change.properties)),
        ("url", format!("{}changes/{}", site.url, change.id).into()),
    ])
}

fn source_stamp(stamp: &SourceStamp, changes: &[Change]) -> PropertyValue {
    let (spec, mine) = (&stamp.spec, changes.iter().map(|change| change.id.0.into()));
    map([
        ("branch", spec.branch.clone().into()),
        ("revision", spec.revision.clone().into()),
        ("repository", spec.repository.as_str().into()),
        ("project", spec.project.as_str().into()),
        ("codebase", spec.codebase.as_str().into()),
        ("hasPatch", spec.patch.is_some().into()),
        ("changes", list(mine)),
    ])
}

/// A request that waits, or has been cancelled.
pub fn request(facts: &PendingFacts) -> PropertyValue {
    let RequestFacts { id, submitted_at, .. } = &facts.request;
    let stamp = facts.buildset.stamps.first().map(|(stamp, _)| source_stamp(stamp, &[]));
    map([
        ("builderName", facts.builder.name.as_str().into()),
        ("buildrequestid", id.0.into()),
        ("submittedAt", seconds(*submitted_at)),
        ("source", stamp.unwrap_or(PropertyValue::Null)),
        ("builds", list([])),
    ])
}

pub fn buildset(facts: &BuildsetFacts) -> PropertyValue {
    let stamp = facts.stamps.first().map(|(stamp, _)| source_stamp(stamp, &[]));
    let ended: Option<Results> = facts.results;
    map([
        ("id", facts.id.0.into()),
        ("reason", facts.reason.as_str().into()),
        ("scheduler", facts.scheduler.as_str().into()),
        ("submittedAt", seconds(facts.submitted_at)),
        ("external_idstring", facts.external_id.clone().into()),
        ("sourceStamp", stamp.unwrap_or(PropertyValue::Null)),
        ("results", results(ended)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixtures::{build_facts, site};

    #[test]
    fn a_build_has_its_old_names() {
        let facts = build_facts();
        let PropertyValue::Map(build) = build(&facts, &site()) else { panic!("no dictionary") };
        assert_eq!(build["builderName"], "runtests".into());
        assert_eq!(build["slave"], "w1".into());
        assert_eq!(build["results"], 2.into());
        assert_eq!(
            build["times"],
            list([PropertyValue::Float(1_700_000_700.0), PropertyValue::Float(1_700_000_765.0)])
        );
        assert_eq!(build["currentStep"], PropertyValue::Null);
        let PropertyValue::List(steps) = &build["steps"] else { panic!("no steps") };
        let PropertyValue::Map(last) = &steps[1] else { panic!("no step") };
        assert_eq!(last["results"], list([2.into(), list([])]));
        let url = "https://ci.example.org/builders/3/builds/7/steps/1/logs/stdio";
        assert_eq!(last["logs"], list([pair("stdio", url.into())]));
    }
}
