//! The properties a build begins with, in the order in which later ones override earlier ones (manual section
//! "Properties", "Common Build Properties").

use std::collections::BTreeSet;

use crate::config::{BuilderConfig, WorkerConfig};
use crate::db::views::deciders::BuildInputs;
use crate::domain::{BuilderId, ProjectId, Properties, PropertyValue};
use crate::wire::WorkerLink;

use super::super::applied::Applied;
use super::super::workers::WorkerSnapshot;

/// Those of [`layers`], then what the worker says of itself; the build number joins them when the build has one.
pub fn build_properties(
    applied: &Applied,
    (builder_id, builder): (BuilderId, &BuilderConfig),
    worker: &WorkerSnapshot,
    inputs: &BuildInputs,
    link: &WorkerLink,
) -> Properties {
    let project = builder.project.as_ref().and_then(|name| applied.ids.projects.get(name)).copied();
    let of_builder = BuilderFacts { id: builder_id, project, config: builder };
    let mut properties = layers(&applied.config.properties, &of_builder, &worker.config, inputs);
    let basedir = link.facts().basedir.as_str();
    properties.set("basedir", basedir, "Worker");
    properties.set("builddir", format!("{basedir}/{}", builder.workerbuilddir), "Worker");
    properties
}

/// A builder, with the ids that it and its project have.
struct BuilderFacts<'a> {
    id: BuilderId,
    project: Option<ProjectId>,
    config: &'a BuilderConfig,
}

/// Global, change, buildset, builder and worker properties, then those of the build itself. Defaults of builder and
/// worker only fill what is missing when it is their turn.
fn layers(
    global: &Properties,
    &BuilderFacts { id, project, config: builder }: &BuilderFacts<'_>,
    worker: &WorkerConfig,
    inputs: &BuildInputs,
) -> Properties {
    let mut properties = global.clone();
    for change in &inputs.changes {
        properties.update(&change.properties);
    }
    properties.update(&inputs.properties);
    properties.set("builderid", id.0, "Builder");
    if let Some(name) = &builder.project {
        properties.set("projectname", name.as_str(), "Builder");
    }
    if let Some(project) = project {
        properties.set("projectid", project.0, "Builder");
    }
    let mut join = |name: &str, of: &str, source: &str, own: &Properties, defaults: &Properties| {
        properties.set(name, of, source);
        properties.update(own);
        for (name, property) in defaults.iter() {
            if !properties.has(name) {
                properties.set(name, property.value.clone(), property.source.clone());
            }
        }
    };
    join("buildername", &builder.name, "Builder", &builder.properties, &builder.default_properties);
    join("workername", &worker.name, "Worker", &worker.properties, &worker.default_properties);
    if let [stamp] = inputs.source_stamps.as_slice() {
        let facts: [(&str, PropertyValue); 5] = [
            ("branch", stamp.spec.branch.clone().into()),
            ("revision", stamp.spec.revision.clone().into()),
            ("repository", stamp.spec.repository.as_str().into()),
            ("codebase", stamp.spec.codebase.as_str().into()),
            ("project", stamp.spec.project.as_str().into()),
        ];
        for (name, value) in facts {
            properties.set(name, value, "Build");
        }
    }
    let owners = owners(inputs);
    if !owners.is_empty() {
        properties.set("owners", PropertyValue::List(owners.into_iter().map(PropertyValue::from).collect()), "Build");
    }
    properties
}

/// Who answers for the build: authors of its changes and patches, and who asked for it.
fn owners(inputs: &BuildInputs) -> BTreeSet<&str> {
    let authors = inputs.changes.iter().map(|change| change.author.as_str());
    let patches = inputs.source_stamps.iter().filter_map(|stamp| stamp.spec.patch.as_ref());
    let asked = inputs.owners.iter().map(String::as_str);
    authors.chain(patches.map(|patch| patch.author.as_str())).chain(asked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loader;
    use crate::domain::{SourceStamp, SourceStampId, StampSpec, Timestamp};

    const CONFIG: &str = "\
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['protocols'] = {'pb': {'port': 9989}}
c['properties'] = {'a': 'global', 'b': 'global', 'c': 'global', 'd': 'global', 'branch': 'global'}
c['workers'] = [worker.Worker('w1', 'pw', properties={'e': 'worker'},
                              defaultProperties={'b': 'default', 'f': 'worker default', 'g': 'worker default'})]
c['projects'] = [util.Project('shop')]
c['builders'] = [util.BuilderConfig(name='b1', workername='w1', project='shop', factory=util.BuildFactory(),
                                    properties={'d': 'builder', 'e': 'builder'},
                                    defaultProperties={'c': 'default', 'f': 'builder default'})]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['b1'])]
";

    #[test]
    fn worker_overrides_builder_overrides_request_overrides_global() {
        let config = Loader::new("/srv/master").text("master.cfg", CONFIG).unwrap();
        let mut requested = Properties::new();
        for name in ["b", "c", "d", "e"] {
            requested.set(name, "request", "Scheduler");
        }
        let spec = StampSpec { branch: Some("main".to_owned()), ..StampSpec::default() };
        let stamp = SourceStamp { id: SourceStampId(1), spec, created_at: Timestamp::from_secs(0) };
        let inputs = BuildInputs {
            properties: requested,
            source_stamps: vec![stamp],
            owners: vec!["ann".to_owned()],
            changes: Vec::new(),
            reasons: Vec::new(),
        };
        let builder = BuilderFacts { id: BuilderId(7), project: Some(ProjectId(3)), config: &config.builders[0] };
        let properties = layers(&config.properties, &builder, &config.workers[0], &inputs);
        let texts: Vec<String> = properties
            .iter()
            .map(|(name, property)| format!("{name}: {} ({})", property.value, property.source))
            .collect();
        assert_eq!(
            texts,
            [
                "a: global (global)",
                "b: request (Scheduler)",
                "branch: main (Build)",
                "builderid: 7 (Builder)",
                "buildername: b1 (Builder)",
                "c: request (Scheduler)",
                "codebase:  (Build)",
                "d: builder (Builder)",
                "e: worker (Worker)",
                "f: builder default (Builder)",
                "g: worker default (Worker)",
                "owners: ['ann'] (Build)",
                "project:  (Build)",
                "projectid: 3 (Builder)",
                "projectname: shop (Builder)",
                "repository:  (Build)",
                "revision: None (Build)",
                "workername: w1 (Worker)",
            ]
        );
    }
}
