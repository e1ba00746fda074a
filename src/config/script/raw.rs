//! Values of a configuration before they have types: what any engine hands over.

use std::sync::Arc;

use crate::config::source::Span;
use crate::config::table::{Class, Default};
use crate::domain::{Callback, PropertyValue};

/// The type of an object whose class the file defines.
pub const INSTANCE: &str = "instance";

/// One value.
#[derive(Clone, Debug)]
pub enum Raw {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// Lists, tuples, sets.
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
    Object(Arc<Object>),
    Function(Callback),
    /// Something that has no meaning in a configuration: the name of its type.
    Other(String),
}

/// What a constructor of the table made.
#[derive(Debug)]
pub struct Object {
    pub class: &'static Class,
    /// Where it was made.
    pub span: Span,
    pub arguments: Vec<Argument>,
    /// Positional arguments beyond those the table names.
    pub rest: Vec<Raw>,
}

/// One argument of an object, by the table's name.
#[derive(Debug)]
pub struct Argument {
    pub name: String,
    pub value: Raw,
    pub span: Span,
}

impl Raw {
    pub fn object(&self) -> Option<&Arc<Object>> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Items of a list; none of anything else.
    pub fn items(&self) -> &[Raw] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// Entries of a dictionary; none of anything else.
    pub fn entries(&self) -> &[(Raw, Raw)] {
        match self {
            Self::Map(items) => items,
            _ => &[],
        }
    }

    /// The value of a text key.
    pub fn get(&self, key: &str) -> Option<&Raw> {
        self.entries().iter().find(|(name, _)| matches!(name, Self::Text(name) if name == key)).map(|(_, value)| value)
    }

    /// Whether Python would call the value true.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(flag) => *flag,
            Self::Int(number) => *number != 0,
            Self::Float(number) => *number != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Map(items) => !items.is_empty(),
            _ => true,
        }
    }

    /// The value if nothing in it is an object or a function. Keys that are not text take their printed form.
    pub fn to_plain(&self) -> Option<PropertyValue> {
        Some(match self {
            Self::None => PropertyValue::Null,
            Self::Bool(flag) => PropertyValue::Bool(*flag),
            Self::Int(number) => PropertyValue::Int(*number),
            Self::Float(number) => PropertyValue::Float(*number),
            Self::Text(text) => PropertyValue::Str(text.clone()),
            Self::List(items) => PropertyValue::List(items.iter().map(Self::to_plain).collect::<Option<_>>()?),
            Self::Map(items) => {
                let entry = |(key, item): &(Self, Self)| Some((key.to_plain()?.to_string(), item.to_plain()?));
                PropertyValue::Map(items.iter().map(entry).collect::<Option<_>>()?)
            }
            _ => return None,
        })
    }

    /// What the value is, for "must be ..., not ...".
    pub fn describe(&self) -> String {
        match self {
            Self::None => "None".to_owned(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Int(number) => format!("the number {number}"),
            Self::Float(number) => format!("the number {number:?}"),
            Self::Text(text) if text.chars().count() <= 30 => format!("the text '{text}'"),
            Self::Text(_) => "a text".to_owned(),
            Self::List(items) if items.is_empty() => "an empty list".to_owned(),
            Self::List(items) => match items.iter().find(|item| !matches!(item, Self::Text(_))) {
                Some(odd) if items.len() <= 20 => format!("a list with {}", odd.short()),
                _ => "a list".to_owned(),
            },
            Self::Map(entries) => match entries.iter().find(|(key, _)| !matches!(key, Self::Text(_))) {
                Some((odd, _)) => {
                    format!("a dictionary with the key {}", odd.short().trim_start_matches("the number "))
                }
                None => match entries.iter().find(|(_, item)| item.to_plain().is_none()) {
                    Some((_, odd)) => format!("a dictionary with {}", odd.short()),
                    None => "a dictionary".to_owned(),
                },
            },
            other => other.short(),
        }
    }

    fn short(&self) -> String {
        match self {
            Self::List(_) => "a list".to_owned(),
            Self::Map(_) => "a dictionary".to_owned(),
            Self::Object(object) => format!("a {}", object.class.full_name()),
            Self::Function(_) => "a function".to_owned(),
            Self::Other(kind) if kind == INSTANCE => "an object of the file's own class".to_owned(),
            Self::Other(kind) => format!("a {kind}"),
            plain => plain.describe(),
        }
    }
}

impl From<Default> for Raw {
    fn from(default: Default) -> Self {
        match default {
            Default::Required | Default::Nothing => Self::None,
            Default::Bool(flag) => Self::Bool(flag),
            Default::Int(number) => Self::Int(number),
            Default::Text(text) => Self::Text(text.to_owned()),
            Default::Words(words) => Self::List(words.iter().map(|word| Self::Text((*word).to_owned())).collect()),
        }
    }
}
