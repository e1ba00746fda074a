//! What the configuration says of a force form.

use crate::domain::PropertyValue;

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
    /// The operator's own parameters; each becomes a property.
    pub properties: Vec<ForceField>,
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
}
