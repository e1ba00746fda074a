//! What is to be the same on both masters, as lines of text that name everything by what a user calls it.

use std::collections::BTreeMap;

use buildbot::json::{Value, json};

use super::master::{Master, id, text};
use super::play::Since;

/// The name of a result.
pub fn results_name(results: &Value) -> String {
    let names = ["success", "warnings", "failure", "skipped", "exception", "retry", "cancelled"];
    let known = results.as_u64().and_then(|code| names.get(usize::try_from(code).ok()?));
    known.map_or_else(
        || if results.is_null() { "open".to_owned() } else { results.to_string() },
        |name| (*name).to_owned(),
    )
}

struct Observer<'a> {
    master: &'a Master,
    workers: BTreeMap<i64, String>,
    buildsets: BTreeMap<i64, Value>,
    /// Names of builds by id.
    builds: BTreeMap<i64, String>,
}

/// All about what came since then, sorted.
pub fn facts(master: &Master, since: Since) -> Vec<String> {
    let fence = master.builder_id("fence");
    let requests = master.list(&format!("buildrequests?buildrequestid__gt={}&order=buildrequestid", since.request));
    let requests: Vec<_> = requests.into_iter().filter(|request| id(request, "builderid") != fence).collect();
    let builds = master.list(&format!("builds?buildid__gt={}&property=*", since.build));
    let builds: Vec<_> = builds.into_iter().filter(|build| id(build, "builderid") != fence).collect();
    let name = |build: &Value| format!("{}/{}", master.builders[&id(build, "builderid")], id(build, "number"));
    let buildsets = master.list(&format!("buildsets?bsid__gt={}", since.buildset));
    let observer = Observer {
        master,
        workers: master.worker_names(),
        buildsets: buildsets.into_iter().map(|buildset| (id(&buildset, "bsid"), buildset)).collect(),
        builds: builds.iter().map(|build| (id(build, "buildid"), name(build))).collect(),
    };
    let mut facts = Vec::new();
    for build in &builds {
        let request = requests.iter().find(|request| request["buildrequestid"] == build["buildrequestid"]);
        observer.build(build, request, &mut facts);
    }
    for request in &requests {
        if builds.iter().all(|build| build["buildrequestid"] != request["buildrequestid"]) {
            facts.push(observer.unbuilt(request));
        }
    }
    facts.extend(observer.buildset_results());
    let site = master.path("").display().to_string();
    facts.iter_mut().for_each(|fact| *fact = fact.replace(&site, "/site/"));
    facts.sort();
    facts
}

impl Observer<'_> {
    fn build(&self, build: &Value, request: Option<&Value>, facts: &mut Vec<String>) {
        let name = &self.builds[&id(build, "buildid")];
        let worker = &self.workers[&id(build, "workerid")];
        facts.push(format!("{name} {} on {worker}", results_name(&build["results"])));
        facts.push(format!("{name} state {:?}", text(build, "state_string")));
        let is_open = build["results"].is_null();
        for (property, value) in build["properties"].as_object().into_iter().flatten() {
            // Buildbot stores them when a step has ended.
            if is_open && ["basedir", "builddir"].contains(&property.as_str()) {
                continue;
            }
            // Buildbot names the file as the source of what the whole configuration says.
            let source = value[1].as_str().unwrap_or_default();
            let source = if source.ends_with("/master.cfg") { "global" } else { source };
            let value = Self::neutral(property, &value[0]);
            facts.push(format!("{name} property {property} = {value} ({source})"));
        }
        match request {
            None => facts.push(format!("{name} has no request")),
            Some(request) => {
                let priority = &request["priority"];
                facts.push(format!("{name} priority {priority}, waited for: {}", request["waited_for"]));
                facts.extend(self.buildset(request).into_iter().map(|fact| format!("{name} {fact}")));
            }
        }
        let mut position = 0;
        for step in self.master.list(&format!("builds/{}/steps", id(build, "buildid"))) {
            let hidden = if step["hidden"] == json!(true) { ", hidden" } else { "" };
            let results = results_name(&step["results"]);
            // Those are no steps of the factory, and count apart.
            let is_own = ["worker_preparation", "locks_acquire"].contains(&text(&step, "name").as_str());
            position += i64::from(!is_own);
            let place = format!("{name} step {} {}", if is_own { 0 } else { position }, text(&step, "name"));
            facts.push(format!("{place}: {results}{hidden}"));
            facts.push(format!("{place} state {:?}", text(&step, "state_string")));
        }
        for change in self.master.list(&format!("builds/{}/changes", id(build, "buildid"))) {
            facts.push(format!("{name} change {} of {}", change["revision"], change["branch"]));
        }
    }

    /// What differs from site to site is made the same.
    fn neutral(property: &str, value: &Value) -> String {
        match property {
            "builderid" => "...".to_owned(),
            _ => value.to_string(),
        }
    }

    fn unbuilt(&self, request: &Value) -> String {
        let builder = &self.master.builders[&id(request, "builderid")];
        let state = match (request["complete"] == json!(true), request["claimed"] == json!(true)) {
            (true, _) => results_name(&request["results"]),
            (false, true) => "claimed".to_owned(),
            (false, false) => "waiting".to_owned(),
        };
        format!(
            "request for {builder}: {state}; priority {}; {}",
            request["priority"],
            self.buildset(request).join("; ")
        )
    }

    /// What is said of the buildset of a request.
    fn buildset(&self, request: &Value) -> Vec<String> {
        let Some(buildset) = self.buildsets.get(&id(request, "buildsetid")) else {
            return vec!["has no buildset".to_owned()];
        };
        let mut facts = vec![format!("reason {}", buildset["reason"])];
        if let Some(parent) = buildset["parent_buildid"].as_i64() {
            let parent = self.builds.get(&parent).cloned().unwrap_or_default();
            facts.push(format!("parent {parent} {}", buildset["parent_relationship"]));
        }
        if let Some(rebuilt) = buildset["rebuilt_buildid"].as_i64() {
            facts.push(format!("rebuilt {}", self.builds.get(&rebuilt).cloned().unwrap_or_default()));
        }
        let mut stamps: Vec<_> = buildset["sourcestamps"].as_array().into_iter().flatten().map(stamp).collect();
        stamps.sort();
        facts.extend(stamps);
        facts
    }

    /// How the buildsets ended, whichever came first.
    fn buildset_results(&self) -> Vec<String> {
        let tell =
            |buildset: &Value| format!("buildset {}: {}", buildset["reason"], results_name(&buildset["results"]));
        let ours = |buildset: &&Value| buildset["reason"] != json!(FENCE);
        self.buildsets.values().filter(ours).map(tell).collect()
    }
}

/// The reason of the builds of the fence.
const FENCE: &str = "fence";

fn stamp(stamp: &Value) -> String {
    let patch = if stamp["patch"].is_null() { "" } else { " patched" };
    let names = ["codebase", "project", "repository", "branch", "revision"];
    let fields: Vec<_> =
        names.iter().map(|name| format!("{name} {}", Observer::neutral(name, &stamp[*name]))).collect();
    format!("source {}{patch}", fields.join(", "))
}
