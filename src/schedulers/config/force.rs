//! What the configuration says of a force form.

use crate::domain::{Callback, PropertyValue};

/// `ForceScheduler`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceConfig {
    pub label: String,
    pub button_name: String,
    pub reason: ForceField,
    /// Text with `%(owner)s` and `%(reason)s`.
    pub reason_string: String,
    pub username: ForceField,
    pub codebases: Vec<ForceCodebase>,
    pub priority: ForceField,
    /// The operator's own parameters; they become properties.
    pub properties: Vec<ForceParameter>,
}

/// One of the operator's own parameters.
#[derive(Clone, Debug, PartialEq)]
pub enum ForceParameter {
    Field(ForceField),
    Group(ForceGroup),
    /// A property whose name is filled in, too.
    AnyProperty(ForceAnyProperty),
}

/// `NestedParameter`: fields that are shown together.
///
/// With a name, the names of its fields begin with it, and it becomes one property: a dictionary. Without, its fields
/// are as if they stood alone.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceGroup {
    pub name: String,
    pub label: String,
    pub layout: Layout,
    /// How many columns the fields are shown in; as fits, if not given.
    pub columns: Option<u32>,
    pub fields: Vec<ForceParameter>,
}

/// How the fields of a group are arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In a frame with the label.
    Vertical,
    /// Without a frame.
    Simple,
    /// The groups in it one at a time.
    Tabs,
}

/// `AnyPropertyParameter`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceAnyProperty {
    pub name: String,
    pub label: String,
    pub property: ForceField,
    pub value: ForceField,
}

/// `PatchParameter`: what is changed in the source before it is built.
#[derive(Clone, Debug, PartialEq)]
pub struct ForcePatch {
    pub label: String,
    pub body: ForceField,
    pub level: ForceField,
    pub author: ForceField,
    pub comment: ForceField,
    pub subdir: ForceField,
}

/// The fields of one codebase in a force form.
#[derive(Clone, Debug, PartialEq)]
pub struct ForceCodebase {
    pub codebase: String,
    pub label: String,
    pub branch: ForceField,
    pub revision: ForceField,
    pub repository: ForceField,
    pub project: ForceField,
    pub patch: Option<ForcePatch>,
}

/// One field of a force form (manual section "ForceScheduler Parameters").
#[derive(Clone, Debug, PartialEq)]
pub struct ForceField {
    /// Name of the property it sets.
    pub name: String,
    pub label: String,
    pub kind: ForceFieldKind,
    pub default: PropertyValue,
    pub required: bool,
    pub multiple: bool,
    pub hide: bool,
    pub regex: Option<String>,
    /// Largest length of a text, in characters.
    pub max_size: Option<u32>,
    pub tooltip: String,
    /// For each choice, the values that other fields get in the page when it is chosen.
    pub autopopulate: PropertyValue,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ForceFieldKind {
    /// Shown to nobody; always the default.
    Fixed,
    String {
        size: u32,
    },
    Text {
        rows: u32,
        cols: u32,
    },
    Int,
    Bool,
    UserName {
        need_email: bool,
        size: u32,
    },
    Choice {
        choices: Vec<String>,
        strict: bool,
    },
    /// The text of a file.
    File,
    /// A worker of the builder, or any.
    Worker,
    /// A build, as `builder/number`, whose form's properties are taken over.
    Inherit {
        /// Called with the master and the name of the builder, or `None`; returns the builds to choose from. Without it
        /// those are the last builds.
        compatible_builds: Option<Callback>,
    },
}
