//! Force schedulers as HTML forms: which fields there are, what was filled in, what is wrong with it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::PropertyValue;
use crate::json;
use crate::schedulers::config::{
    ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, Layout, SchedulerConfig, SchedulerKind,
};
use crate::schedulers::describe::Choices;
use crate::schedulers::fields::{self, full_name, of_any_property, of_codebase, of_patch, patch_name};

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
    /// Whether a file can be sent with it.
    has_file: bool,
    groups: Vec<Group>,
}

#[derive(Debug, Serialize)]
struct Group {
    label: String,
    /// Groups with the same value are shown one at a time.
    tabs: Option<String>,
    columns: Option<u32>,
    /// Whether something in it is wrong.
    wrong: bool,
    fields: Vec<FormField>,
}

/// Fields that stand together: full name and field.
struct Fields<'form> {
    label: String,
    tabs: Option<String>,
    columns: Option<u32>,
    fields: Vec<(String, &'form ForceField)>,
}

#[derive(Debug, Serialize)]
struct FormField {
    name: String,
    id: String,
    label: String,
    /// `text`, `textarea`, `number`, `checkbox`, `select`, `suggest`, `file`.
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
    /// For each choice, values for other fields: JSON for the page's script.
    autopopulate: Option<String>,
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
    choices: &Choices,
) -> Vec<ForceForm> {
    schedulers.filter_map(|scheduler| form(scheduler, filled, choices)).collect()
}

fn form(scheduler: &SchedulerConfig, filled: Option<&Filled>, choices: &Choices) -> Option<ForceForm> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return None };
    let filled = filled.filter(|filled| filled.scheduler == scheduler.name);
    let control = |(name, field): &(String, &ForceField)| control(&scheduler.name, name, field, filled, choices);
    let group = |group: Fields<'_>| {
        let fields: Vec<_> = group.fields.iter().filter(|(_, field)| is_shown(field)).map(control).collect();
        let wrong = fields.iter().any(|field| field.error.is_some());
        Group { label: group.label, tabs: group.tabs, columns: group.columns, wrong, fields }
    };
    let groups: Vec<Group> = all_groups(force).into_iter().map(group).collect();
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
        has_file: groups.iter().flat_map(|group| &group.fields).any(|field| field.control == "file"),
        groups: groups.into_iter().filter(|group| !group.fields.is_empty()).collect(),
    })
}

/// All fields by group, in the order of the form. Groups in groups follow the group they are in.
fn all_groups(force: &ForceConfig) -> Vec<Fields<'_>> {
    let general = [&force.username, &force.reason, &force.priority];
    let mut groups = vec![frame("", general.map(|field| (field.name.clone(), field)).to_vec())];
    for codebase in &force.codebases {
        let label = if codebase.label.is_empty() { codebase.codebase.as_str() } else { codebase.label.as_str() };
        groups.push(frame(label, of_codebase(codebase)));
        if let Some(patch) = &codebase.patch {
            let label = if patch.label.is_empty() { "Patch" } else { &patch.label };
            groups.push(frame(label, of_patch(patch, &patch_name(&codebase.codebase))));
        }
    }
    groups.push(frame("", Vec::new()));
    add(&force.properties, "", None, &mut groups);
    groups
}

fn frame<'form>(label: &str, fields: Vec<(String, &'form ForceField)>) -> Fields<'form> {
    Fields { label: label.to_owned(), tabs: None, columns: None, fields }
}

/// Adds parameters to the last group, and groups of their own behind it.
fn add<'form>(parameters: &'form [ForceParameter], prefix: &str, tabs: Option<&str>, groups: &mut Vec<Fields<'form>>) {
    let mut is_behind_group = false;
    for parameter in parameters {
        let mut field = |fields: Vec<(String, &'form ForceField)>| match groups.last_mut() {
            Some(last) if !is_behind_group => last.fields.extend(fields),
            _ => groups.push(frame("", fields)),
        };
        match parameter {
            ForceParameter::Field(one) => field(vec![(full_name(prefix, &one.name), one)]),
            ForceParameter::AnyProperty(any) if any.label.is_empty() => field(of_any_property(any, prefix)),
            ForceParameter::AnyProperty(any) => groups.push(frame(&any.label, of_any_property(any, prefix))),
            ForceParameter::Group(inner) => add_group(inner, prefix, tabs, groups),
        }
        is_behind_group = matches!(parameter, ForceParameter::Group(_));
    }
}

fn add_group<'form>(inner: &'form ForceGroup, prefix: &str, tabs: Option<&str>, groups: &mut Vec<Fields<'form>>) {
    let name = full_name(prefix, &inner.name);
    let own_tabs = format!("{}-{}", tabs.unwrap_or("tabs"), groups.len());
    groups.push(Fields {
        label: if inner.layout == Layout::Simple { String::new() } else { inner.label.clone() },
        tabs: tabs.map(str::to_owned),
        columns: inner.columns,
        fields: Vec::new(),
    });
    add(&inner.fields, &name, (inner.layout == Layout::Tabs).then_some(own_tabs.as_str()), groups);
}

fn is_shown(field: &ForceField) -> bool {
    !field.hide && field.kind != ForceFieldKind::Fixed
}

fn control(scheduler: &str, name: &str, field: &ForceField, filled: Option<&Filled>, possible: &Choices) -> FormField {
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
            ForceFieldKind::Choice { strict: true, .. } | ForceFieldKind::Worker => "select",
            ForceFieldKind::Choice { strict: false, .. } | ForceFieldKind::Inherit { .. } => "suggest",
            ForceFieldKind::File => "file",
            _ => "text",
        },
        value: text(value),
        checked: value.is_truthy(),
        choices: choices(possible.of(&field.kind), value),
        multiple: field.multiple,
        required: field.required,
        size,
        rows,
        max_size: field.max_size,
        tooltip: field.tooltip.clone(),
        error: filled.and_then(|filled| filled.errors.get(name).cloned()),
        autopopulate: (field.autopopulate != PropertyValue::Null)
            .then(|| json::of_property(&field.autopopulate).to_string()),
    }
}

fn text(value: &PropertyValue) -> String {
    if *value == PropertyValue::Null { String::new() } else { value.to_string() }
}

fn choices(choices: Vec<String>, value: &PropertyValue) -> Vec<Choice> {
    let is_selected = |choice: &String| match value {
        PropertyValue::List(values) => values.iter().any(|value| value.as_str() == Some(choice)),
        other => text(other) == *choice,
    };
    choices.into_iter().map(|value| Choice { selected: is_selected(&value), value }).collect()
}

/// The values of a form's fields as they were sent; what is no field of the form is left out.
pub fn read(scheduler: &SchedulerConfig, sent: &[(String, String)]) -> BTreeMap<String, PropertyValue> {
    let SchedulerKind::Force(force) = &scheduler.kind else { return BTreeMap::new() };
    let shown = fields::all(force).into_iter().filter(|(_, field)| is_shown(field));
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
