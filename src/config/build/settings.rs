//! The keys of the configuration, tested by the table.

use std::sync::Arc;

use super::Placed;
use super::context::Context;
use crate::config::Collapse;
use crate::config::nearest;
use crate::config::script::{Argument, Object, Raw};
use crate::config::source::Span;
use crate::config::table::keys::{self, KEYS, Key, KeySupport};
use crate::config::table::{CANCELLERS, Kind, LISTENER, NOTIFIERS, Support, check_call, find_class};
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
        if self.is_old("collapseRequests") && matches!(value, Raw::Function(_)) {
            let message = "functions of 'mergeRequests' took other arguments; use c['collapseRequests']";
            self.problem("collapseRequests", "", message);
        }
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
                // Was refused when it was made.
                Some(object) if matches!(object.class.support, Support::NotYet(_)) => {}
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
        for key in ["services"] {
            let Some((name, value)) = self.entry(key) else { continue };
            if !matches!(value, Raw::List(_)) {
                self.problem(key, "", format!("c['{name}'] must be a list, not {}", value.describe()));
            }
            for (position, item) in value.items().iter().enumerate() {
                match item.object() {
                    Some(object) if object.class.support == Support::Inactive => {
                        self.context.no_effect_yet(object.class.full_name());
                    }
                    Some(object) if matches!(object.class.support, Support::NotYet(_)) => {}
                    Some(object) if object.class.name == LISTENER => {}
                    Some(object) if CANCELLERS.contains(&object.class.name) => {}
                    Some(object) if NOTIFIERS.contains(&object.class.name) => {}
                    _ => {
                        let message = format!("c['{name}'] takes reporters, not {}", item.describe());
                        self.problem(key, &position.to_string(), message);
                    }
                }
            }
        }
    }

    /// Services of one class.
    pub fn services_of(&self, class: &str) -> Vec<&'a Arc<Object>> {
        let items = self.value("services").map(Raw::items).unwrap_or_default();
        items.iter().filter_map(Raw::object).filter(|object| object.class.name == class).collect()
    }

    /// Keys that are known but work in one way only.
    fn refuse_modes(&self) {
        if self.value("multiMaster").is_some_and(Raw::is_truthy) {
            self.problem("multiMaster", "", "several masters are not available yet");
        }
        if let Some(kind) = self.map("mq").and_then(|mq| mq.get("type")).and_then(Raw::text)
            && kind != "simple"
        {
            self.problem("mq", "type", format!("c['mq']['type'] '{kind}' is not available yet; use 'simple'"));
        }
        if let Some(encoding) = self.text("logEncoding")
            && !matches!(encoding.to_lowercase().as_str(), "utf-8" | "utf8")
        {
            self.problem("logEncoding", "", format!("c['logEncoding'] '{encoding}' is not available yet; use 'utf-8'"));
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
    let named = checked.names.into_iter().zip(entries);
    let arguments = named.filter_map(|(name, (_, value))| Some(Argument { name: name?, value: value.clone(), span }));
    Some(Arc::new(Object { class, span, arguments: arguments.collect(), rest: Vec::new() }))
}

fn expected(key: &str) -> &'static str {
    match key {
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
        KeySupport::NotYet if value.is_truthy() => {
            context.problem(span, format!("{dictionary}['{name}'] is not available yet ({})", key.doc));
        }
        KeySupport::Inactive if value.is_truthy() => context.no_effect_yet(format!("{dictionary}['{name}']")),
        _ => {}
    }
    None
}
