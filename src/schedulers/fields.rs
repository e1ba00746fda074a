//! The fields of a force form: their usual definitions, and the description from which REST and the page show them.

use std::collections::BTreeMap;

use super::config::{ForceCodebase, ForceConfig, ForceField, ForceFieldKind};
use crate::domain::PropertyValue;

/// Width of a text field whose configuration does not say.
pub const DEFAULT_SIZE: u32 = 10;

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
    }
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
    }
}

/// The name under which a codebase's field is sent: `branch`, or `lib_branch` for the codebase `lib`.
pub fn full_name(codebase: &str, field: &str) -> String {
    if codebase.is_empty() { field.to_owned() } else { format!("{codebase}_{field}") }
}

/// One field, or a group of fields, as forms show it.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldDescription {
    pub name: String,
    /// The key under which its value is sent; `None` for a group without a name.
    pub full_name: Option<String>,
    pub label: String,
    pub shape: FieldShape,
    pub default: PropertyValue,
    pub required: bool,
    pub multiple: bool,
    pub hide: bool,
    pub regex: Option<String>,
    pub max_size: Option<u32>,
    pub tooltip: String,
}

/// What a field looks like.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldShape {
    Fixed,
    Text { size: u32 },
    TextArea { rows: u32, cols: u32 },
    Int,
    Bool,
    UserName { size: u32, need_email: bool },
    List { choices: Vec<String>, strict: bool },
    Nested { columns: u32, fields: Vec<FieldDescription> },
}

/// All fields of a form in the order of the page: who and why, each codebase, the operator's own.
pub fn describe(config: &ForceConfig) -> Vec<FieldDescription> {
    let heads = [&config.username, &config.reason, &config.priority];
    let heads = heads.into_iter().map(|field| describe_field(field, field.name.clone())).collect();
    let mut all = vec![group("", "", 1, heads)];
    all.extend(config.codebases.iter().map(describe_codebase));
    all.extend(config.properties.iter().map(|field| describe_field(field, field.name.clone())));
    all
}

fn describe_codebase(codebase: &ForceCodebase) -> FieldDescription {
    let fields = [&codebase.branch, &codebase.project, &codebase.repository, &codebase.revision];
    let fields =
        fields.into_iter().map(|field| describe_field(field, full_name(&codebase.codebase, &field.name))).collect();
    group(&codebase.codebase, &codebase.label, 2, fields)
}

fn group(name: &str, label: &str, columns: u32, fields: Vec<FieldDescription>) -> FieldDescription {
    FieldDescription {
        name: name.to_owned(),
        full_name: (!name.is_empty()).then(|| name.to_owned()),
        label: label.to_owned(),
        shape: FieldShape::Nested { columns, fields },
        default: "".into(),
        required: false,
        multiple: false,
        hide: false,
        regex: None,
        max_size: None,
        tooltip: String::new(),
    }
}

fn describe_field(field: &ForceField, full_name: String) -> FieldDescription {
    let shape = match &field.kind {
        ForceFieldKind::Fixed => FieldShape::Fixed,
        ForceFieldKind::String { size } => FieldShape::Text { size: *size },
        ForceFieldKind::Text { rows, cols } => FieldShape::TextArea { rows: *rows, cols: *cols },
        ForceFieldKind::Int => FieldShape::Int,
        ForceFieldKind::Bool => FieldShape::Bool,
        ForceFieldKind::UserName { need_email, size } => FieldShape::UserName { size: *size, need_email: *need_email },
        ForceFieldKind::Choice { choices, strict } => FieldShape::List { choices: choices.clone(), strict: *strict },
    };
    FieldDescription {
        name: field.name.clone(),
        full_name: Some(full_name),
        label: field.label.clone(),
        shape,
        default: field.default.clone(),
        required: field.required,
        multiple: field.multiple,
        hide: field.hide,
        regex: field.regex.clone(),
        max_size: field.max_size,
        tooltip: field.tooltip.clone(),
    }
}

impl FieldDescription {
    /// The object that REST shows in `all_fields`.
    pub fn to_value(&self) -> PropertyValue {
        let mut object = self.common();
        let mut put = |key: &str, value: PropertyValue| object.insert(key.to_owned(), value);
        match &self.shape {
            FieldShape::Fixed | FieldShape::Bool => {}
            FieldShape::Text { size } => {
                put("size", number(*size));
            }
            FieldShape::TextArea { rows, cols } => {
                put("size", number(DEFAULT_SIZE));
                put("rows", number(*rows));
                put("cols", number(*cols));
            }
            FieldShape::Int => {
                put("size", number(DEFAULT_SIZE));
            }
            FieldShape::UserName { size, need_email } => {
                put("size", number(*size));
                put("need_email", (*need_email).into());
            }
            FieldShape::List { choices, strict } => {
                let choices = choices.iter().map(|choice| choice.as_str().into()).collect();
                put("choices", PropertyValue::List(choices));
                put("strict", (*strict).into());
            }
            FieldShape::Nested { columns, fields } => {
                put("columns", number(*columns));
                put("layout", "vertical".into());
                put("fields", PropertyValue::List(fields.iter().map(Self::to_value).collect()));
            }
        }
        PropertyValue::Map(object)
    }

    fn common(&self) -> BTreeMap<String, PropertyValue> {
        let pairs = [
            ("name", self.name.as_str().into()),
            ("fullName", self.full_name.clone().into()),
            ("label", self.label.as_str().into()),
            ("tablabel", self.label.as_str().into()),
            ("type", self.type_name().into()),
            ("default", self.default.clone()),
            ("required", self.required.into()),
            ("multiple", self.multiple.into()),
            ("hide", self.hide.into()),
            ("regex", self.regex.clone().into()),
            ("maxsize", self.max_size.map_or(PropertyValue::Null, number)),
            ("tooltip", self.tooltip.as_str().into()),
            ("autopopulate", PropertyValue::Null),
        ];
        pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// The word that REST uses for the shape.
    pub fn type_name(&self) -> &'static str {
        match &self.shape {
            FieldShape::Fixed => "fixed",
            FieldShape::Text { .. } => "text",
            FieldShape::TextArea { .. } => "textarea",
            FieldShape::Int => "int",
            FieldShape::Bool => "bool",
            FieldShape::UserName { .. } => "username",
            FieldShape::List { .. } => "list",
            FieldShape::Nested { .. } => "nested",
        }
    }
}

fn number(number: u32) -> PropertyValue {
    PropertyValue::Int(i64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ForceConfig {
        ForceConfig {
            label: "Force it".to_owned(),
            button_name: "Go".to_owned(),
            reason: default_reason(),
            reason_string: String::new(),
            username: default_username(),
            codebases: vec![default_codebase(""), default_codebase("lib")],
            priority: default_priority(),
            properties: vec![ForceField {
                kind: ForceFieldKind::Choice { choices: vec!["a".to_owned(), "b".to_owned()], strict: true },
                ..text_field("cp", "cp")
            }],
        }
    }

    fn member<'value>(value: &'value PropertyValue, key: &str) -> &'value PropertyValue {
        let PropertyValue::Map(object) = value else { panic!("no object: {value}") };
        object.get(key).unwrap_or_else(|| panic!("no {key} in {value}"))
    }

    fn items(value: &PropertyValue) -> &[PropertyValue] {
        let PropertyValue::List(items) = value else { panic!("no list: {value}") };
        items
    }

    #[test]
    fn the_form_shows_its_fields_in_buildbots_order() {
        let all: Vec<_> = describe(&config()).iter().map(FieldDescription::to_value).collect();
        let names: Vec<Vec<String>> = all[..3]
            .iter()
            .map(|group| {
                items(member(group, "fields")).iter().map(|field| member(field, "fullName").to_string()).collect()
            })
            .collect();
        assert_eq!(names[0], ["username", "reason", "priority"]);
        assert_eq!(names[1], ["branch", "project", "repository", "revision"]);
        assert_eq!(names[2], ["lib_branch", "lib_project", "lib_repository", "lib_revision"]);
        assert_eq!(member(&all[0], "fullName"), &PropertyValue::Null);
        assert_eq!(member(&all[2], "fullName"), &"lib".into());
        assert_eq!(member(&all[3], "choices").to_string(), "['a', 'b']");
    }

    #[test]
    fn a_field_has_the_keys_of_rest() {
        let all = describe(&config());
        let FieldShape::Nested { fields, .. } = &all[0].shape else { panic!("no group") };
        let PropertyValue::Map(username) = fields[0].to_value() else { panic!("no object") };
        let keys: Vec<_> = username.keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "autopopulate",
                "default",
                "fullName",
                "hide",
                "label",
                "maxsize",
                "multiple",
                "name",
                "need_email",
                "regex",
                "required",
                "size",
                "tablabel",
                "tooltip",
                "type",
            ]
        );
        assert_eq!(username["size"], 30.into());
        assert_eq!(username["type"], "username".into());
    }
}
