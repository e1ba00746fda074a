//! Descriptions of a force form's fields, from which REST shows them.

use std::collections::BTreeMap;

use super::config::{
    ForceAnyProperty, ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, ForcePatch,
    Layout,
};
use super::fields::{ANY_WORKER, DEFAULT_SIZE, full_name, of_any_property, of_codebase, of_patch, patch_name};
use crate::domain::{Callback, PropertyValue};

/// What can be chosen that the configuration does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choices {
    /// Names of the workers that the form is about.
    pub workers: Vec<String>,
    /// Builds as `builder/number`, the newest first.
    pub builds: Vec<String>,
    /// What functions named instead.
    pub compatible: Vec<(Callback, Vec<String>)>,
}

impl Choices {
    /// The choices of a field; none for a field without choices.
    pub fn of(&self, kind: &ForceFieldKind) -> Vec<String> {
        match kind {
            ForceFieldKind::Choice { choices, .. } => choices.clone(),
            ForceFieldKind::Worker => {
                let mut workers = self.workers.clone();
                workers.sort();
                workers.insert(0, ANY_WORKER.to_owned());
                workers
            }
            ForceFieldKind::Inherit { compatible_builds: None } => self.builds.clone(),
            ForceFieldKind::Inherit { compatible_builds: Some(function) } => {
                let found = self.compatible.iter().find(|(asked, _)| asked == function);
                found.map(|(_, builds)| builds.clone()).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
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
    pub autopopulate: PropertyValue,
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
    File,
    Nested { columns: Option<u32>, layout: Layout, fields: Vec<FieldDescription> },
}

/// All fields of a form in the order of the page: who and why, each codebase, the operator's own.
pub fn describe(config: &ForceConfig, choices: &Choices) -> Vec<FieldDescription> {
    let heads = [&config.username, &config.reason, &config.priority];
    let heads = heads.into_iter().map(|field| describe_field(field, field.name.clone(), choices)).collect();
    let mut all = vec![group("", "", Some(1), heads)];
    all.extend(config.codebases.iter().map(|codebase| describe_codebase(codebase, choices)));
    all.extend(config.properties.iter().map(|parameter| describe_parameter(parameter, "", choices)));
    all
}

fn describe_codebase(codebase: &ForceCodebase, choices: &Choices) -> FieldDescription {
    let mut fields = describe_fields(of_codebase(codebase), choices);
    let patch = codebase.patch.as_ref().map(|patch| describe_patch(patch, &patch_name(&codebase.codebase), choices));
    let columns = if patch.is_some() { 1 } else { 2 };
    fields.extend(patch);
    group(&codebase.codebase, &codebase.label, Some(columns), fields)
}

fn describe_patch(patch: &ForcePatch, name: &str, choices: &Choices) -> FieldDescription {
    let fields = describe_fields(of_patch(patch, name), choices);
    FieldDescription { full_name: Some(name.to_owned()), ..group("patch", &patch.label, Some(1), fields) }
}

fn describe_parameter(parameter: &ForceParameter, prefix: &str, choices: &Choices) -> FieldDescription {
    match parameter {
        ForceParameter::Field(field) => describe_field(field, full_name(prefix, &field.name), choices),
        ForceParameter::AnyProperty(any) => describe_any_property(any, prefix, choices),
        ForceParameter::Group(inner) => describe_group(inner, prefix, choices),
    }
}

fn describe_any_property(any: &ForceAnyProperty, prefix: &str, choices: &Choices) -> FieldDescription {
    let fields = describe_fields(of_any_property(any, prefix), choices);
    FieldDescription { full_name: Some(full_name(prefix, &any.name)), ..group(&any.name, &any.label, None, fields) }
}

fn describe_group(inner: &ForceGroup, prefix: &str, choices: &Choices) -> FieldDescription {
    let name = full_name(prefix, &inner.name);
    let fields = inner.fields.iter().map(|field| describe_parameter(field, &name, choices)).collect();
    FieldDescription {
        full_name: (!name.is_empty()).then_some(name),
        shape: FieldShape::Nested { columns: inner.columns, layout: inner.layout, fields },
        ..group(&inner.name, &inner.label, None, Vec::new())
    }
}

fn describe_fields(fields: Vec<(String, &ForceField)>, choices: &Choices) -> Vec<FieldDescription> {
    fields.into_iter().map(|(name, field)| describe_field(field, name, choices)).collect()
}

fn group(name: &str, label: &str, columns: Option<u32>, fields: Vec<FieldDescription>) -> FieldDescription {
    FieldDescription {
        name: name.to_owned(),
        full_name: (!name.is_empty()).then(|| name.to_owned()),
        label: label.to_owned(),
        shape: FieldShape::Nested { columns, layout: Layout::Vertical, fields },
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

fn describe_field(field: &ForceField, full_name: String, choices: &Choices) -> FieldDescription {
    let shape = match &field.kind {
        ForceFieldKind::Fixed => FieldShape::Fixed,
        ForceFieldKind::String { size } => FieldShape::Text { size: *size },
        ForceFieldKind::Text { rows, cols } => FieldShape::TextArea { rows: *rows, cols: *cols },
        ForceFieldKind::Int => FieldShape::Int,
        ForceFieldKind::Bool => FieldShape::Bool,
        ForceFieldKind::UserName { need_email, size } => FieldShape::UserName { size: *size, need_email: *need_email },
        ForceFieldKind::Choice { strict, .. } => FieldShape::List { choices: choices.of(&field.kind), strict: *strict },
        ForceFieldKind::Inherit { .. } => FieldShape::List { choices: choices.of(&field.kind), strict: true },
        ForceFieldKind::Worker => FieldShape::List { choices: choices.of(&field.kind), strict: false },
        ForceFieldKind::File => FieldShape::File,
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
        autopopulate: field.autopopulate.clone(),
    }
}

impl FieldDescription {
    /// The object that REST shows in `all_fields`.
    pub fn to_value(&self) -> PropertyValue {
        let mut object = self.common();
        let mut put = |key: &str, value: PropertyValue| object.insert(key.to_owned(), value);
        match &self.shape {
            FieldShape::Fixed | FieldShape::Bool | FieldShape::File => {}
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
            FieldShape::Nested { columns, layout, fields } => {
                put("columns", columns.map_or(PropertyValue::Null, number));
                put("layout", layout.word().into());
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
            ("autopopulate", self.autopopulate.clone()),
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
            FieldShape::File => "file",
            FieldShape::Nested { .. } => "nested",
        }
    }
}

impl Layout {
    /// The word of configurations and of REST.
    pub fn word(self) -> &'static str {
        match self {
            Self::Vertical => "vertical",
            Self::Simple => "simple",
            Self::Tabs => "tabs",
        }
    }
}

fn number(number: u32) -> PropertyValue {
    PropertyValue::Int(i64::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedulers::fields::{default_codebase, default_priority, default_reason, default_username, text_field};

    fn config() -> ForceConfig {
        ForceConfig {
            label: "Force it".to_owned(),
            button_name: "Go".to_owned(),
            reason: default_reason(),
            reason_string: String::new(),
            username: default_username(),
            codebases: vec![default_codebase(""), default_codebase("lib")],
            priority: default_priority(),
            properties: vec![ForceParameter::Field(ForceField {
                kind: ForceFieldKind::Choice { choices: vec!["a".to_owned(), "b".to_owned()], strict: true },
                ..text_field("cp", "cp")
            })],
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
        let all: Vec<_> = describe(&config(), &Choices::default()).iter().map(FieldDescription::to_value).collect();
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
        let all = describe(&config(), &Choices::default());
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
