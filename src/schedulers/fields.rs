//! The fields of a force form: their usual definitions, their names, and all of them in the order of the page.

use super::config::{
    ForceAnyProperty, ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, ForcePatch,
};
use crate::domain::PropertyValue;

/// Width of a text field whose configuration does not say.
pub const DEFAULT_SIZE: u32 = 10;

/// The choice of a worker field that leaves it to the builder.
pub const ANY_WORKER: &str = "-any-";

/// A text field as `StringParameter(name)` makes it.
pub fn text_field(name: &str, label: &str) -> ForceField {
    ForceField {
        name: name.to_owned(),
        label: label.to_owned(),
        kind: ForceFieldKind::String { size: DEFAULT_SIZE },
        default: "".into(),
        required: false,
        multiple: false,
        hide: false,
        regex: None,
        max_size: None,
        tooltip: String::new(),
        autopopulate: PropertyValue::Null,
    }
}

/// A field that nobody sees, with this value.
pub fn fixed_field(name: &str, value: &str) -> ForceField {
    ForceField { kind: ForceFieldKind::Fixed, hide: true, default: value.into(), ..text_field(name, name) }
}

/// The field `reason` of a scheduler that does not configure one.
pub fn default_reason() -> ForceField {
    ForceField {
        kind: ForceFieldKind::String { size: 20 },
        default: "force build".into(),
        ..text_field("reason", "reason")
    }
}

/// The field `username` of a scheduler that does not configure one.
pub fn default_username() -> ForceField {
    ForceField { kind: ForceFieldKind::UserName { need_email: true, size: 30 }, ..text_field("username", "Your name:") }
}

/// The field `priority` of a scheduler that does not configure one.
pub fn default_priority() -> ForceField {
    ForceField { kind: ForceFieldKind::Int, default: 0.into(), ..text_field("priority", "priority") }
}

/// The fields of a codebase as `CodebaseParameter(codebase)` makes them.
pub fn default_codebase(codebase: &str) -> ForceCodebase {
    ForceCodebase {
        codebase: codebase.to_owned(),
        label: if codebase.is_empty() { String::new() } else { format!("Codebase: {codebase}") },
        branch: text_field("branch", "Branch:"),
        revision: text_field("revision", "Revision:"),
        repository: text_field("repository", "Repository:"),
        project: text_field("project", "Project:"),
        patch: None,
    }
}

/// The fields of `PatchParameter()`.
pub fn default_patch() -> ForcePatch {
    ForcePatch {
        label: String::new(),
        body: ForceField { kind: ForceFieldKind::File, max_size: Some(MAX_FILE), ..text_field("body", "body") },
        level: ForceField { kind: ForceFieldKind::Int, default: 1.into(), ..text_field("level", "level") },
        author: text_field("author", "author"),
        comment: text_field("comment", "comment"),
        subdir: ForceField { default: ".".into(), ..text_field("subdir", "subdir") },
    }
}

/// Largest file of a form, in characters, unless its field says otherwise.
pub const MAX_FILE: u32 = 10 * 1024 * 1024;

/// The name under which a field is sent: `branch`, or `lib_branch` in the group or codebase `lib`. A group without a
/// name is called as the group around it.
pub fn full_name(group: &str, field: &str) -> String {
    match (group, field) {
        ("", field) => field.to_owned(),
        (group, "") => group.to_owned(),
        (group, field) => format!("{group}_{field}"),
    }
}

/// Full names and fields of the whole form, in the order of the page.
pub fn all(config: &ForceConfig) -> Vec<(String, &ForceField)> {
    let heads = [&config.username, &config.reason, &config.priority];
    let mut all: Vec<_> = heads.map(|field| (field.name.clone(), field)).to_vec();
    for codebase in &config.codebases {
        all.extend(of_codebase(codebase));
        all.extend(codebase.patch.iter().flat_map(|patch| of_patch(patch, &patch_name(&codebase.codebase))));
    }
    of_parameters(&config.properties, "", &mut all);
    all
}

/// The fields of a codebase without its patch.
pub fn of_codebase(codebase: &ForceCodebase) -> Vec<(String, &ForceField)> {
    let fields = [&codebase.branch, &codebase.project, &codebase.repository, &codebase.revision];
    fields.map(|field| (full_name(&codebase.codebase, &field.name), field)).to_vec()
}

/// Full name of the patch of a codebase.
pub fn patch_name(codebase: &str) -> String {
    full_name(codebase, "patch")
}

pub fn of_patch<'patch>(patch: &'patch ForcePatch, name: &str) -> Vec<(String, &'patch ForceField)> {
    let fields = [&patch.body, &patch.level, &patch.author, &patch.comment, &patch.subdir];
    fields.map(|field| (full_name(name, &field.name), field)).to_vec()
}

pub fn of_any_property<'any>(any: &'any ForceAnyProperty, group: &str) -> Vec<(String, &'any ForceField)> {
    let name = full_name(group, &any.name);
    [&any.property, &any.value].map(|field| (full_name(&name, &field.name), field)).to_vec()
}

fn of_parameters<'form>(parameters: &'form [ForceParameter], group: &str, into: &mut Vec<(String, &'form ForceField)>) {
    for parameter in parameters {
        match parameter {
            ForceParameter::Field(field) => into.push((full_name(group, &field.name), field)),
            ForceParameter::AnyProperty(any) => into.extend(of_any_property(any, group)),
            ForceParameter::Group(inner) => {
                of_parameters(&inner.fields, &full_name(group, &inner.name), into);
            }
        }
    }
}

impl ForceGroup {
    /// Full names and fields of a group that is itself in `group`.
    pub fn fields_in<'form>(&'form self, group: &str) -> Vec<(String, &'form ForceField)> {
        let mut all = Vec::new();
        of_parameters(&self.fields, &full_name(group, &self.name), &mut all);
        all
    }
}
