//! Makes the typed configuration of the values a file left behind. Every problem is collected, none stops the rest.

mod builders;
mod cancellers;
mod change_filter;
mod changes;
mod chats;
mod clients;
mod context;
mod cron;
mod fields;
mod force;
mod lifetime;
mod locks;
mod network;
mod projects;
mod properties;
mod reporters;
mod revlink;
pub mod running;
mod schedulers;
mod secrets;
mod settings;
mod shell;
mod steps;
mod tools;
mod transfers;
mod unbuilt;
mod validate;
mod validation;
mod values;
mod workers;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use self::context::Context;
use self::settings::Settings;
use super::script::{Object, Outcome, Raw};
use super::source::SourceText;
use super::{Collapse, ConfigErrors, LogLimits, MasterConfig, table};
use crate::domain::{Callback, Properties};

/// Losses of a worker after which a request is given up.
const MAX_WORKER_LOSSES: i32 = 3;

/// Something typed, and the object of the file it was made of.
pub struct Placed<T> {
    pub item: T,
    pub object: Arc<Object>,
}

/// The typed configuration, or everything that is wrong with it.
pub fn build(source: &SourceText, outcome: Outcome, base_dir: &Path) -> Result<MasterConfig, ConfigErrors> {
    let context = Context::new(source, &outcome, base_dir);
    let settings = Settings::new(&context, &outcome.config);
    let projects = settings.objects("projects", projects::PROJECT, projects::project);
    let codebases = settings.objects("codebases", projects::CODEBASE, projects::codebase);
    let workers = settings.objects("workers", workers::CLASSES, workers::worker);
    let builders = settings.objects("builders", builders::CLASSES, builders::builder);
    let mut schedulers = settings.objects("schedulers", table::SCHEDULERS, schedulers::scheduler);
    let validation = validation::apply(&settings, schedulers.iter_mut().map(|placed| &mut placed.item));
    let change_sources = settings.objects("change_source", changes::CLASSES, changes::change_source);
    settings.services();
    unbuilt::look_for(&context, &outcome.config);
    let reporters = reporters::reporters(&settings, &builders, &workers);
    let www = network::www(&settings);
    let protocols = network::protocols(&settings);
    let all = validate::All {
        projects: &projects,
        codebases: &codebases,
        workers: &workers,
        builders: &builders,
        schedulers: &schedulers,
        sources: &change_sources,
        protocols_were_given: settings.value("protocols").is_some_and(Raw::is_truthy),
    };
    validate::validate(&context, &all, &protocols, www.as_ref());
    let buildbot_url = buildbot_url(&settings);
    let config = MasterConfig {
        cancellers: cancellers::cancellers(&settings, &builders),
        clients: clients::accounts(&settings, &change_sources, &schedulers),
        title: settings.text("title").unwrap_or("Buildbot".to_owned()),
        title_url: settings.text("titleURL").unwrap_or(buildbot_url.clone()),
        buildbot_url,
        projects: items(projects),
        codebases: items(codebases),
        workers: items(workers),
        builders: items(builders),
        schedulers: items(schedulers),
        change_sources: items(change_sources),
        chats: chats::chats(&settings, &reporters),
        reporters,
        protocols,
        www,
        certificates: context.certificates(),
        secrets: secrets::secrets(&settings),
        db_url: network::db_url(&settings),
        properties: properties(&settings),
        collapse_requests: settings.collapse(),
        prioritize_builders: settings.function("prioritizeBuilders"),
        validation,
        codebase_generator: settings.function("codebaseGenerator"),
        revlink: revlink::revlink(&settings),
        logs: logs(&settings),
        lifetime: lifetime::lifetime(&settings),
        max_worker_losses: MAX_WORKER_LOSSES,
        stored: outcome.stored.clone(),
        inactive: context.inactive(),
        not_available: context.all_not_available(),
        warnings: context.warnings(),
        files: Vec::new(),
    };
    context.finish().map(|()| config)
}

fn items<T>(placed: Vec<Placed<T>>) -> Vec<T> {
    placed.into_iter().map(|placed| placed.item).collect()
}

/// Where the pages are. Links to them go into mails: without a scheme they lead nowhere.
fn buildbot_url(settings: &Settings<'_>) -> String {
    for key in ["buildbotURL", "titleURL"] {
        let Some(Raw::Text(url)) = settings.value(key) else { continue };
        if !url.contains("://") && !url.is_empty() {
            let message = format!("c['{key}'] has no scheme, so that links lead nowhere: 'https://{url}'?");
            settings.context.warning(settings.span(key, ""), message);
        }
    }
    with_slash(settings.text("buildbotURL").unwrap_or("http://localhost:8080/".to_owned()))
}

fn with_slash(url: String) -> String {
    if url.ends_with('/') { url } else { format!("{url}/") }
}

fn properties(settings: &Settings<'_>) -> Properties {
    settings.properties("properties").map(|value| values::properties(value, "global")).unwrap_or_default()
}

fn logs(settings: &Settings<'_>) -> LogLimits {
    LogLimits { max_bytes: settings.count("logMaxSize"), max_tail_bytes: settings.count("logMaxTailSize") }
}

/// `collapseRequests` of the file or of a builder.
fn collapse(value: &Raw) -> Collapse {
    match value {
        Raw::Function(callback) => Collapse::Function(as_now(callback, 1..4, 4)),
        other if other.is_truthy() => Collapse::Compatible,
        _ => Collapse::Never,
    }
}

/// A function as it is called now, with `n_now` arguments; one of 0.8 that cannot take them gets those of `positions`.
fn as_now(callback: &Callback, positions: Range<usize>, n_now: usize) -> Callback {
    let is_old = !callback.0.takes(n_now) && callback.0.takes(positions.len());
    if is_old { callback.with_only(positions) } else { callback.clone() }
}

fn callback(value: &Raw) -> Option<Callback> {
    match value {
        Raw::Function(callback) => Some(callback.clone()),
        _ => None,
    }
}
