//! The keys of the configuration, tested by the table.

use std::sync::Arc;

use super::Placed;
use super::context::Context;
use super::unbuilt;
use crate::config::Collapse;
use crate::config::nearest;
use crate::config::script::{Argument, Object, Raw};
use crate::config::source::Span;
use crate::config::table::keys::{self, KEYS, Key, KeySupport};
use crate::config::table::{
    CANCELLERS, CHATS, Kind, LISTENER, NO_AUTH, NOTIFIERS, Support, WEB_STATUS, check_call, find_class, is_unbuilt,
};
use crate::domain::Callback;

pub struct Settings<'a> {
    pub context: &'a Context<'a>,
    /// Current name, name in the file, value.
    values: Vec<(&'static str, &'a str, &'a Raw)>,
}

impl<'a> Settings<'a> {
    /// Reports unknown and unsupported keys.
    pub fn new(context: &'a Context<'a>, config: &'a [(String, Raw)]) -> Self {
        let mut settings = Self { context, values: Vec::new() };
        for (name, value) in config {
            let span = context.places.keys.get(name).copied().unwrap_or(context.places.config);
            if let Some(key) = supported(context, KEYS, ("c", name), (span, value)) {
                settings.values.push((key, name, value));
            }
        }
        settings.refuse_modes();
        settings
    }

    /// The value of a key under its current name; nothing if it is missing or `None`.
    pub fn value(&self, key: &str) -> Option<&'a Raw> {
        self.entry(key).map(|(_, value)| value)
    }

    fn entry(&self, key: &str) -> Option<(&'a str, &'a Raw)> {
        let found = self.values.iter().find(|(name, _, value)| *name == key && !matches!(value, Raw::None));
        found.map(|(_, name, value)| (*name, *value))
    }

    /// Whether the file uses the old name of a key.
    pub fn is_old(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|(name, _)| name != key)
    }

    /// Where a value stands; `path` goes below the key, as in `pb/port`.
    pub fn span(&self, key: &str, path: &str) -> Span {
        let name = self.entry(key).map_or(key, |(name, _)| name);
        let path = if path.is_empty() { name.to_owned() } else { format!("{name}/{path}") };
        self.context.places.value(&path)
    }

    pub fn problem(&self, key: &str, path: &str, message: impl Into<String>) {
        self.context.problem(self.span(key, path), message);
    }

    fn not_available(&self, key: &str, path: &str, message: impl Into<String>) {
        self.context.not_available(self.span(key, path), message);
    }

    /// The value of a key if it has this type.
    fn typed(&self, key: &str, kind: Kind) -> Option<&'a Raw> {
        let (name, value) = self.entry(key)?;
        match kind.problem(value) {
            None => Some(value),
            Some(problem) => {
                self.problem(key, "", format!("c['{name}'] {problem}"));
                None
            }
        }
    }

    pub fn text(&self, key: &str) -> Option<String> {
        self.typed(key, Kind::Text).and_then(Raw::text)
    }

    pub fn map(&self, key: &str) -> Option<&'a Raw> {
        self.typed(key, Kind::Map)
    }

    /// A dictionary of properties.
    pub fn properties(&self, key: &str) -> Option<&'a Raw> {
        self.typed(key, Kind::Properties)
    }

    pub fn function(&self, key: &str) -> Option<Callback> {
        self.typed(key, Kind::Function).and_then(super::callback)
    }

    pub fn count(&self, key: &str) -> Option<u64> {
        match self.typed(key, Kind::Count) {
            Some(Raw::Int(number)) => u64::try_from(*number).ok(),
            _ => None,
        }
    }

    pub fn collapse(&self) -> Collapse {
        let Some(value) = self.typed("collapseRequests", Kind::BoolOrFunction) else { return Collapse::Compatible };
        super::collapse(value)
    }

    /// Typed objects of a list, or of one object alone.
    pub fn objects<T>(
        &self,
        key: &str,
        classes: &'static [&'static str],
        convert: impl Fn(&Context<'_>, &Arc<Object>) -> T,
    ) -> Vec<Placed<T>> {
        let Some((name, value)) = self.entry(key) else { return Vec::new() };
        let items = match value {
            Raw::List(items) => items.as_slice(),
            alone @ Raw::Object(_) if key == "change_source" => std::slice::from_ref(alone),
            other => {
                self.problem(key, "", format!("c['{name}'] must be a list, not {}", other.describe()));
                match other {
                    // What it holds is looked at all the same, so that its absence is no further error.
                    Raw::Object(_) => std::slice::from_ref(other),
                    _ => &[],
                }
            }
        };
        let mut found = Vec::new();
        for (position, item) in items.iter().enumerate() {
            let span = self.span(key, &position.to_string());
            let object = match item {
                Raw::Object(object) => Some(Arc::clone(object)),
                Raw::Map(entries) if key == "builders" => builder_of(self.context, entries, span),
                _ => None,
            };
            match object {
                Some(object) if classes.contains(&object.class.name) => {
                    found.push(Placed { item: convert(self.context, &object), object });
                }
                // Told by `unbuilt`. What a worker has in common with all lets builders name it.
                Some(object) if is_unbuilt(object.class, classes) => {
                    if key == "workers" {
                        found.push(Placed { item: convert(self.context, &object), object });
                    }
                }
                Some(object) => {
                    let message = format!("c['{name}'] takes {}, not a {}", expected(key), object.class.full_name());
                    self.context.problem(object.span, message);
                }
                None => {
                    let message = format!("c['{name}'] takes {}, not {}", expected(key), item.describe());
                    self.context.problem(span, message);
                }
            }
        }
        found
    }

    /// Reporters and other services have no effect yet; what is none is a mistake.
    pub fn services(&self) {
        for (name, value) in self.lists_of_services() {
            if !matches!(value, Raw::List(_)) {
                let message = format!("c['{name}'] must be a list, not {}", value.describe());
                self.context.problem(self.context.places.value(name), message);
            }
            for (position, item) in value.items().iter().enumerate() {
                match item.object().map(|object| object.class) {
                    // Told by `unbuilt`.
                    Some(class) if class.support != Support::Works => {}
                    Some(class) if [LISTENER, WEB_STATUS].contains(&class.name) => {}
                    Some(class) if [CANCELLERS, CHATS].iter().any(|names| names.contains(&class.name)) => {}
                    Some(class) if NOTIFIERS.contains(&(class.namespace, class.name)) => {}
                    _ => {
                        let message = format!("c['{name}'] takes reporters, not {}", item.describe());
                        self.context.problem(self.context.places.value(&format!("{name}/{position}")), message);
                    }
                }
            }
        }
    }

    /// Services of one class.
    pub fn services_of(&self, class: &str) -> Vec<&'a Arc<Object>> {
        let items = self.lists_of_services().flat_map(|(_, value)| value.items());
        items.filter_map(Raw::object).filter(|object| object.class.name == class).collect()
    }

    /// `c['services']` and the old `c['status']`; a file may have both.
    fn lists_of_services(&self) -> impl Iterator<Item = (&'a str, &'a Raw)> {
        let lists = self.values.iter().filter(|(key, _, value)| *key == "services" && !matches!(value, Raw::None));
        lists.map(|(_, name, value)| (*name, *value))
    }

    /// Keys that are known but work in one way only.
    fn refuse_modes(&self) {
        if self.value("multiMaster").is_some_and(Raw::is_truthy) {
            self.not_available("multiMaster", "", unbuilt::message("c['multiMaster']", ""));
        }
        if let Some(kind) = self.map("mq").and_then(|mq| mq.get("type")).and_then(Raw::text)
            && kind != "simple"
        {
            let message = unbuilt::message(&format!("c['mq']['type'] '{kind}'"), "use 'simple'");
            self.not_available("mq", "type", message);
        }
        if let Some(encoding) = self.text("logEncoding")
            && !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8")
        {
            let message = unbuilt::message(&format!("c['logEncoding'] '{encoding}'"), "use 'utf-8'");
            self.not_available("logEncoding", "", message);
        }
    }
}

/// A builder written as a dictionary: its keys are the arguments of `util.BuilderConfig`.
fn builder_of(context: &Context<'_>, entries: &[(Raw, Raw)], span: Span) -> Option<Arc<Object>> {
    let class = find_class("BuilderConfig")?;
    let keys: Vec<String> = entries.iter().filter_map(|(key, _)| key.text()).collect();
    let checked = check_call(class, &keys.iter().map(|key| Some(key.as_str())).collect::<Vec<_>>());
    for (message, _) in checked.problems {
        context.problem(span, message);
    }
    for (message, _) in checked.warnings {
        context.warning(span, message);
    }
    context.warning(span, "a dictionary is an old way to write a util.BuilderConfig()");
    let named = checked.names.into_iter().zip(entries);
    let arguments = named.filter_map(|(name, (_, value))| Some(Argument { name: name?, value: value.clone(), span }));
    Some(Arc::new(Object { class, span, arguments: arguments.collect(), rest: Vec::new() }))
}

fn expected(key: &str) -> &'static str {
    match key {
        "codebases" => "objects of util.Codebase",
        "projects" => "objects of util.Project",
        "workers" => "objects of worker.Worker",
        "builders" => "objects of util.BuilderConfig",
        "schedulers" => "schedulers",
        "secretsProviders" => "providers of secrets",
        "configurators" => "a util.JanitorConfigurator",
        "user_managers" => "objects of util.CommandlineUserManager",
        _ => "change sources",
    }
}

/// The current name of a key that can be used; reports one that cannot.
pub fn supported(
    context: &Context<'_>,
    table: &'static [Key],
    (dictionary, name): (&str, &str),
    (span, value): (Span, &Raw),
) -> Option<&'static str> {
    let Some(key) = keys::find(table, name) else {
        let hint = nearest::hint(name, table.iter().map(|key| key.name));
        context.problem(span, format!("{dictionary}['{name}'] is not a known key{hint}"));
        return None;
    };
    match key.support {
        KeySupport::Works => return Some(key.name),
        KeySupport::Formerly(new) => {
            context.warning(span, format!("{dictionary}['{name}'] is an old name of {dictionary}['{new}']"));
            return keys::find(table, new).map(|key| key.name);
        }
        KeySupport::NotYet if says_something(value) => {
            context.not_available(span, unbuilt::message(&format!("{dictionary}['{name}']"), key.doc));
        }
        KeySupport::Inactive if value.is_truthy() => context.no_effect_yet(format!("{dictionary}['{name}']")),
        _ => {}
    }
    None
}

/// Whether a value asks for anything; `util.NoAuth()` asks for what is the case without it.
fn says_something(value: &Raw) -> bool {
    value.is_truthy() && value.object().is_none_or(|object| object.class.name != NO_AUTH)
}
