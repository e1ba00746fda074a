//! What questions are asked about: a build with these properties, a change, a request.
//!
//! Named arguments of a question are properties. Some have a meaning besides: `branch`, `revision`, `repository` and
//! `project` are also those of the only source; `sources` has others by codebase; `answers` is what commands print, by
//! the beginning of the command, as text or as `{"rc": 1, "stdout": ""}`; `secrets` are secrets, `facts` what a worker
//! knows of itself, `environ` its environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use buildbot::domain::{
    BuildRequest, BuildRequestId, BuilderId, BuildsetId, Change, Properties, PropertyValue, RequestState, ScriptValue,
    SourceStamp, SourceStampId, StampSpec, Timestamp,
};
use buildbot::testing::plain_steps::plain_change;
use buildbot::testing::scripted_context::{Answer, ScriptedContext};

const ASIDE: [&str; 5] = ["sources", "answers", "secrets", "facts", "environ"];

type Named = BTreeMap<String, PropertyValue>;

fn text(given: &Named, name: &str) -> Option<String> {
    given.get(name).and_then(PropertyValue::as_str).map(str::to_owned)
}

fn map(given: &Named, name: &str) -> Named {
    match given.get(name) {
        Some(PropertyValue::Map(entries)) => entries.clone(),
        _ => Named::new(),
    }
}

fn stamp(codebase: &str, given: &Named) -> StampSpec {
    StampSpec {
        codebase: codebase.to_owned(),
        repository: text(given, "repository").unwrap_or_default(),
        project: text(given, "project").unwrap_or_default(),
        branch: text(given, "branch"),
        revision: text(given, "revision"),
        ..StampSpec::default()
    }
}

fn stamps(given: &Named) -> Vec<StampSpec> {
    let named = map(given, "sources");
    if named.is_empty() {
        return vec![stamp("", given)];
    }
    let of = |(codebase, spec): (&String, &PropertyValue)| match spec {
        PropertyValue::Map(spec) => stamp(codebase, spec),
        _ => stamp(codebase, &Named::new()),
    };
    named.iter().map(of).collect()
}

pub fn properties(given: &Named) -> Properties {
    let mut properties = Properties::new();
    for (name, value) in given.iter().filter(|(name, _)| !ASIDE.contains(&name.as_str())) {
        properties.set(name.as_str(), value.clone(), "Build");
    }
    properties
}

fn answer(value: &PropertyValue) -> Answer {
    let PropertyValue::Map(parts) = value else { return Answer::stdout(&value.to_string()) };
    let mut answer = Answer::stdout(&text(parts, "stdout").unwrap_or_default());
    answer.outcome.rc = parts.get("rc").and_then(PropertyValue::as_int).unwrap_or(0);
    answer
}

/// A build.
pub fn build(given: &Named) -> ScriptedContext {
    let mut context = ScriptedContext::new();
    for (position, spec) in stamps(given).into_iter().enumerate() {
        let id = SourceStampId(i64::try_from(position).unwrap() + 1);
        context = context.with_stamp(SourceStamp { id, spec, created_at: Timestamp::from_secs(0) });
    }
    for (name, property) in properties(given).iter() {
        context = context.with_property(name, property.value.clone());
    }
    for (prefix, value) in map(given, "answers") {
        context = context.answer(&prefix, answer(&value));
    }
    for (name, value) in map(given, "secrets") {
        context = context.with_secret(&name, &value.to_string());
    }
    for (name, value) in map(given, "facts") {
        context = context.with_worker_fact(&name, value);
    }
    let environ = map(given, "environ");
    let environ: Vec<(String, String)> = environ.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    let borrowed: Vec<(&str, &str)> = environ.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    context.with_worker_environ(&borrowed)
}

/// A change with these attributes; other names are its properties.
pub fn change(given: &Named) -> Arc<Change> {
    let files = match given.get("files") {
        Some(PropertyValue::List(names)) => names.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    };
    let known = ["files", "who", "comments", "branch", "revision", "category", "repository", "project", "codebase"];
    let others = given.iter().filter(|(name, _)| !known.contains(&name.as_str()));
    Arc::new(Change {
        author: text(given, "who").unwrap_or_else(|| "ada <ada@example.org>".to_owned()),
        comments: text(given, "comments").unwrap_or_default(),
        files,
        branch: text(given, "branch"),
        revision: text(given, "revision"),
        category: text(given, "category"),
        repository: text(given, "repository").unwrap_or_default(),
        project: text(given, "project").unwrap_or_default(),
        codebase: text(given, "codebase").unwrap_or_default(),
        properties: properties(&others.map(|(name, value)| (name.clone(), value.clone())).collect()),
        when: Timestamp::from_secs(1000),
        ..plain_change(7)
    })
}

/// A request, from a dictionary of its properties; `priority` and `submitted` are attributes of its own.
pub fn request(id: i64, given: &PropertyValue) -> ScriptValue {
    let PropertyValue::Map(given) = given else { panic!("a request is a dictionary, not {given:?}") };
    let whole = |name: &str| given.get(name).and_then(PropertyValue::as_int).unwrap_or(0);
    let stamps = stamps(given).into_iter().map(|spec| (SourceStampId(1), spec)).collect();
    ScriptValue::BuildRequest(Arc::new(BuildRequest {
        id: BuildRequestId(id),
        buildset_id: BuildsetId(id),
        builder_id: BuilderId(1),
        priority: i32::try_from(whole("priority")).unwrap(),
        submitted_at: Timestamp::from_secs(whole("submitted")),
        waited_for: false,
        state: RequestState::Unclaimed,
        worker_losses: 0,
        source_stamps: stamps,
        has_changes: false,
        properties: Arc::new(properties(given)),
    }))
}

pub fn object(attributes: &[(&str, ScriptValue)]) -> ScriptValue {
    ScriptValue::Object(attributes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
}

pub fn data(value: impl Into<PropertyValue>) -> ScriptValue {
    ScriptValue::Data(value.into())
}

pub fn builder(name: &str) -> ScriptValue {
    object(&[("name", data(name)), ("builderid", data(1))])
}

/// As `dispatch` makes one.
pub fn worker(name: &str, builder: &str) -> ScriptValue {
    let own = [("workername", data(name)), ("slavename", data(name)), ("name", data(name)), ("workerid", data(1))];
    let inner = object(&own);
    let more = [("builder_name", data(builder)), ("worker", inner.clone()), ("slave", inner)];
    object(&[&own[..], &more[..]].concat())
}
