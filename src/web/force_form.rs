//! Force schedulers as HTML forms: which fields there are, what was filled in, what is wrong with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::PropertyValue;
use crate::schedulers::config::{ForceConfig, ForceField, ForceFieldKind, SchedulerConfig, SchedulerKind};
use crate::schedulers::fields::full_name;

/// The field that says which scheduler a form belongs to; no parameter of a scheduler can have this name.
pub const SCHEDULER_FIELD: &str = "*scheduler";

/// What a person sent.
#[derive(Clone, Debug, Default)]
pub struct Filled {
    pub scheduler: String,
    pub values: BTreeMap<String, PropertyValue>,
    /// Field name to what is wrong with it.
    pub errors: BTreeMap<String, String>,
}

/// One form.
#[derive(Debug, Serialize)]
pub struct ForceForm {
    scheduler: String,
    label: String,
    button: String,
    /// Whether it is unfolded: because something in it is wrong.
    open: bool,
    /// What is wrong with no field of the form.
    errors: Vec<String>,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    label: String,
    fields: Vec<FormField>,
}

#[derive(Debug, Serialize)]
struct FormField {
    name: String,
    id: String,
    label: String,
    /// `text`, `textarea`, `number`, `checkbox`, `select`, `suggest`.
    control: &'static str,
    value: String,
    checked: bool,
    choices: Vec<Choice>,
    multiple: bool,
    required: bool,
    size: u32,
    rows: u32,
    max_size: Option<u32>,
    tooltip: String,
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct Choice {
    value: String,
    selected: bool,
}

/// The forms of the force schedulers of a builder; `filled` is what came back with errors.
pub fn forms<'config>(
    schedulers: impl Iterator<Item = &'config SchedulerConfig>,
    filled: Option<&Filled>,
) -> Vec<ForceForm> {
    schedulers.filter_map(|scheduler| form(scheduler, filled)).collect()
}

fn form(scheduler: &SchedulerConfig, filled: Option<&Filled>) -> Option<ForceForm> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return None };
    let filled = filled.filter(|filled| filled.scheduler == scheduler.name);
    let groups: Vec<Group> =
        all_groups(force).into_iter().map(|(label, fields)| group(&scheduler.name, label, &fields, filled)).collect();
    let shown: Vec<&str> = groups.iter().flat_map(|group| &group.fields).map(|field| field.name.as_str()).collect();
    let elsewhere = |filled: &Filled| {
        let errors = filled.errors.iter().filter(|(name, _)| !shown.contains(&name.as_str()));
        errors.map(|(_, text)| text.clone()).collect::<Vec<_>>()
    };
    Some(ForceForm {
        scheduler: scheduler.name.clone(),
        label: force.label.clone(),
        button: force.button_name.clone(),
        open: filled.is_some(),
        errors: filled.map(elsewhere).unwrap_or_default(),
        groups: groups.into_iter().filter(|group| !group.fields.is_empty()).collect(),
    })
}

/// Full names and fields by group, in the order of the form.
fn all_groups(force: &ForceConfig) -> Vec<(&str, Vec<(String, &ForceField)>)> {
    let general = [&force.username, &force.reason, &force.priority];
    let mut groups = vec![("", general.map(|field| (field.name.clone(), field)).to_vec())];
    for codebase in &force.codebases {
        let fields = [&codebase.branch, &codebase.revision, &codebase.repository, &codebase.project];
        let label = if codebase.label.is_empty() { codebase.codebase.as_str() } else { codebase.label.as_str() };
        groups.push((label, fields.map(|field| (full_name(&codebase.codebase, &field.name), field)).to_vec()));
    }
    groups.push(("", force.properties.iter().map(|field| (field.name.clone(), field)).collect()));
    groups
}

fn is_shown(field: &ForceField) -> bool {
    !field.hide && field.kind != ForceFieldKind::Fixed
}

fn group(scheduler: &str, label: &str, fields: &[(String, &ForceField)], filled: Option<&Filled>) -> Group {
    let shown = fields.iter().filter(|(_, field)| is_shown(field));
    Group {
        label: label.to_owned(),
        fields: shown.map(|(name, field)| control(scheduler, name, field, filled)).collect(),
    }
}

fn control(scheduler: &str, name: &str, field: &ForceField, filled: Option<&Filled>) -> FormField {
    let value = filled.and_then(|filled| filled.values.get(name)).unwrap_or(&field.default);
    let label = field.label.trim_end_matches(':');
    let (rows, size) = match field.kind {
        ForceFieldKind::Text { rows, cols } => (rows, cols),
        ForceFieldKind::String { size } | ForceFieldKind::UserName { size, .. } => (1, size),
        _ => (1, 10),
    };
    FormField {
        id: format!("{scheduler}-{name}").replace(|letter: char| !letter.is_ascii_alphanumeric(), "-"),
        name: name.to_owned(),
        label: if label.is_empty() { name.to_owned() } else { label.to_owned() },
        control: match field.kind {
            ForceFieldKind::Text { .. } => "textarea",
            ForceFieldKind::Int => "number",
            ForceFieldKind::Bool => "checkbox",
            ForceFieldKind::Choice { strict: true, .. } => "select",
            ForceFieldKind::Choice { strict: false, .. } => "suggest",
            _ => "text",
        },
        value: text(value),
        checked: value.is_truthy(),
        choices: choices(&field.kind, value),
        multiple: field.multiple,
        required: field.required,
        size,
        rows,
        max_size: field.max_size,
        tooltip: field.tooltip.clone(),
        error: filled.and_then(|filled| filled.errors.get(name).cloned()),
    }
}

fn text(value: &PropertyValue) -> String {
    if *value == PropertyValue::Null { String::new() } else { value.to_string() }
}

fn choices(kind: &ForceFieldKind, value: &PropertyValue) -> Vec<Choice> {
    let ForceFieldKind::Choice { choices, .. } = kind else { return Vec::new() };
    let is_selected = |choice: &String| match value {
        PropertyValue::List(values) => values.iter().any(|value| value.as_str() == Some(choice)),
        other => text(other) == *choice,
    };
    choices.iter().map(|choice| Choice { value: choice.clone(), selected: is_selected(choice) }).collect()
}

/// The values of a form's fields as they were sent; what is no field of the form is left out.
pub fn read(scheduler: &SchedulerConfig, sent: &[(String, String)]) -> BTreeMap<String, PropertyValue> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return BTreeMap::new() };
    let fields = all_groups(force).into_iter().flat_map(|(_, fields)| fields);
    let shown = fields.filter(|(_, field)| is_shown(field));
    shown.filter_map(|(name, field)| value(&name, field, sent).map(|value| (name, value))).collect()
}

fn value(name: &str, field: &ForceField, sent: &[(String, String)]) -> Option<PropertyValue> {
    let mut texts = sent.iter().filter(|(key, _)| key == name).map(|(_, text)| text.replace("\r\n", "\n"));
    if field.kind == ForceFieldKind::Bool {
        // browsers leave out a box that is not ticked
        return Some(PropertyValue::Bool(texts.next().is_some()));
    }
    if field.multiple {
        return Some(PropertyValue::List(texts.map(PropertyValue::Str).collect()));
    }
    texts.next_back().map(PropertyValue::Str)
}
