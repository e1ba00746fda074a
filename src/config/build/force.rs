//! `schedulers.ForceScheduler` and the fields of its form.

use std::collections::HashSet;
use std::sync::Arc;

use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::config::table;
use crate::domain::PropertyValue;
use crate::schedulers::config::{ForceCodebase, ForceConfig, ForceField, ForceFieldKind};

pub fn force(fields: &Fields<'_>, name: &str) -> ForceConfig {
    let username = parameter(fields, "username").unwrap_or_else(user_name);
    let reason = parameter(fields, "reason").unwrap_or_else(|| text_field("reason", "reason", "force build", 20));
    let mut priority = text_field("priority", "priority", "", 10);
    (priority.kind, priority.default) = (ForceFieldKind::Int, PropertyValue::Int(0));
    let priority = parameter(fields, "priority").unwrap_or(priority);
    if !matches!(priority.kind, ForceFieldKind::Int | ForceFieldKind::Fixed) {
        fields.problem("priority", "must be a util.IntParameter or a util.FixedParameter");
    }
    ForceConfig {
        label: fields.optional_text("label").unwrap_or_else(|| name.to_owned()),
        button_name: fields.optional_text("buttonName").unwrap_or_else(|| name.to_owned()),
        reason,
        reason_string: fields.text("reasonString"),
        username,
        codebases: codebases(fields),
        priority,
        properties: properties(fields),
    }
}

/// The field that an argument gives.
fn parameter(fields: &Fields<'_>, name: &str) -> Option<ForceField> {
    let value = fields.optional(name)?;
    value.object().map(|object| field(&Fields::new(fields.context, object)))
}

fn properties(fields: &Fields<'_>) -> Vec<ForceField> {
    let mut names = HashSet::new();
    let mut properties = Vec::new();
    let value = fields.value("properties");
    for object in value.items().iter().filter_map(Raw::object) {
        let inner = Fields::new(fields.context, object);
        let field = field(&inner);
        if !names.insert(field.name.clone()) {
            inner.problem("name", &format!("'{}' is used for two fields of this form", field.name));
        }
        properties.push(field);
    }
    properties
}

fn codebases(fields: &Fields<'_>) -> Vec<ForceCodebase> {
    let Some(value) = fields.optional("codebases") else { return vec![default_codebase("")] };
    if value.items().is_empty() {
        fields.problem("codebases", "must not be an empty list");
    }
    let mut found: Vec<ForceCodebase> = Vec::new();
    for item in value.items() {
        let codebase = match item {
            Raw::Object(object) => codebase(fields, object),
            other => default_codebase(&other.text().unwrap_or_default()),
        };
        if found.iter().any(|before| before.codebase == codebase.codebase) {
            fields.problem("codebases", &format!("names the codebase '{}' twice", codebase.codebase));
        }
        found.push(codebase);
    }
    found
}

fn codebase(scheduler: &Fields<'_>, object: &Arc<Object>) -> ForceCodebase {
    let fields = Fields::new(scheduler.context, object);
    let default = default_codebase(&fields.text("codebase"));
    let part = |name: &str, default: ForceField| match object.argument(name) {
        None => default,
        Some(Raw::Text(text)) => fixed(name, text),
        Some(Raw::Object(object)) => field(&Fields::new(scheduler.context, object)),
        Some(_) => fixed(name, ""),
    };
    ForceCodebase {
        branch: part("branch", default.branch),
        revision: part("revision", default.revision),
        repository: part("repository", default.repository),
        project: part("project", default.project),
        label: fields.optional_text("label").unwrap_or(default.label),
        codebase: default.codebase,
    }
}

fn default_codebase(codebase: &str) -> ForceCodebase {
    let field = |name: &str, label: &str| text_field(name, label, "", 10);
    ForceCodebase {
        codebase: codebase.to_owned(),
        label: if codebase.is_empty() { String::new() } else { format!("Codebase: {codebase}") },
        branch: field("branch", "Branch:"),
        revision: field("revision", "Revision:"),
        repository: field("repository", "Repository:"),
        project: field("project", "Project:"),
    }
}

fn field(fields: &Fields<'_>) -> ForceField {
    let name = fields.text("name");
    if fields.was_given("name") && !name.chars().all(|letter| letter.is_alphanumeric() || "_-.".contains(letter)) {
        fields.problem("name", "may have letters, digits, '_', '-' and '.' only");
    }
    ForceField {
        label: fields.optional_text("label").unwrap_or_else(|| name.clone()),
        kind: field_kind(fields),
        default: default(fields),
        required: fields.flag("required"),
        multiple: fields.flag("multiple"),
        hide: fields.flag("hide"),
        regex: fields.optional("regex").and_then(|value| table::pattern(&value)),
        max_size: fields.small("maxsize"),
        tooltip: fields.text("tooltip"),
        name,
    }
}

fn field_kind(fields: &Fields<'_>) -> ForceFieldKind {
    let number = |name: &str| fields.small(name).unwrap_or(0);
    match fields.object.class.name {
        "StringParameter" => ForceFieldKind::String { size: number("size") },
        "TextParameter" => ForceFieldKind::Text { rows: number("rows"), cols: number("cols") },
        "IntParameter" => ForceFieldKind::Int,
        "BooleanParameter" => ForceFieldKind::Bool,
        "UserNameParameter" => ForceFieldKind::UserName { need_email: fields.flag("need_email"), size: number("size") },
        "ChoiceStringParameter" => {
            ForceFieldKind::Choice { choices: fields.texts("choices"), strict: fields.flag("strict") }
        }
        _ => ForceFieldKind::Fixed,
    }
}

fn default(fields: &Fields<'_>) -> PropertyValue {
    let plain = fields.value("default").to_plain();
    if plain.is_none() {
        fields.problem("default", "must be a plain value");
    }
    plain.unwrap_or_default()
}

fn text_field(name: &str, label: &str, default: &str, size: u32) -> ForceField {
    ForceField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: ForceFieldKind::String { size },
        default: PropertyValue::from(default),
        required: false,
        multiple: false,
        hide: false,
        regex: None,
        max_size: None,
        tooltip: String::new(),
    }
}

fn fixed(name: &str, value: &str) -> ForceField {
    ForceField { kind: ForceFieldKind::Fixed, hide: true, ..text_field(name, name, value, 0) }
}

fn user_name() -> ForceField {
    let kind = ForceFieldKind::UserName { need_email: true, size: 30 };
    ForceField { kind, ..text_field("username", "Your name:", "", 30) }
}
