//! Schedulers, and the filters of changes that they take.

use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::{force, values};
use crate::config::script::{Object, Raw};
use crate::config::table;
use crate::schedulers::config::{
    AttributeFilter, ChangeAttribute, ChangeFilter, CodebaseConfig, SchedulerConfig, SchedulerKind, SingleBranchConfig,
    TryConfig,
};

const SOURCE: &str = "Scheduler";

pub fn scheduler(context: &Context<'_>, object: &Arc<Object>) -> SchedulerConfig {
    let fields = Fields::new(context, object);
    let name = fields.text("name");
    if fields.was_given("name") && name.is_empty() {
        fields.problem("name", "must not be empty");
    }
    let is_force = object.class.name == "ForceScheduler";
    let kind = match object.class.name {
        "ForceScheduler" => SchedulerKind::Force(force::force(&fields, &name)),
        "Try_Userpass" => SchedulerKind::Try(TryConfig::Userpass),
        "Try_Jobdir" => SchedulerKind::Try(TryConfig::Jobdir(fields.text("jobdir"))),
        _ => SchedulerKind::SingleBranch(single_branch(&fields)),
    };
    // Here `priority` and `properties` of a ForceScheduler are fields of its form.
    let priority = if is_force { None } else { fields.int("priority") };
    SchedulerConfig {
        builder_names: fields.texts("builderNames"),
        properties: if is_force { Default::default() } else { fields.properties("properties", SOURCE) },
        priority: priority.and_then(|priority| i32::try_from(priority).ok()).unwrap_or(0),
        codebases: if is_force { Vec::new() } else { codebases(&fields) },
        kind,
        name,
    }
}

fn single_branch(fields: &Fields<'_>) -> SingleBranchConfig {
    let value = fields.value("change_filter");
    let mut filter =
        value.object().map(|object| change_filter(&Fields::new(fields.context, object))).unwrap_or_default();
    let branch_was_named = fields.object.argument("branch").is_some();
    if value.object().is_some() && (branch_was_named || fields.was_given("categories")) {
        let name = if branch_was_named { "branch" } else { "categories" };
        fields.problem(name, "and 'change_filter' cannot be given together");
    }
    if branch_was_named {
        filter.attributes.push((ChangeAttribute::Branch, one_of(&fields.value("branch"))));
    }
    if let Some(categories) = fields.optional("categories") {
        filter.attributes.push((ChangeAttribute::Category, one_of(&categories)));
    }
    SingleBranchConfig {
        filter,
        tree_stable_timer: fields.seconds("treeStableTimer"),
        file_is_important: fields.callback("fileIsImportant"),
        only_important: fields.flag("onlyImportant"),
        reason: fields.optional_text("reason"),
    }
}

fn change_filter(fields: &Fields<'_>) -> ChangeFilter {
    let mut filter = ChangeFilter { filter_fn: fields.callback("filter_fn"), attributes: Vec::new() };
    let attributes = [
        (ChangeAttribute::Project, "project"),
        (ChangeAttribute::Repository, "repository"),
        (ChangeAttribute::Branch, "branch"),
        (ChangeAttribute::Category, "category"),
        (ChangeAttribute::Codebase, "codebase"),
    ];
    for (attribute, name) in attributes {
        // None is a value for the branch only: a change without a branch.
        let was_named = fields.was_given(name) || (name == "branch" && fields.object.argument(name).is_some());
        if was_named {
            filter.attributes.push((attribute, one_of(&fields.value(name))));
        }
        if let Some(value) = fields.optional(&format!("{name}_re")) {
            filter.attributes.push((attribute, AttributeFilter::Matches(patterns(&value))));
        }
        if let Some(callback) = fields.callback(&format!("{name}_fn")) {
            filter.attributes.push((attribute, AttributeFilter::Function(callback)));
        }
    }
    filter
}

fn one_of(value: &Raw) -> AttributeFilter {
    AttributeFilter::OneOf(match value {
        Raw::List(items) => items.iter().map(Raw::text).collect(),
        other => vec![other.text()],
    })
}

fn patterns(value: &Raw) -> Vec<String> {
    match value {
        Raw::List(items) => items.iter().filter_map(table::pattern).collect(),
        other => table::pattern(other).into_iter().collect(),
    }
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
