//! `c['validation']`: patterns for what people type into force forms and in chats.

use super::settings::Settings;
use super::values;
use crate::config::nearest;
use crate::config::script::Raw;
use crate::config::table::{Kind, pattern};
use crate::schedulers::config::{ForceField, ForceGroup, ForceParameter, SchedulerConfig, SchedulerKind};
use crate::schedulers::validation::Validation;

const KEYS: [&str; 4] = ["branch", "revision", "property_name", "property_value"];

/// Gives the patterns to the fields that they are about; a field's own one counts for more.
pub fn apply<'s>(settings: &Settings<'_>, schedulers: impl Iterator<Item = &'s mut SchedulerConfig>) -> Validation {
    let patterns = patterns(settings);
    for scheduler in schedulers {
        let SchedulerKind::Force(force) = &mut scheduler.kind else { continue };
        for codebase in &mut force.codebases {
            give(&mut codebase.branch, patterns.branch.as_ref());
            give(&mut codebase.revision, patterns.revision.as_ref());
        }
        force.properties.iter_mut().for_each(|parameter| of_parameter(parameter, &patterns));
    }
    patterns
}

/// The patterns that the file gives.
fn patterns(settings: &Settings<'_>) -> Validation {
    let mut patterns = Validation::default();
    for (name, value) in settings.map("validation").into_iter().flat_map(values::named) {
        let Some(text) = one(settings, &name, &value) else { continue };
        let place = match name.as_str() {
            "branch" => &mut patterns.branch,
            "revision" => &mut patterns.revision,
            "property_name" => &mut patterns.property_name,
            _ => &mut patterns.property_value,
        };
        *place = Some(text);
    }
    patterns
}

fn one(settings: &Settings<'_>, name: &str, value: &Raw) -> Option<String> {
    if !KEYS.contains(&name) {
        let hint = nearest::hint(name, KEYS);
        settings.problem("validation", name, format!("c['validation'] has no key '{name}'{hint}"));
        return None;
    }
    if let Some(problem) = Kind::Pattern.problem(value) {
        settings.problem("validation", name, format!("c['validation']['{name}'] {problem}"));
        return None;
    }
    pattern(value)
}

fn of_parameter(parameter: &mut ForceParameter, patterns: &Validation) {
    match parameter {
        ForceParameter::Field(_) => {}
        ForceParameter::Group(ForceGroup { fields, .. }) => {
            fields.iter_mut().for_each(|parameter| of_parameter(parameter, patterns));
        }
        ForceParameter::AnyProperty(any) => {
            give(&mut any.property, patterns.property_name.as_ref());
            give(&mut any.value, patterns.property_value.as_ref());
        }
    }
}

fn give(field: &mut ForceField, pattern: Option<&String>) {
    if field.regex.is_none() {
        field.regex = pattern.cloned();
    }
}
