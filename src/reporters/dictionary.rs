//! Facts as dictionaries with Buildbot's names: what templates, functions and HTTP receivers get.
//!
//! Times are whole seconds since 1970.

use std::collections::BTreeMap;

use super::facts::{
    BuildFacts, BuildsetFacts, LogFacts, MissingFacts, PendingFacts, RequestFacts, SetFacts, Site, StepFacts,
};
use super::story;
use crate::domain::{
    Build, Builder, Change, MasterId, Patch, Properties, PropertyValue, Results, SourceStamp, Timestamp,
};

/// A dictionary of these entries.
pub fn map<const N: usize>(entries: [(&str, PropertyValue); N]) -> PropertyValue {
    PropertyValue::Map(entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub fn texts(items: &[String]) -> PropertyValue {
    PropertyValue::List(items.iter().map(|item| item.as_str().into()).collect())
}

pub fn results(results: Option<Results>) -> PropertyValue {
    results.map_or(PropertyValue::Null, |results| i64::from(results.code()).into())
}

fn time(at: Option<Timestamp>) -> PropertyValue {
    at.map_or(PropertyValue::Null, |at| at.secs().into())
}

fn id(id: Option<i64>) -> PropertyValue {
    id.map_or(PropertyValue::Null, PropertyValue::Int)
}

/// Name to value and source.
pub fn properties(properties: &Properties) -> PropertyValue {
    let pair = |(name, property): (&str, &crate::domain::Property)| {
        (name.to_owned(), PropertyValue::List(vec![property.value.clone(), property.source.as_str().into()]))
    };
    PropertyValue::Map(properties.iter().map(pair).collect())
}

/// A build alone.
fn plain_build(build: &Build) -> BTreeMap<String, PropertyValue> {
    let PropertyValue::Map(entries) = map([
        ("buildid", build.id.0.into()),
        ("number", build.number.into()),
        ("builderid", build.builder_id.0.into()),
        ("buildrequestid", build.request_id.0.into()),
        ("workerid", build.worker_id.0.into()),
        ("masterid", build.master_id.0.into()),
        ("started_at", build.started_at.secs().into()),
        ("complete", build.complete_at.is_some().into()),
        ("complete_at", time(build.complete_at)),
        ("locks_duration_s", build.locks_duration_s.into()),
        ("state_string", build.state_string.as_str().into()),
        ("results", results(build.results)),
        ("properties", PropertyValue::Map(BTreeMap::new())),
    ]) else {
        return BTreeMap::new();
    };
    entries
}

pub fn build_alone(build: &Build) -> PropertyValue {
    PropertyValue::Map(plain_build(build))
}

/// A build with all that was read of it.
pub fn build(facts: &BuildFacts, site: &Site) -> PropertyValue {
    let mut entries = plain_build(&facts.build);
    let mut set = |name: &str, value: PropertyValue| {
        entries.insert(name.to_owned(), value);
    };
    let optional = |build: Option<&Build>| build.map_or(PropertyValue::Null, build_alone);
    set("properties", properties(&facts.properties));
    set("builder", builder(&facts.builder, &[facts.build.master_id]));
    set("buildrequest", request(&facts.request));
    set("buildset", buildset(&facts.buildset));
    set("parentbuild", optional(facts.parent.as_ref().map(|(parent, _)| parent)));
    set(
        "parentbuilder",
        facts.parent.as_ref().map_or(PropertyValue::Null, |(build, parent)| builder(parent, &[build.master_id])),
    );
    set("prev_build", optional(facts.previous.as_ref()));
    set("url", story::build_url(site, &facts.build).into());
    if facts.steps_wanted {
        set("steps", PropertyValue::List(facts.steps.iter().map(|each| step(each, facts, site)).collect()));
    }
    PropertyValue::Map(entries)
}

/// A request as a build that has not begun.
pub fn pending(facts: &PendingFacts, cancelled: bool, site: &Site) -> PropertyValue {
    let url = format!("{}requests/{}", site.url, facts.request.id);
    let mut request = request(&facts.request);
    if let PropertyValue::Map(entries) = &mut request {
        entries.insert("buildername".to_owned(), facts.builder.name.as_str().into());
    }
    map([
        ("properties", properties(&facts.properties)),
        ("buildrequest", request),
        ("buildset", buildset(&facts.buildset)),
        ("builderid", facts.builder.id.0.into()),
        ("builder", builder(&facts.builder, &[facts.master])),
        ("url", url.into()),
        ("results", results(cancelled.then_some(Results::Cancelled))),
        ("complete", cancelled.into()),
        ("state_string", if cancelled { "cancelled" } else { "pending" }.into()),
    ])
}

pub fn builds(facts: &SetFacts, site: &Site) -> PropertyValue {
    PropertyValue::List(facts.builds.iter().map(|each| build(each, site)).collect())
}

fn builder(builder: &Builder, masters: &[MasterId]) -> PropertyValue {
    map([
        ("builderid", builder.id.0.into()),
        ("name", builder.name.as_str().into()),
        ("masterids", PropertyValue::List(masters.iter().map(|master| master.0.into()).collect())),
        ("description", builder.description.text.clone().into()),
        ("description_format", builder.description.format.clone().into()),
        ("description_html", builder.description.html.clone().into()),
        ("projectid", id(builder.project.map(|project| project.0))),
        ("tags", texts(&builder.tags)),
    ])
}

fn request(request: &RequestFacts) -> PropertyValue {
    let (by, at) = request.claimed.unzip();
    map([
        ("buildrequestid", request.id.0.into()),
        ("buildsetid", request.buildset.0.into()),
        ("builderid", request.builder.0.into()),
        ("priority", i64::from(request.priority).into()),
        ("claimed", at.is_some().into()),
        ("claimed_at", time(at)),
        ("claimed_by_masterid", id(by.map(|by| by.0))),
        ("complete", request.complete_at.is_some().into()),
        ("complete_at", time(request.complete_at)),
        ("results", request.results.map_or(-1, |results| i64::from(results.code())).into()),
        ("submitted_at", request.submitted_at.secs().into()),
        ("waited_for", request.waited_for.into()),
        ("properties", PropertyValue::Null),
    ])
}

pub fn buildset(set: &BuildsetFacts) -> PropertyValue {
    let stamps = set.stamps.iter().map(|(stamp, patch)| source_stamp(stamp, *patch)).collect();
    let (parent, relationship) = set.parent.clone().unzip();
    map([
        ("bsid", set.id.0.into()),
        ("external_idstring", set.external_id.clone().into()),
        ("reason", set.reason.as_str().into()),
        ("rebuilt_buildid", id(set.rebuilt.map(|rebuilt| rebuilt.0))),
        ("submitted_at", set.submitted_at.secs().into()),
        ("complete", set.complete_at.is_some().into()),
        ("complete_at", time(set.complete_at)),
        ("results", set.results.map_or(-1, |results| i64::from(results.code())).into()),
        ("sourcestamps", PropertyValue::List(stamps)),
        ("parent_buildid", id(parent.map(|parent| parent.0))),
        ("parent_relationship", relationship.into()),
    ])
}

fn source_stamp(stamp: &SourceStamp, patch_id: Option<i64>) -> PropertyValue {
    let spec = &stamp.spec;
    map([
        ("ssid", stamp.id.0.into()),
        ("branch", spec.branch.clone().into()),
        ("revision", spec.revision.clone().into()),
        ("repository", spec.repository.as_str().into()),
        ("project", spec.project.as_str().into()),
        ("codebase", spec.codebase.as_str().into()),
        ("created_at", stamp.created_at.secs().into()),
        ("patch", spec.patch.as_ref().map_or(PropertyValue::Null, |body| patch(body, patch_id))),
    ])
}

fn patch(patch: &Patch, patch_id: Option<i64>) -> PropertyValue {
    map([
        ("patchid", id(patch_id)),
        ("body", String::from_utf8_lossy(&patch.body).into_owned().into()),
        ("level", i64::from(patch.level).into()),
        ("subdir", patch.subdir.as_str().into()),
        ("author", patch.author.as_str().into()),
        ("comment", patch.comment.as_str().into()),
    ])
}

fn step(facts: &StepFacts, of: &BuildFacts, site: &Site) -> PropertyValue {
    let step = &facts.step;
    let url = |(name, url): &(String, String)| map([("name", name.as_str().into()), ("url", url.as_str().into())]);
    map([
        ("stepid", step.id.0.into()),
        ("number", i64::from(step.number).into()),
        ("name", step.name.as_str().into()),
        ("buildid", step.build_id.0.into()),
        ("started_at", time(step.started_at)),
        ("locks_acquired_at", time(step.locks_acquired_at)),
        ("complete", step.complete_at.is_some().into()),
        ("complete_at", time(step.complete_at)),
        ("state_string", step.state_string.as_str().into()),
        ("results", results(step.results)),
        ("urls", PropertyValue::List(step.urls.iter().map(url).collect())),
        ("hidden", step.hidden.into()),
        ("logs", PropertyValue::List(facts.logs.iter().map(|each| log(each, facts, of, site)).collect())),
    ])
}

fn log(facts: &LogFacts, of: &StepFacts, build: &BuildFacts, site: &Site) -> PropertyValue {
    let log = &facts.log;
    let content = facts
        .content
        .as_ref()
        .map(|text| map([("logid", log.id.0.into()), ("firstline", 0.into()), ("content", text.as_str().into())]));
    let raw = format!("{}api/v2/logs/{}/raw", site.url, log.id);
    let PropertyValue::Map(mut entries) = map([
        ("logid", log.id.0.into()),
        ("name", log.name.as_str().into()),
        ("slug", log.slug.as_str().into()),
        ("stepid", log.step_id.0.into()),
        ("complete", log.complete.into()),
        ("num_lines", log.n_lines.into()),
        ("type", log.kind.letter().into()),
        ("stepname", of.step.name.as_str().into()),
        ("url", story::log_url(site, &build.build, &of.step, log).into()),
        ("url_raw_inline", format!("{raw}_inline").into()),
        ("url_raw", raw.into()),
    ]) else {
        return PropertyValue::Null;
    };
    if let Some(content) = content {
        entries.insert("content".to_owned(), content);
    }
    PropertyValue::Map(entries)
}

/// A change as templates see it.
pub fn change(change: &Change, site: &Site) -> PropertyValue {
    map([
        ("changeid", change.id.0.into()),
        ("author", change.author.as_str().into()),
        ("comments", change.comments.as_str().into()),
        ("subject", super::words::one_line(&change.comments, 100).into()),
        ("revision", change.revision.clone().into()),
        ("branch", change.branch.clone().into()),
        ("repository", change.repository.as_str().into()),
        ("project", change.project.as_str().into()),
        ("codebase", change.codebase.as_str().into()),
        ("files", texts(&change.files)),
        ("revlink", change.revlink.clone().into()),
        ("when_timestamp", change.when.secs().into()),
        ("url", format!("{}changes/{}", site.url, change.id).into()),
    ])
}

pub fn worker(facts: &MissingFacts) -> PropertyValue {
    let info = &facts.worker.info;
    let known =
        [("admin", &info.admin), ("host", &info.host), ("access_uri", &info.access_uri), ("version", &info.version)];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value.clone()?.into())));
    map([
        ("workerid", facts.worker.id.0.into()),
        ("name", facts.worker.name.as_str().into()),
        ("workerinfo", PropertyValue::Map(known.collect())),
        ("last_connection", story::moment(facts.last_connection).into()),
        ("notify", texts(&facts.notify)),
    ])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::json::{self, Value};
    use crate::reporters::fixtures::{build_facts, site};

    /// What Buildbot 4.3 posted of builds with everything in them: a path and its types in each line.
    const KEYS: &str = include_str!("build_keys.txt");

    fn types(value: &Value, path: &str, found: &mut BTreeSet<(String, &'static str)>) {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "flag",
            Value::Number(_) => "number",
            Value::String(_) => "text",
            Value::Array(items) => {
                items.iter().for_each(|item| types(item, &format!("{path}[]"), found));
                "list"
            }
            Value::Object(entries) => {
                let point = if path.is_empty() { "" } else { "." };
                entries.iter().for_each(|(name, item)| types(item, &format!("{path}{point}{name}"), found));
                "object"
            }
        };
        found.insert((path.to_owned(), kind));
    }

    #[test]
    fn a_build_has_every_key_that_buildbot_posts_and_the_same_types() {
        let mut facts = build_facts();
        facts.parent = Some((facts.build.clone(), facts.builder.clone()));
        facts.buildset.parent = Some((facts.build.id, "Triggered from".to_owned()));
        facts.steps[0].step.urls.push(("name".to_owned(), "http://x/".to_owned()));
        facts.steps[0].logs[0].content = Some("oline\n".to_owned());
        let mut found = BTreeSet::new();
        types(&json::of_property(&build(&facts, &site())), "", &mut found);
        types(&json::of_property(&build(&facts.at_start(), &site())), "", &mut found);
        for line in KEYS.lines() {
            let (path, kinds) = line.split_once(' ').unwrap();
            let ours: Vec<&str> = found.iter().filter(|(ours, _)| ours == path).map(|(_, kind)| *kind).collect();
            assert!(!ours.is_empty(), "{path} is missing");
            // What was null there may be filled in here: the example is another one.
            let fits = |kind: &&str| *kind == "null" || kinds == "null" || kinds.split('|').any(|known| known == *kind);
            assert!(ours.iter().all(fits), "{path} is {ours:?}, not {kinds}");
        }
    }
}
