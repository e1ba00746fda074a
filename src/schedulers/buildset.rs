//! How a scheduler's buildset is made: its reason, its properties and the source stamp of each codebase.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::config::{CodebaseConfig, SchedulerConfig};
use super::facts::{LastRevision, Memory};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuilderId, Change, NewBuildset, Properties, StampSpec};

/// Where properties of a scheduler say they came from.
const SOURCE: &str = "Scheduler";

/// A buildset of these changes; codebases without a change have the source that is remembered or configured. Properties
/// of the newest change of a codebase are over those of the scheduler.
pub(super) fn of_changes(
    config: &SchedulerConfig,
    builders: &[BuilderId],
    changes: &[Arc<Change>],
    memory: &Memory,
) -> NewBuildset {
    let newest: BTreeMap<&str, &Change> =
        changes.iter().map(|change| (change.codebase.as_str(), change.as_ref())).collect();
    let stamp = |codebase: &CodebaseConfig| match newest.get(codebase.name.as_str()) {
        Some(change) => NewStamp::Existing(change.source_stamp_id),
        None => NewStamp::Spec(default_stamp(codebase, memory)),
    };
    let mut buildset = NewBuildset {
        stamps: codebases(config).iter().map(stamp).collect(),
        changes: changes.iter().map(|change| change.id).collect(),
        ..empty(config, builders)
    };
    newest.values().for_each(|change| buildset.properties.update(&change.properties));
    buildset
}

/// A buildset without source.
pub(super) fn empty(config: &SchedulerConfig, builders: &[BuilderId]) -> NewBuildset {
    NewBuildset {
        scheduler: config.name.clone(),
        reason: String::new(),
        external_id: None,
        properties: properties(config),
        builders: builders.to_vec(),
        stamps: Vec::new(),
        changes: Vec::new(),
        priority: config.priority.default_value(),
        waited_for: false,
        parent_build: None,
        rebuilt_build: None,
    }
}

/// The reason of a buildset: the configured text, or the class's own.
pub(super) fn reason(config: &SchedulerConfig, configured: Option<&str>) -> String {
    let class = config.kind.class_name();
    let values = [("classname", class), ("name", config.name.as_str())];
    fill_in(configured.unwrap_or("The %(classname)s scheduler named '%(name)s' triggered this build"), &values)
}

/// The configured codebases, or the one without a name.
pub(super) fn codebases(config: &SchedulerConfig) -> Vec<CodebaseConfig> {
    match config.codebases.as_slice() {
        [] => vec![CodebaseConfig::default()],
        codebases => codebases.to_vec(),
    }
}

/// The configured properties, and the scheduler's name.
pub(super) fn properties(config: &SchedulerConfig) -> Properties {
    let mut properties = Properties::new();
    for (name, property) in config.properties.iter() {
        properties.set(name, property.value.clone(), SOURCE);
    }
    properties.set("scheduler", config.name.as_str(), SOURCE);
    properties
}

/// What is built of a codebase if nobody says otherwise.
pub(super) fn default_stamp(codebase: &CodebaseConfig, memory: &Memory) -> StampSpec {
    let configured = StampSpec {
        codebase: codebase.name.clone(),
        repository: codebase.repository.clone(),
        project: String::new(),
        branch: codebase.branch.clone(),
        revision: codebase.revision.clone(),
        patch: None,
    };
    match memory.revisions.get(&codebase.name) {
        None => configured,
        Some(LastRevision { repository, branch, revision, .. }) => StampSpec {
            repository: repository.clone(),
            branch: branch.clone(),
            revision: revision.clone(),
            ..configured
        },
    }
}

/// Replaces `%(key)s` and `%%`; anything else stays as it is.
pub(super) fn fill_in(format: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let found = values.iter().find_map(|(key, value)| {
            let after = rest.strip_prefix("%(")?.strip_prefix(key)?.strip_prefix(")s")?;
            Some((*value, after))
        });
        let (value, after) = match (found, rest.strip_prefix("%%")) {
            (Some(found), _) => found,
            (None, Some(after)) => ("%", after),
            (None, None) => ("%", &rest[1..]),
        };
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_filled_in_and_never_twice() {
        let values = [("name", "%(owner)s"), ("owner", "joe")];
        assert_eq!(fill_in("%(owner)s: 100%% of %(name)s, %(what)s %", &values), "joe: 100% of %(owner)s, %(what)s %");
    }
}
