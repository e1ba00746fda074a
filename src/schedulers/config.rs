//! What the configuration says of schedulers.

use std::time::Duration;

use crate::domain::{Callback, Properties, PropertyValue};

/// One scheduler of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerConfig {
    pub name: String,
    pub builder_names: Vec<String>,
    pub properties: Properties,
    pub priority: i32,
    /// Codebase name to its default repository, branch and revision; one unnamed codebase if not configured.
    pub codebases: Vec<CodebaseConfig>,
    pub kind: SchedulerKind,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodebaseConfig {
    pub name: String,
    pub repository: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SchedulerKind {
    SingleBranch(SingleBranchConfig),
    Force(ForceConfig),
    Try(TryConfig),
}

/// `SingleBranchScheduler`.
#[derive(Clone, Debug, PartialEq)]
pub struct SingleBranchConfig {
    pub filter: ChangeFilter,
    /// `None` fires for each important change at once.
    pub tree_stable_timer: Option<Duration>,
    pub file_is_important: Option<Callback>,
    /// Forget unimportant changes instead of building them along.
    pub only_important: bool,
    pub reason: Option<String>,
}

/// How jobs come to a try scheduler. Who may send them to a port is told by the accounts of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum TryConfig {
    /// `Try_Userpass`: over the network, by name and password.
    Userpass,
    /// `Try_Jobdir`: as files in a directory, relative to the master's.
    Jobdir(String),
}

/// `util.ChangeFilter`: a change passes if every attribute does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeFilter {
    pub filter_fn: Option<Callback>,
    pub attributes: Vec<(ChangeAttribute, AttributeFilter)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeAttribute {
    Project,
    Repository,
    Branch,
    Category,
    Codebase,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AttributeFilter {
    /// One of these values; `None` stands for "no value", as in a change without a branch.
    OneOf(Vec<Option<String>>),
    /// Any of these regular expressions matches at the start.
    Matches(Vec<String>),
    Function(Callback),
}

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
