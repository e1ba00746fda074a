//! Values without context: what a number of seconds, a list of texts, a renderable is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::context::Context;
use super::fields::Fields;
use crate::config::script::{Object, Raw};
use crate::config::source::Span;
use crate::config::table::RENDERABLES;
use crate::domain::{FunctionCall, Operator, Properties, PropertyValue, Renderable};
use crate::secrets::LateText;
use crate::steps::interpolate::Template;
use crate::steps::render::{render_outside, text_of, with_properties};

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

/// A text that may need secrets. Its form without them cannot be had if something else than a secret is missing, which is
/// told when the text is needed.
pub fn late_text(context: &Context<'_>, value: &Raw, span: Span) -> LateText {
    if let Raw::Text(text) = value {
        return LateText::from(text.as_str());
    }
    let written = renderable(context, value);
    let masked = |name: &str| Ok(format!("<{name}>"));
    let shown = render_outside(&written, &masked).map(text_of).unwrap_or_default();
    LateText::new(written, shown).at(context.place(span))
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
        "WithProperties" => with_properties(fields),
        "FlattenList" => {
            Renderable::Flatten(Box::new(fields.renderable("nestedlist").unwrap_or(Renderable::List(Vec::new()))))
        }
        "_Operation" => operation(fields),
        "Transform" => call(fields, "function", false),
        _ => call(fields, "fn", true),
    }
}

/// A function, and what it is called with besides.
fn call(fields: &Fields<'_>, name: &str, with_properties: bool) -> Renderable {
    let Some(function) = fields.callback(name) else { return Renderable::Value(PropertyValue::Null) };
    let args: Vec<Renderable> = fields.object.rest.iter().map(|value| fields.render(value)).collect();
    let kwargs = named_arguments(fields, name);
    if with_properties && args.is_empty() && kwargs.is_empty() {
        return Renderable::Function(function);
    }
    Renderable::Call(Box::new(FunctionCall { function, with_properties, args, kwargs }))
}

fn operation(fields: &Fields<'_>) -> Renderable {
    let side = |name: &str| Box::new(fields.render(&fields.value(name)));
    match Operator::from_text(&fields.text("operator")) {
        Some(operator) => Renderable::Operation { operator, left: side("left"), right: side("right") },
        None => Renderable::Value(PropertyValue::Null),
    }
}

fn with_properties(fields: &Fields<'_>) -> Renderable {
    let (format, object) = (fields.text("fmtstring"), fields.object);
    let mut names = Vec::new();
    for value in &object.rest {
        match value {
            Raw::Text(name) => names.push(name.clone()),
            other => {
                let message = format!("util.WithProperties() takes names of properties, not {}", other.describe());
                fields.context.problem(object.span, message);
            }
        }
    }
    let mut functions = BTreeMap::new();
    for argument in object.arguments.iter().filter(|argument| argument.name != "fmtstring") {
        match &argument.value {
            Raw::Function(function) => {
                functions.insert(argument.name.clone(), function.clone());
            }
            other => {
                let message =
                    format!("util.WithProperties({}=) must be a function, not {}", argument.name, other.describe());
                fields.context.problem(argument.span, message);
            }
        }
    }
    if !names.is_empty() && !functions.is_empty() {
        let message = "util.WithProperties() takes either names of properties or functions, not both";
        fields.context.problem(object.span, message);
    } else if let Some(problem) = with_properties::problem(&format, object.rest.len()) {
        fields.context.problem(fields.span("fmtstring"), format!("util.WithProperties() {problem}"));
    }
    Renderable::WithProperties { format, names, functions }
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

/// The arguments beside one.
fn named_arguments(fields: &Fields<'_>, but: &str) -> BTreeMap<String, Renderable> {
    let named = fields.object.arguments.iter().filter(|argument| argument.name != but);
    named.map(|argument| (argument.name.clone(), fields.render(&argument.value))).collect()
}

fn interpolate_names(fields: &Fields<'_>) -> BTreeMap<String, Renderable> {
    let object: &Object = fields.object;
    if object.rest.is_empty() || object.arguments.len() < 2 {
        return named_arguments(fields, "fmtstring");
    }
    fields.context.problem(object.span, "util.Interpolate() takes either positional or named values, not both");
    BTreeMap::new()
}
