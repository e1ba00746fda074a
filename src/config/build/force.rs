//! `schedulers.ForceScheduler` and the fields of its form.

use std::collections::HashSet;
use std::sync::Arc;

use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::config::table;
use crate::domain::PropertyValue;
use crate::schedulers::config::{
    ForceAnyProperty, ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, ForcePatch,
    Layout,
};
use crate::schedulers::fields::{
    default_codebase, default_patch, default_priority, default_reason, default_username, fixed_field, text_field,
};

/// What is filled in for a codebase.
const PARTS: [&str; 4] = ["branch", "revision", "repository", "project"];

pub fn force(fields: &Fields<'_>, name: &str) -> ForceConfig {
    let priority = parameter(fields, "priority").unwrap_or_else(default_priority);
    if !matches!(priority.kind, ForceFieldKind::Int | ForceFieldKind::Fixed) {
        fields.problem("priority", "must be a util.IntParameter or a util.FixedParameter");
    }
    ForceConfig {
        label: fields.optional_text("label").unwrap_or_else(|| name.to_owned()),
        button_name: fields.optional_text("buttonName").unwrap_or_else(|| name.to_owned()),
        reason: parameter(fields, "reason").unwrap_or_else(default_reason),
        reason_string: fields.text("reasonString"),
        username: parameter(fields, "username").unwrap_or_else(default_username),
        codebases: codebases(fields),
        priority,
        properties: parameters(fields, "properties", &mut HashSet::new()),
    }
}

/// The field that an argument gives.
fn parameter(fields: &Fields<'_>, name: &str) -> Option<ForceField> {
    let value = fields.optional(name)?;
    value.object().map(|object| field(&Fields::new(fields.context, object)))
}

/// The parameters in a list; `names` are those of the dictionary that their values go to.
fn parameters(fields: &Fields<'_>, argument: &str, names: &mut HashSet<String>) -> Vec<ForceParameter> {
    let value = fields.value(argument);
    let inner = value.items().iter().filter_map(Raw::object).map(|object| Fields::new(fields.context, object));
    inner.map(|inner| any_parameter(&inner, names)).collect()
}

fn any_parameter(fields: &Fields<'_>, names: &mut HashSet<String>) -> ForceParameter {
    let parameter = match fields.object.class.name {
        "NestedParameter" | "ParameterGroup" => ForceParameter::Group(group(fields, names)),
        "AnyPropertyParameter" => ForceParameter::AnyProperty(ForceAnyProperty {
            name: fields.text("name"),
            label: fields.text("label"),
            property: text_field("name", "Name:"),
            value: text_field("value", "Value:"),
        }),
        _ => ForceParameter::Field(field(fields)),
    };
    let name = match &parameter {
        ForceParameter::Field(field) => &field.name,
        ForceParameter::Group(group) => &group.name,
        ForceParameter::AnyProperty(any) => &any.name,
    };
    if !name.is_empty() && !names.insert(name.clone()) {
        fields.problem("name", &format!("'{name}' is used for two fields of this form"));
    }
    parameter
}

fn group(fields: &Fields<'_>, names: &mut HashSet<String>) -> ForceGroup {
    check_name(fields);
    let name = fields.text("name");
    let mut own_names = HashSet::new();
    ForceGroup {
        label: fields.text("label"),
        layout: match fields.text("layout").as_str() {
            "simple" => Layout::Simple,
            "tabs" => Layout::Tabs,
            _ => Layout::Vertical,
        },
        columns: fields.small("columns"),
        fields: parameters(fields, "fields", if name.is_empty() { names } else { &mut own_names }),
        name,
    }
}

fn codebases(fields: &Fields<'_>) -> Vec<ForceCodebase> {
    let Some(value) = fields.optional("codebases") else { return vec![only_codebase(fields)] };
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

/// The codebase of a form that names none. Once its fields were arguments of the scheduler.
fn only_codebase(fields: &Fields<'_>) -> ForceCodebase {
    let given: Vec<&str> = PARTS.into_iter().filter(|name| fields.object.argument(name).is_some()).collect();
    for name in given {
        let now = format!("codebases=[util.CodebaseParameter(codebase='', {name}=...)]");
        let message = format!("schedulers.ForceScheduler({name}=) is an old way to write {now}");
        fields.context.warning(fields.span(name), message);
    }
    with_parts(fields, default_codebase(""))
}

fn codebase(scheduler: &Fields<'_>, object: &Arc<Object>) -> ForceCodebase {
    let fields = Fields::new(scheduler.context, object);
    let codebase = with_parts(&fields, default_codebase(&fields.text("codebase")));
    ForceCodebase {
        patch: fields.value("patch").object().map(|object| patch(&Fields::new(scheduler.context, object))),
        label: fields.optional_text("label").unwrap_or(codebase.label),
        ..codebase
    }
}

/// A codebase with the fields that the arguments of an object give.
fn with_parts(fields: &Fields<'_>, default: ForceCodebase) -> ForceCodebase {
    let part = |name: &str, default: ForceField| match fields.object.argument(name) {
        None => default,
        Some(Raw::Text(text)) => fixed_field(name, text),
        Some(Raw::Object(object)) => field(&Fields::new(fields.context, object)),
        Some(_) => fixed_field(name, ""),
    };
    let [branch, revision, repository, project] = PARTS;
    ForceCodebase {
        branch: part(branch, default.branch),
        revision: part(revision, default.revision),
        repository: part(repository, default.repository),
        project: part(project, default.project),
        patch: default.patch,
        label: default.label,
        codebase: default.codebase,
    }
}

fn patch(fields: &Fields<'_>) -> ForcePatch {
    let default = default_patch();
    let part = |name: &str, default: ForceField| parameter(fields, name).unwrap_or(default);
    ForcePatch {
        label: fields.text("label"),
        body: part("body", default.body),
        level: part("level", default.level),
        author: part("author", default.author),
        comment: part("comment", default.comment),
        subdir: part("subdir", default.subdir),
    }
}

fn field(fields: &Fields<'_>) -> ForceField {
    check_name(fields);
    let name = fields.text("name");
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
        autopopulate: fields.value("autopopulate").to_plain().unwrap_or_default(),
        name,
    }
}

fn check_name(fields: &Fields<'_>) {
    let name = fields.text("name");
    if fields.was_given("name") && !name.chars().all(|letter| letter.is_alphanumeric() || "_-.".contains(letter)) {
        fields.problem("name", "may have letters, digits, '_', '-' and '.' only");
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
        "FileParameter" => ForceFieldKind::File,
        "WorkerChoiceParameter" | "BuildslaveChoiceParameter" => ForceFieldKind::Worker,
        "InheritBuildParameter" => ForceFieldKind::Inherit { compatible_builds: fields.callback("compatible_builds") },
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
