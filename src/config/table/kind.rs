//! Types of arguments: what fits, and how to say what does not.

use regex::Regex;

use super::{Class, Support};
use crate::config::script::{INSTANCE, Object, Raw};

/// The type of an argument.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Any,
    Text,
    /// A whole number that is not negative.
    Count,
    Int,
    Bool,
    /// A number of seconds that is not negative.
    Seconds,
    /// Text, or a list of texts.
    Texts,
    /// A list of texts.
    TextList,
    /// A dictionary with texts as keys.
    Map,
    /// Texts to plain values.
    Properties,
    /// Anything that is known when a build runs, or before.
    Renderable,
    /// Text, or something that becomes text.
    RenderableText,
    /// A command: text, a list, or something that becomes one.
    Command,
    /// Texts to texts (or lists of them, or renderables).
    Environment,
    Function,
    TextOrFunction,
    /// A boolean, a renderable or a function.
    Condition,
    BoolOrFunction,
    IntOrFunction,
    /// A regular expression, compiled or as text.
    Pattern,
    /// One or several of them.
    Patterns,
    /// Text, None, or a list of those.
    Values,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An object of one of these classes.
    Object(&'static [&'static str]),
    /// A list of such objects.
    Objects(&'static [&'static str]),
    /// A list of such objects or texts.
    ObjectsOrTexts(&'static [&'static str]),
    /// An object of one of these classes, or text.
    ObjectOrText(&'static [&'static str]),
    /// A list of objects of these classes, or something that becomes one.
    ObjectsOrRenderable(&'static [&'static str]),
    /// A boolean or a whole number that is not negative.
    BoolOrCount,
    BoolOrMap,
    /// A boolean or one of these words.
    BoolOr(&'static [&'static str]),
    /// Text, a list of texts, True or a function.
    Branches,
    /// A list of anything.
    List,
    /// A pair of numbers.
    Pair,
    /// A list of pairs: text, and text or something that becomes text.
    Logins,
    /// A list of pairs, path and secret, or something that becomes one.
    SecretFiles,
    /// A port number or an endpoint string.
    Port,
    /// Locks, and functions that return them.
    Locks,
    /// A field of a crontab: a number, text, or a list of those.
    Cron,
}

impl Kind {
    /// Whether no value is an empty list.
    pub const fn is_list(&self) -> bool {
        matches!(
            self,
            Self::Texts | Self::TextList | Self::Objects(_) | Self::ObjectsOrTexts(_) | Self::List | Self::Locks
        )
    }

    /// Whether no value is an empty dictionary.
    pub const fn is_dictionary(&self) -> bool {
        matches!(self, Self::Map | Self::Properties | Self::Environment)
    }
}

/// Classes of objects whose value is known when a build runs.
pub const RENDERABLES: [&str; 8] =
    ["Interpolate", "Property", "Secret", "renderer", "WithProperties", "Transform", "FlattenList", "_Operation"];

impl Kind {
    /// What is wrong with a value; nothing if it fits. `None` is judged by the caller.
    pub fn problem(self, value: &Raw) -> Option<String> {
        if self.fits(value) {
            return self.detail(value);
        }
        let remedy = match odd_part(value) {
            Some(Raw::Other(kind)) if kind == INSTANCE => "; @util.renderer makes a function a value of the build",
            Some(_) => "; what is known only when a build runs cannot be used here",
            None => "",
        };
        Some(format!("must be {}, not {}{remedy}", self.expects(), self.describe(value)))
    }

    /// What a value is that does not fit; of a list of objects the item that is none.
    fn describe(self, value: &Raw) -> String {
        let (Self::Objects(classes) | Self::ObjectsOrRenderable(classes), Raw::List(items)) = (self, value) else {
            return value.describe();
        };
        let odd = items.iter().find(|item| !is_object(item, classes));
        odd.map_or_else(|| value.describe(), |odd| format!("a list with {}", odd.describe()))
    }

    fn fits(self, value: &Raw) -> bool {
        match self {
            Self::Any => true,
            Self::Renderable => plain_or_renderable(value),
            Self::Text | Self::Choice(_) => matches!(value, Raw::Text(_)),
            Self::Count => matches!(value, Raw::Int(number) if 0 <= *number),
            Self::Int => matches!(value, Raw::Int(_)),
            Self::Bool => is_bool(value),
            Self::Seconds => match value {
                Raw::Int(number) => 0 <= *number,
                Raw::Float(number) => 0.0 <= *number && number.is_finite(),
                _ => false,
            },
            Self::Texts => matches!(value, Raw::Text(_)) || is_list(value, |item| matches!(item, Raw::Text(_))),
            Self::TextList => is_list(value, |item| matches!(item, Raw::Text(_))),
            Self::Map => is_map(value, |_| true),
            Self::Properties => is_map(value, |item| item.to_plain().is_some()),
            Self::RenderableText => matches!(value, Raw::Text(_)) || is_renderable(value),
            Self::Command => {
                matches!(value, Raw::Text(_)) || is_renderable(value) || is_list(value, plain_or_renderable)
            }
            Self::Environment => is_map(value, environment_value),
            Self::Function => matches!(value, Raw::Function(_)),
            Self::TextOrFunction => matches!(value, Raw::Text(_) | Raw::Function(_)),
            Self::Condition => is_bool(value) || is_renderable(value),
            Self::BoolOrFunction => is_bool(value) || matches!(value, Raw::Function(_)),
            Self::IntOrFunction => Self::Int.fits(value) || matches!(value, Raw::Function(_)),
            Self::BoolOrCount => is_bool(value) || Self::Count.fits(value),
            Self::BoolOr(words) => is_bool(value) || matches!(value, Raw::Text(text) if words.contains(&text.as_str())),
            Self::BoolOrMap => is_bool(value) || is_map(value, plain_or_renderable),
            Self::Pattern => pattern(value).is_some(),
            Self::Patterns => pattern(value).is_some() || is_list(value, |item| pattern(item).is_some()),
            Self::Values => text_or_none(value) || is_list(value, text_or_none),
            Self::Object(classes) => is_object(value, classes),
            Self::Objects(classes) => is_list(value, |item| is_object(item, classes)),
            Self::ObjectsOrTexts(classes) => {
                is_list(value, |item| matches!(item, Raw::Text(_)) || is_object(item, classes))
            }
            Self::ObjectOrText(classes) => matches!(value, Raw::Text(_)) || is_object(value, classes),
            Self::ObjectsOrRenderable(classes) => {
                is_renderable(value) || is_list(value, |item| is_object(item, classes))
            }
            Self::Branches => Self::Texts.fits(value) || matches!(value, Raw::Bool(_) | Raw::Function(_)),
            Self::Locks => is_lock_function(value) || is_list(value, |item| is_lock(item) || is_lock_function(item)),
            Self::Cron => is_cron(value) || (is_list(value, is_cron) && !value.items().is_empty()),
            Self::List => is_list(value, |_| true),
            Self::Pair => is_list(value, |item| Self::Seconds.fits(item)) && value.items().len() == 2,
            Self::Logins => is_list(value, is_login),
            Self::SecretFiles => is_renderable(value) || is_list(value, is_secret_file),
            Self::Port => matches!(value, Raw::Text(_) | Raw::Int(_)),
        }
    }

    /// Problems of values that have the right type.
    fn detail(self, value: &Raw) -> Option<String> {
        match (self, value) {
            (Self::Choice(words), Raw::Text(text)) if !words.contains(&text.as_str()) => {
                Some(format!("must be one of '{}', not '{text}'", words.join("', '")))
            }
            (Self::Patterns, Raw::List(items)) => items.iter().find_map(bad_filter),
            (Self::Patterns, other) => bad_filter(other),
            (Self::Pattern, other) => bad_pattern(other),
            _ => None,
        }
    }

    /// What fits, in words.
    pub fn expects(self) -> String {
        let text = match self {
            Self::Any => "anything",
            Self::Renderable => "a plain value or a renderable",
            Self::Text | Self::Choice(_) => "text",
            Self::Count => "a whole number that is not negative",
            Self::Int => "a whole number",
            Self::Bool => "True or False",
            Self::Seconds => "a number of seconds that is not negative",
            Self::Texts => "text or a list of texts",
            Self::TextList => "a list of texts",
            Self::Map => "a dictionary with texts as keys",
            Self::Properties => "a dictionary of texts to plain values",
            Self::RenderableText => "text or a renderable",
            Self::Command => "text, a list of words, or a renderable",
            Self::Environment => "a dictionary of texts to texts, lists of texts, or renderables",
            Self::Function => "a function",
            Self::TextOrFunction => "text or a function",
            Self::Condition => "True, False, a renderable or a function",
            Self::BoolOrFunction => "True, False or a function",
            Self::IntOrFunction => "a whole number or a function",
            Self::BoolOrCount => "True, False or a whole number that is not negative",
            Self::BoolOr(words) => return format!("True, False or '{}'", words.join("' or '")),
            Self::BoolOrMap => "True, False or a dictionary",
            Self::Pattern => "a regular expression",
            Self::Patterns => "a regular expression or a list of them",
            Self::Values => "text, None, or a list of those",
            Self::Branches => "text, a list of texts, True or a function",
            Self::List => "a list",
            Self::Pair => "a pair of two numbers",
            Self::Logins => "a list of pairs of texts",
            Self::SecretFiles => "a list of pairs: path on the worker, and secret",
            Self::Port => "a port number or an endpoint string",
            Self::Locks => "a list of locks or functions, or a function",
            Self::Cron => "a number, text, or a list of those",
            Self::Object(classes) => return one_of(classes),
            Self::Objects(classes) => return format!("a list, each item {}", one_of(classes)),
            Self::ObjectsOrTexts(classes) => return format!("a list, each item text or {}", one_of(classes)),
            Self::ObjectOrText(classes) => return format!("text or {}", one_of(classes)),
            Self::ObjectsOrRenderable(classes) => {
                return format!("a list, each item {}, or a renderable", one_of(classes));
            }
        };
        text.to_owned()
    }
}

/// The first part of a value that is known only when a build runs, or is an object of the file's own.
fn odd_part(value: &Raw) -> Option<&Raw> {
    match value {
        Raw::List(items) => items.iter().find_map(odd_part),
        Raw::Map(entries) => entries.iter().find_map(|(_, item)| odd_part(item)),
        Raw::Object(object) if RENDERABLES.contains(&object.class.name) => Some(value),
        Raw::Other(kind) if kind == INSTANCE => Some(value),
        _ => None,
    }
}

fn one_of(classes: &[&str]) -> String {
    format!("a {}", classes.iter().take(3).copied().collect::<Vec<_>>().join(" or "))
}

fn is_bool(value: &Raw) -> bool {
    matches!(value, Raw::Bool(_) | Raw::Int(0 | 1))
}

fn is_list(value: &Raw, fits: impl Fn(&Raw) -> bool) -> bool {
    matches!(value, Raw::List(items) if items.iter().all(fits))
}

fn is_map(value: &Raw, fits: impl Fn(&Raw) -> bool) -> bool {
    matches!(value, Raw::Map(items) if items.iter().all(|(key, item)| matches!(key, Raw::Text(_)) && fits(item)))
}

fn is_object(value: &Raw, classes: &[&str]) -> bool {
    value.object().is_some_and(|object| classes.contains(&object.class.name) || is_unbuilt(object.class, classes))
}

/// Whether a class that does not work yet belongs to the same namespace as one of these: then it is no mistake to use it
/// in their place.
pub fn is_unbuilt(class: &Class, classes: &[&str]) -> bool {
    class.support != Support::Works
        && classes.iter().filter_map(|name| super::find_class(name)).any(|known| known.namespace == class.namespace)
}

fn is_lock(value: &Raw) -> bool {
    is_object(value, super::locks::LOCKS)
}

fn is_lock_function(value: &Raw) -> bool {
    matches!(value, Raw::Function(_)) || is_object(value, &["renderer"])
}

fn is_login(value: &Raw) -> bool {
    match value.items() {
        [name, password] => matches!(name, Raw::Text(_)) && Kind::RenderableText.fits(password),
        _ => false,
    }
}

fn is_secret_file(value: &Raw) -> bool {
    let is_pair = match value.items() {
        [path, secret] => Kind::RenderableText.fits(path) && Kind::RenderableText.fits(secret),
        _ => false,
    };
    is_pair || is_renderable(value)
}

fn text_or_none(value: &Raw) -> bool {
    matches!(value, Raw::Text(_) | Raw::None)
}

fn is_cron(value: &Raw) -> bool {
    matches!(value, Raw::Text(_) | Raw::Int(_))
}

fn environment_value(value: &Raw) -> bool {
    let item = |value: &Raw| matches!(value, Raw::Text(_) | Raw::Int(_) | Raw::None) || is_renderable(value);
    item(value) || is_list(value, item)
}

/// Whether a value is rendered when a build runs: an object for it, or a function.
pub fn is_renderable(value: &Raw) -> bool {
    matches!(value, Raw::Function(_)) || is_object(value, &RENDERABLES)
}

fn plain_or_renderable(value: &Raw) -> bool {
    match value {
        Raw::List(items) => items.iter().all(plain_or_renderable),
        Raw::Map(items) => items.iter().all(|(key, item)| matches!(key, Raw::Text(_)) && plain_or_renderable(item)),
        Raw::Object(_) | Raw::Function(_) => is_renderable(value),
        Raw::Other(_) => false,
        _ => true,
    }
}

/// The text of a regular expression.
pub fn pattern(value: &Raw) -> Option<String> {
    match value {
        Raw::Text(text) => Some(text.clone()),
        Raw::Object(object) if object.class.name == "Pattern" => object.argument("pattern").and_then(Raw::text),
        _ => None,
    }
}

fn bad_pattern(value: &Raw) -> Option<String> {
    let text = pattern(value)?;
    bad(&Regex::new(&text).err()?.to_string())
}

/// Filters may look around and back.
fn bad_filter(value: &Raw) -> Option<String> {
    let text = pattern(value)?;
    bad(&fancy_regex::Regex::new(&text).err()?.to_string())
}

fn bad(reason: &str) -> Option<String> {
    let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
    Some(format!("is not a regular expression that can be used: {reason}"))
}

impl Object {
    /// The value of an argument that was given.
    pub fn argument(&self, name: &str) -> Option<&Raw> {
        self.arguments.iter().find(|argument| argument.name == name).map(|argument| &argument.value)
    }
}
