//! Values without context: what a number of seconds, a list of texts, a renderable is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::Context;
use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::config::table::RENDERABLES;
use crate::domain::{Properties, PropertyValue, Renderable};
use crate::steps::interpolate::Template;

/// Longer times are as good as for ever.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// A number of seconds; `None` if it is none.
pub fn seconds(value: &Raw) -> Option<Duration> {
    let duration = match value {
        Raw::Int(number) => Duration::from_secs(u64::try_from(*number).ok()?),
        Raw::Float(number) => Duration::try_from_secs_f64(*number).unwrap_or(LONGEST),
        _ => return None,
    };
    Some(duration.min(LONGEST))
}

/// Text or a list of texts.
pub fn texts(value: &Raw) -> Vec<String> {
    match value {
        Raw::Text(text) => vec![text.clone()],
        other => other.items().iter().filter_map(Raw::text).collect(),
    }
}

/// Entries of a dictionary with texts as keys.
pub fn named(value: &Raw) -> impl Iterator<Item = (String, Raw)> + '_ {
    value.entries().iter().filter_map(|(key, item)| Some((key.text()?, item.clone())))
}

pub fn properties(value: &Raw, source: &str) -> Properties {
    let mut properties = Properties::new();
    for (name, item) in named(value) {
        if let Some(item) = item.to_plain() {
            properties.set(name, item, source);
        }
    }
    properties
}

/// A value that is known now or when a build runs.
pub fn renderable(context: &Context<'_>, value: &Raw) -> Renderable {
    if let Some(plain) = value.to_plain() {
        return Renderable::Value(plain);
    }
    match value {
        Raw::List(items) => Renderable::List(items.iter().map(|item| renderable(context, item)).collect()),
        Raw::Map(_) => {
            let entries = named(value).map(|(key, item)| (key, renderable(context, &item)));
            Renderable::Map(entries.collect())
        }
        Raw::Function(callback) => Renderable::Function(callback.clone()),
        Raw::Object(object) if RENDERABLES.contains(&object.class.name) => {
            object_renderable(&Fields::new(context, object))
        }
        _ => Renderable::Value(PropertyValue::Null),
    }
}

fn object_renderable(fields: &Fields<'_>) -> Renderable {
    match fields.object.class.name {
        "Property" => Renderable::Property {
            name: fields.text("key"),
            default: fields.renderable("default").map(Box::new),
            default_when_false: fields.flag("defaultWhenFalse"),
        },
        "Interpolate" => interpolate(fields),
        "Secret" => Renderable::Secret(fields.text("secret_name")),
        // Classes that do not work were refused when they were made.
        _ => fields.callback("fn").map_or(Renderable::Value(PropertyValue::Null), Renderable::Function),
    }
}

fn interpolate(fields: &Fields<'_>) -> Renderable {
    let format = fields.text("fmtstring");
    match Template::parse(&format) {
        Err(error) => fields.context.problem(fields.span("fmtstring"), error.to_string()),
        Ok(template) if template.n_positional() != fields.object.rest.len() => {
            let (wanted, given) = (template.n_positional(), fields.object.rest.len());
            let message = format!("util.Interpolate() has {wanted} '%s', but {given} values for them");
            fields.context.problem(fields.object.span, message);
        }
        Ok(_) => {}
    }
    Renderable::Interpolate {
        format,
        args: fields.object.rest.iter().map(|value| fields.render(value)).collect(),
        kwargs: interpolate_names(fields),
    }
}

fn interpolate_names(fields: &Fields<'_>) -> BTreeMap<String, Renderable> {
    let object: &Object = fields.object;
    if object.rest.is_empty() || object.arguments.len() < 2 {
        let named = object.arguments.iter().filter(|argument| argument.name != "fmtstring");
        return named.map(|argument| (argument.name.clone(), fields.render(&argument.value))).collect();
    }
    fields.context.problem(object.span, "util.Interpolate() takes either positional or named values, not both");
    BTreeMap::new()
}
