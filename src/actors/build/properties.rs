//! The properties a build begins with, in the order in which later ones override earlier ones (manual section
//! "Properties", "Common Build Properties").

use std::collections::BTreeSet;

use crate::config::{BuilderConfig, MasterConfig};
use crate::db::views::deciders::BuildInputs;
use crate::domain::{BuilderId, Properties, PropertyValue};
use crate::wire::WorkerLink;

use super::super::workers::WorkerSnapshot;

/// Global, change, buildset, builder and worker properties, then those of the build itself; the build number joins
/// them when the build has one.
pub fn build_properties(
    config: &MasterConfig,
    (builder_id, builder): (BuilderId, &BuilderConfig),
    worker: &WorkerSnapshot,
    inputs: &BuildInputs,
    link: &WorkerLink,
) -> Properties {
    let mut properties = config.properties.clone();
    for change in &inputs.changes {
        properties.update(&change.properties);
    }
    properties.update(&inputs.properties);
    properties.set("buildername", builder.name.as_str(), "Builder");
    properties.set("builderid", builder_id.0, "Builder");
    add(&mut properties, &builder.properties, &builder.default_properties);
    add(&mut properties, &worker.config.properties, &worker.config.default_properties);
    properties.set("workername", worker.config.name.as_str(), "Worker");
    let basedir = link.facts().basedir.as_str();
    properties.set("basedir", basedir, "Worker");
    properties.set("builddir", format!("{basedir}/{}", builder.workerbuilddir), "Worker");
    if let [stamp] = inputs.source_stamps.as_slice() {
        properties.set("branch", stamp.spec.branch.clone(), "Build");
        properties.set("revision", stamp.spec.revision.clone(), "Build");
        properties.set("repository", stamp.spec.repository.as_str(), "Build");
        properties.set("codebase", stamp.spec.codebase.as_str(), "Build");
        properties.set("project", stamp.spec.project.as_str(), "Build");
    }
    let owners = owners(inputs);
    if !owners.is_empty() {
        properties.set("owners", PropertyValue::List(owners.into_iter().map(PropertyValue::from).collect()), "Build");
    }
    properties
}

/// Those that hold in any case, then those for which there is no value yet.
fn add(properties: &mut Properties, own: &Properties, defaults: &Properties) {
    properties.update(own);
    for (name, property) in defaults.iter() {
        if !properties.has(name) {
            properties.set(name, property.value.clone(), property.source.clone());
        }
    }
}

/// Who answers for the build: authors of its changes and patches, and who asked for it.
fn owners(inputs: &BuildInputs) -> BTreeSet<&str> {
    let authors = inputs.changes.iter().map(|change| change.author.as_str());
    let patches = inputs.source_stamps.iter().filter_map(|stamp| stamp.spec.patch.as_ref());
    let asked = inputs.owners.iter().map(String::as_str);
    authors.chain(patches.map(|patch| patch.author.as_str())).chain(asked).collect()
}
