//! Every class that a configuration can use: its arguments, their types, defaults and meaning. One file per namespace.
//!
//! The engine makes constructors of this table, `check` tests what they were given, `build` turns it into the typed
//! configuration, and the reference is printed from it.

mod brief;
mod builders;
mod cancellers;
mod changes;
mod chats;
mod check;
mod formatters;
mod generators;
pub mod keys;
mod kind;
mod known;
mod lifetime;
mod locks;
mod notifiers;
mod parameters;
mod projects;
mod properties;
mod reporters;
mod revlinks;
mod schedulers;
mod secrets;
mod shells;
mod status;
mod steps;
mod tools;
mod transfers;
mod util;
mod web_status;
mod worker;

pub use cancellers::CANCELLERS;
pub use chats::CHATS;
pub use check::check_call;
pub use kind::{Kind, RENDERABLES, is_renderable, is_unbuilt, pattern};
pub use lifetime::DATETIME;
pub use locks::LOCKS;
pub use notifiers::NOTIFIERS;
pub use reporters::LISTENER;
pub use revlinks::REVLINKS;
pub use schedulers::SCHEDULERS;
pub use secrets::PROVIDERS;
pub use shells::RUN;
pub use steps::STEPS;
pub use web_status::{NO_AUTH, WEB_STATUS};

/// Where classes are that only Buildbot 0.8 had, below `buildbot.status`; not one of `buildbot.plugins`.
pub const STATUS: &str = "status";

/// Namespaces of `buildbot.plugins`.
pub const NAMESPACES: [&str; 9] =
    ["changes", "machine", "reporters", "schedulers", "secrets", "steps", "util", "webhooks", "worker"];

/// Results, by the names that `util` and Buildbot's modules give them.
pub const RESULTS: [(&str, i32); 7] =
    [("SUCCESS", 0), ("WARNINGS", 1), ("FAILURE", 2), ("SKIPPED", 3), ("EXCEPTION", 4), ("RETRY", 5), ("CANCELLED", 6)];

/// Ways to take a warning apart that `WarningCountingShellCommand` has as attributes.
pub const EXTRACT_WHOLE_LINE: &str = "warnExtractWholeLine";
pub const EXTRACT_GROUPS: &str = "warnExtractFromRegexpGroups";

/// One class.
#[derive(Debug)]
pub struct Class {
    pub namespace: &'static str,
    pub name: &'static str,
    /// One sentence for the reference.
    pub doc: &'static str,
    pub support: Support,
    /// What the class is called today, if this is an earlier name.
    pub modern: Option<&'static str>,
    /// Names of the arguments that may be given by position, in order.
    pub positional: &'static [&'static str],
    /// The class's own arguments and the groups it shares with others; an earlier argument hides a later one.
    pub arguments: &'static [&'static [Argument]],
    /// Arguments of any name besides: values of a dictionary.
    pub rest: Rest,
}

/// What becomes of an object of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    Works,
    /// Known, but without effect for now; named in the banner.
    Inactive,
    /// Known: a file that uses it can be checked, but no master starts with it. With what to use instead, if anything.
    NotYet(&'static str),
}

/// Whether a constructor takes arguments that the table does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    None,
    /// Named ones.
    Named,
    /// Positional and named ones.
    All,
}

/// One argument.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    pub name: &'static str,
    pub kind: Kind,
    pub default: Default,
    pub doc: &'static str,
    /// Whether `None` may be given although the default is another value.
    pub nullable: bool,
    /// Whether `None` stands for the default.
    pub none_is_default: bool,
    /// Earlier spellings; they work with a warning.
    pub old_names: &'static [&'static str],
    /// Whether it has its effect; a master does not start with one that has none yet.
    pub available: bool,
}

/// What an argument is if it is not given. An argument whose default is `Nothing` may be given as `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    Required,
    Nothing,
    Bool(bool),
    Int(i64),
    Text(&'static str),
    Words(&'static [&'static str]),
}

impl Argument {
    pub const fn new(name: &'static str, kind: Kind, default: Default, doc: &'static str) -> Self {
        let nullable = matches!(default, Default::Nothing);
        Self { name, kind, default, doc, nullable, none_is_default: false, old_names: &[], available: true }
    }

    pub const fn required(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self::new(name, kind, Default::Required, doc)
    }

    pub const fn optional(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self::new(name, kind, Default::Nothing, doc)
    }

    pub const fn flag(name: &'static str, default: bool, doc: &'static str) -> Self {
        Self::new(name, Kind::Bool, Default::Bool(default), doc)
    }

    /// An argument that is known, but has no effect yet.
    pub const fn not_yet(name: &'static str, kind: Kind) -> Self {
        let mut argument = Self::new(name, kind, Default::Nothing, "Not available yet.");
        argument.available = false;
        argument
    }

    pub const fn ignored(name: &'static str) -> Self {
        Self::new(name, Kind::Any, Default::Nothing, "Accepted, without effect.")
    }

    /// Whether it is made by [`Argument::ignored`].
    pub const fn is_ignored(&self) -> bool {
        matches!(self.kind, Kind::Any) && matches!(self.doc.as_bytes(), b"Accepted, without effect.")
    }

    /// `None` may be given, and stands for the default.
    pub const fn or_default(mut self) -> Self {
        self.none_is_default = true;
        self.nullable()
    }

    pub const fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }

    pub const fn formerly(mut self, old_names: &'static [&'static str]) -> Self {
        self.old_names = old_names;
        self
    }
}

impl Class {
    pub const fn new(
        namespace: &'static str,
        name: &'static str,
        doc: &'static str,
        arguments: &'static [&'static [Argument]],
    ) -> Self {
        let (support, modern) = (Support::Works, None);
        Self { namespace, name, doc, support, modern, positional: &[], arguments, rest: Rest::None }
    }

    /// The class is known, and no master starts with it yet; `instead` says what can be used, if anything.
    pub const fn not_yet(mut self, instead: &'static str) -> Self {
        self.support = Support::NotYet(instead);
        self
    }

    /// The class is known and does nothing yet.
    pub const fn without_effect(mut self) -> Self {
        self.support = Support::Inactive;
        self
    }

    /// An earlier name of another class.
    pub const fn now(mut self, modern: &'static str) -> Self {
        self.modern = Some(modern);
        self
    }

    /// A class that is accepted with any arguments and does nothing.
    pub const fn inactive(namespace: &'static str, name: &'static str) -> Self {
        let mut class = Self::new(namespace, name, "Accepted, without effect for now.", &[]);
        class.support = Support::Inactive;
        class.rest = Rest::All;
        class
    }

    pub const fn positional(mut self, names: &'static [&'static str]) -> Self {
        self.positional = names;
        self
    }

    pub const fn with_rest(mut self, rest: Rest) -> Self {
        self.rest = rest;
        self
    }

    /// `steps.ShellCommand`.
    pub fn full_name(&self) -> String {
        format!("{}.{}", self.namespace, self.name)
    }

    /// All arguments, each name once.
    pub fn all_arguments(&self) -> impl Iterator<Item = &'static Argument> {
        let flat = |groups: &'static [&'static [Argument]]| groups.iter().flat_map(|group| group.iter());
        let groups = self.arguments;
        flat(groups)
            .enumerate()
            .filter(move |(position, argument)| flat(groups).take(*position).all(|before| before.name != argument.name))
            .map(|(_, argument)| argument)
    }

    /// The argument of a name or of an old name.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        let groups = self.arguments;
        let all = || groups.iter().flat_map(|group| group.iter());
        all().find(|argument| argument.name == name).or_else(|| {
            let of_old_name = all().find(|argument| argument.old_names.contains(&name))?;
            // An earlier one of the same name hides it.
            all().find(|argument| argument.name == of_old_name.name)
        })
    }
}

impl Class {
    /// The argument that is read as an attribute: workers have several names for theirs.
    pub fn attribute(&self, name: &str) -> Option<&'static Argument> {
        let is_workers_name = self.namespace == "worker" && ["workername", "slavename"].contains(&name);
        self.argument(if is_workers_name { "name" } else { name })
    }
}

/// Every class of every namespace.
pub fn classes() -> impl Iterator<Item = &'static Class> {
    let tables: [&'static [Class]; 24] = [
        worker::CLASSES,
        builders::CLASSES,
        projects::CLASSES,
        steps::CLASSES,
        transfers::CLASSES,
        properties::CLASSES,
        shells::CLASSES,
        tools::CLASSES,
        changes::CLASSES,
        schedulers::CLASSES,
        parameters::CLASSES,
        util::CLASSES,
        lifetime::CLASSES,
        locks::CLASSES,
        cancellers::CLASSES,
        notifiers::CLASSES,
        chats::CLASSES,
        generators::CLASSES,
        formatters::CLASSES,
        status::CLASSES,
        reporters::CLASSES,
        revlinks::CLASSES,
        secrets::CLASSES,
        web_status::CLASSES,
    ];
    tables.into_iter().chain(known::TABLES.iter().copied()).flatten()
}

/// The class of a plain name, whatever its namespace.
pub fn find_class(name: &str) -> Option<&'static Class> {
    classes().find(|class| class.name == name && !class.name.starts_with('_'))
}

/// The class of operators on renderables, which no file names.
pub fn operation_class() -> Option<&'static Class> {
    classes().find(|class| class.name == "_Operation")
}

pub fn class_names() -> impl Iterator<Item = &'static str> {
    classes().map(|class| class.name)
}

#[cfg(test)]
mod tests;
