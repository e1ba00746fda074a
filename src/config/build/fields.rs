//! Arguments of an object, tested by the table and read with their defaults.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::values;
use crate::config::script::{Object, Raw};
use crate::config::source::Span;
use crate::domain::{Callback, Properties, Renderable};
use crate::secrets::LateText;

/// The arguments of one object. Values that do not fit have been reported and read as their defaults.
pub struct Fields<'a> {
    pub context: &'a Context<'a>,
    pub object: &'a Arc<Object>,
    bad: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// Tests all arguments that were given.
    pub fn new(context: &'a Context<'a>, object: &'a Arc<Object>) -> Self {
        let mut bad = Vec::new();
        for given in &object.arguments {
            let Some(argument) = object.class.argument(&given.name) else { continue };
            let problem = match &given.value {
                Raw::None if argument.nullable => None,
                value => argument.kind.problem(value),
            };
            if let Some(problem) = problem {
                let full_name = object.class.full_name();
                context.problem(given.span, format!("{full_name}({}=) {problem}", given.name));
                bad.push(given.name.as_str());
            }
        }
        Self { context, object, bad }
    }

    pub fn was_given(&self, name: &str) -> bool {
        self.object.argument(name).is_some_and(|value| !matches!(value, Raw::None))
    }

    /// Where an argument stands, or the object.
    pub fn span(&self, name: &str) -> Span {
        self.object.span_of(name)
    }

    /// A problem of an argument that the table cannot see.
    pub fn problem(&self, name: &str, message: &str) {
        self.context.problem(self.span(name), format!("{}({name}=) {message}", self.object.class.full_name()));
    }

    pub fn value(&self, name: &str) -> Raw {
        let argument = self.object.class.argument(name);
        let is_unset = |value: &Raw| matches!(value, Raw::None) && argument.is_some_and(|it| it.none_is_default);
        let given = self.object.argument(name).filter(|value| !self.bad.contains(&name) && !is_unset(value));
        given.cloned().unwrap_or_else(|| argument.map_or(Raw::None, |argument| Raw::from(argument.default)))
    }

    /// The value unless it is `None`.
    pub fn optional(&self, name: &str) -> Option<Raw> {
        Some(self.value(name)).filter(|value| !matches!(value, Raw::None))
    }

    pub fn text(&self, name: &str) -> String {
        self.value(name).text().unwrap_or_default()
    }

    pub fn optional_text(&self, name: &str) -> Option<String> {
        self.value(name).text()
    }

    /// Text or a list of texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        values::texts(&self.value(name))
    }

    pub fn flag(&self, name: &str) -> bool {
        self.value(name).is_truthy()
    }

    pub fn int(&self, name: &str) -> Option<i64> {
        match self.value(name) {
            Raw::Int(number) => Some(number),
            Raw::Bool(flag) => Some(i64::from(flag)),
            _ => None,
        }
    }

    pub fn small(&self, name: &str) -> Option<u32> {
        self.int(name).map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    pub fn seconds(&self, name: &str) -> Option<Duration> {
        values::seconds(&self.value(name))
    }

    pub fn callback(&self, name: &str) -> Option<Callback> {
        super::callback(&self.value(name))
    }

    pub fn renderable(&self, name: &str) -> Option<Renderable> {
        self.optional(name).map(|value| self.render(&value))
    }

    /// A text that may need secrets.
    pub fn late_text(&self, name: &str) -> LateText {
        values::late_text(self.context, &self.value(name), self.span(name))
    }

    pub fn environment(&self, name: &str) -> BTreeMap<String, Renderable> {
        values::named(&self.value(name)).map(|(name, value)| (name, self.render(&value))).collect()
    }

    pub fn properties(&self, name: &str, source: &str) -> Properties {
        values::properties(&self.value(name), source)
    }

    pub fn render(&self, value: &Raw) -> Renderable {
        values::renderable(self.context, value)
    }
}

impl Object {
    /// Where an argument stands, or the object.
    pub fn span_of(&self, name: &str) -> Span {
        let given = self.arguments.iter().find(|argument| argument.name == name);
        given.map_or(self.span, |argument| argument.span)
    }
}
