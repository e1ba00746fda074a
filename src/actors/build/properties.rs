//! The properties a build begins with, in the order in which later ones override earlier ones (manual section
//! "Properties", "Common Build Properties").

use crate::config::{BuilderConfig, MasterConfig};
use crate::db::views::deciders::BuildInputs;
use crate::domain::Properties;
use crate::wire::WorkerLink;

use super::super::workers::WorkerSnapshot;

/// Global, change, buildset, worker and builder properties, then those of the build itself; the build number joins
/// them when the build has one.
pub fn build_properties(
    config: &MasterConfig,
    builder: &BuilderConfig,
    worker: &WorkerSnapshot,
    inputs: &BuildInputs,
    link: &WorkerLink,
) -> Properties {
    let mut properties = config.properties.clone();
    for change in &inputs.changes {
        properties.update(&change.properties);
    }
    properties.update(&inputs.properties);
    properties.update(&worker.config.properties);
    properties.update(&builder.properties);
    for (name, property) in builder.default_properties.iter().chain(worker.config.default_properties.iter()) {
        if !properties.has(name) {
            properties.set(name, property.value.clone(), property.source.clone());
        }
    }
    properties.set("buildername", builder.name.as_str(), "Builder");
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
    properties
}
