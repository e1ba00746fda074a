//! `util.BuilderConfig` and `util.BuildFactory`.

use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::{locks, steps};
use crate::config::script::{Object, Raw};
use crate::config::{BuilderConfig, FactoryConfig};
use crate::domain::Renderable;

pub const CLASSES: &[&str] = &["BuilderConfig"];

const SOURCE: &str = "Builder";

pub fn builder(context: &Context<'_>, object: &Arc<Object>) -> BuilderConfig {
    let fields = Fields::new(context, object);
    let name = fields.text("name");
    if name.starts_with('_') {
        fields.problem("name", "must not begin with '_'");
    } else if fields.was_given("name") && (name.is_empty() || 70 < name.chars().count()) {
        fields.problem("name", "must have 1 to 70 characters");
    }
    let mut worker_names = fields.texts("workername");
    worker_names.extend(fields.texts("workernames"));
    if fields.was_given("workername") && fields.was_given("workernames") {
        fields.problem("workernames", "and 'workername' cannot be given together");
    }
    let mut tags = fields.texts("tags");
    if let Some(category) = fields.optional_text("category") {
        context.warning(fields.span("category"), "util.BuilderConfig(category=) is an old way to give 'tags'");
        tags.push(category);
    }
    let builddir = fields.optional_text("builddir").unwrap_or_else(|| directory(&name));
    BuilderConfig {
        worker_names,
        workerbuilddir: fields.optional_text("workerbuilddir").unwrap_or_else(|| builddir.clone()),
        builddir,
        factory: factory(&fields),
        description: super::projects::description(&fields),
        project: fields.optional_text("project"),
        tags,
        properties: fields.properties("properties", SOURCE),
        default_properties: fields.properties("defaultProperties", SOURCE),
        env: fields.environment("env").into_iter().collect(),
        collapse_requests: fields.optional("collapseRequests").map(|value| super::collapse(&value)),
        locks: locks::items(&fields),
        next_build: fields.callback("nextBuild"),
        next_worker: fields.callback("nextWorker").map(|function| super::as_now(&function, 0..2, 3)),
        can_start_build: fields.callback("canStartBuild"),
        horizons: super::lifetime::of_builder(&fields),
        do_build_if: fields.callback("do_build_if"),
        location: context.location(object.span),
        name,
    }
}

/// A directory of this name, as Buildbot makes it: letters, digits, some marks and what is not ASCII stay.
fn directory(name: &str) -> String {
    let safe =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '"' | '`') || !letter.is_ascii();
    name.chars().map(|letter| if safe(letter) { letter } else { '_' }).collect()
}

fn factory(builder: &Fields<'_>) -> FactoryConfig {
    let value = builder.value("factory");
    let Some(object) = value.object() else {
        return FactoryConfig { steps: Vec::new(), workdir: Renderable::from("build") };
    };
    let fields = Fields::new(builder.context, object);
    let steps = fields.value("steps");
    let steps = steps.items().iter().filter_map(Raw::object);
    FactoryConfig {
        steps: steps.flat_map(|step| steps::steps(builder.context, step)).collect(),
        workdir: fields.renderable("workdir").unwrap_or_else(|| Renderable::from("build")),
    }
}
