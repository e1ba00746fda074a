//! Schedulers.

use std::sync::Arc;
use std::time::Duration;

use super::change_filter::{change_filter, one_of};
use super::context::Context;
use super::fields::Fields;
use super::{cron, force, values};
use crate::config::script::{Object, Raw};
use crate::schedulers::config::{
    BasicConfig, ChangeAttribute, ChangeFilter, CodebaseConfig, DependentConfig, Priority, SchedulerConfig,
    SchedulerKind, TimedConfig, TriggerableConfig, TryConfig, WatchConfig,
};

const SOURCE: &str = "Scheduler";

pub fn scheduler(context: &Context<'_>, object: &Arc<Object>) -> SchedulerConfig {
    let fields = Fields::new(context, object);
    let name = fields.text("name");
    if fields.was_given("name") && name.is_empty() {
        fields.problem("name", "must not be empty");
    }
    let kind = kind(&fields, &name);
    let is_force = matches!(kind, SchedulerKind::Force(_));
    // There `priority` and `properties` are fields of its form.
    let priority = if is_force { Priority::Fixed(0) } else { priority(&fields) };
    SchedulerConfig {
        builder_names: fields.texts("builderNames"),
        properties: if is_force { Default::default() } else { fields.properties("properties", SOURCE) },
        priority,
        codebases: if is_force { Vec::new() } else { codebases(&fields) },
        kind,
        name,
    }
}

fn priority(fields: &Fields<'_>) -> Priority {
    if let Some(function) = fields.callback("priority") {
        return Priority::Function(function);
    }
    Priority::Fixed(fields.int("priority").and_then(|priority| i32::try_from(priority).ok()).unwrap_or(0))
}

fn kind(fields: &Fields<'_>, name: &str) -> SchedulerKind {
    match fields.object.class.name {
        "AnyBranchScheduler" => SchedulerKind::AnyBranch(basic(fields, "branches")),
        "Dependent" => SchedulerKind::Dependent(DependentConfig { upstream: upstream(fields) }),
        "Periodic" => SchedulerKind::Periodic(timed(fields), interval(fields)),
        "Nightly" => SchedulerKind::Nightly(timed(fields), cron::nightly(fields)),
        "NightlyTriggerable" => SchedulerKind::NightlyTriggerable(timed(fields), cron::nightly(fields)),
        "Triggerable" => SchedulerKind::Triggerable(TriggerableConfig { reason: fields.optional_text("reason") }),
        "ForceScheduler" => SchedulerKind::Force(force::force(fields, name)),
        "Try_Userpass" => SchedulerKind::Try(TryConfig::Userpass),
        "Try_Jobdir" => SchedulerKind::Try(TryConfig::Jobdir(fields.text("jobdir"))),
        _ => SchedulerKind::SingleBranch(basic(fields, "branch")),
    }
}

/// `branches` is the name of the argument that names them.
fn basic(fields: &Fields<'_>, branches: &str) -> BasicConfig {
    let mut watch = watch(fields);
    let branch_was_named = fields.object.argument(branches).is_some();
    if fields.was_given("change_filter") && (branch_was_named || fields.was_given("categories")) {
        let name = if branch_was_named { branches } else { "categories" };
        fields.problem(name, "and 'change_filter' cannot be given together");
    }
    if branch_was_named {
        watch.filter.tests.push((ChangeAttribute::Branch, one_of(&fields.value(branches))));
    }
    if let Some(categories) = fields.optional("categories") {
        watch.filter.tests.push((ChangeAttribute::Category, one_of(&categories)));
    }
    BasicConfig {
        watch,
        tree_stable_timer: fields.seconds("treeStableTimer"),
        reason: fields.optional_text("reason"),
        absolute_source_stamps: fields.flag("createAbsoluteSourceStamps"),
    }
}

fn watch(fields: &Fields<'_>) -> WatchConfig {
    let filter = match fields.value("change_filter").object() {
        Some(object) => change_filter(&Fields::new(fields.context, object)),
        None => ChangeFilter::default(),
    };
    WatchConfig {
        filter,
        file_is_important: fields.callback("fileIsImportant"),
        only_important: fields.flag("onlyImportant"),
    }
}

fn timed(fields: &Fields<'_>) -> TimedConfig {
    let looks = fields.flag("onlyIfChanged") || fields.flag("createAbsoluteSourceStamps");
    for name in ["change_filter", "fileIsImportant"] {
        if fields.was_given(name) && !looks {
            let class = fields.object.class.full_name();
            let message = format!("{class}({name}=) has no effect without onlyIfChanged=True");
            fields.context.warning(fields.span(name), message);
        }
    }
    let branch_was_named = fields.object.argument("branch").is_some();
    TimedConfig {
        watch: watch(fields),
        reason: fields.optional_text("reason"),
        absolute_source_stamps: fields.flag("createAbsoluteSourceStamps"),
        only_if_changed: fields.flag("onlyIfChanged"),
        branch: branch_was_named.then(|| fields.optional_text("branch")),
    }
}

fn interval(fields: &Fields<'_>) -> Duration {
    let interval = fields.seconds("periodicBuildTimer").unwrap_or(Duration::MAX);
    if interval < Duration::from_secs(1) {
        fields.problem("periodicBuildTimer", "must be at least one second");
    }
    interval
}

fn upstream(fields: &Fields<'_>) -> String {
    let value = fields.value("upstream");
    value.object().and_then(|object| object.argument("name")).and_then(Raw::text).unwrap_or_default()
}

/// Names, or names to `{'repository':, 'branch':, 'revision':}`.
fn codebases(fields: &Fields<'_>) -> Vec<CodebaseConfig> {
    match fields.value("codebases") {
        Raw::None => Vec::new(),
        Raw::List(names) => {
            if names.iter().any(|name| name.text().is_none()) {
                fields.problem("codebases", "must be a list of names or a dictionary");
            }
            let codebase = |name: String| CodebaseConfig { name, ..CodebaseConfig::default() };
            names.iter().filter_map(Raw::text).map(codebase).collect()
        }
        value @ Raw::Map(_) => values::named(&value).map(|(name, entry)| codebase(fields, name, &entry)).collect(),
        other => {
            fields.problem("codebases", &format!("must be a list of names or a dictionary, not {}", other.describe()));
            Vec::new()
        }
    }
}

fn codebase(fields: &Fields<'_>, name: String, entry: &Raw) -> CodebaseConfig {
    for (key, _) in values::named(entry) {
        if !["repository", "branch", "revision"].contains(&key.as_str()) {
            fields.problem("codebases", &format!("has an unknown key '{key}' for codebase '{name}'"));
        }
    }
    let text = |key: &str| entry.get(key).and_then(Raw::text);
    let repository = text("repository").unwrap_or_default();
    CodebaseConfig { name, repository, branch: text("branch"), revision: text("revision") }
}
