//! `reporters.MessageFormatter` and the like.

use super::attached_logs;
use crate::config::build::fields::Fields;
use crate::config::script::Object;
use crate::domain::{PropertyValue, Renderable};
use crate::reporters::config::{AttachLogs, Formatter, FormatterSource, TextKind, Wants};
use crate::reporters::template;

pub fn is_formatter(object: &Object) -> bool {
    object.class.namespace == "reporters" && object.class.name.starts_with("MessageFormatter")
}

pub fn formatter(fields: &Fields<'_>) -> Formatter {
    let source = match fields.object.class.name {
        "MessageFormatterEmpty" => FormatterSource::Empty,
        "MessageFormatterFunction" => match fields.callback("function") {
            Some(function) => FormatterSource::Function { kind: kind(fields), function },
            None => FormatterSource::Empty,
        },
        "MessageFormatterFunctionRaw" => match fields.callback("function") {
            Some(function) => FormatterSource::FunctionRaw { function },
            None => FormatterSource::Empty,
        },
        "MessageFormatterRenderable" => FormatterSource::Renderable {
            body: fields.renderable("template").unwrap_or(Renderable::Value(PropertyValue::Null)),
            subject: fields.renderable("subject"),
        },
        _ => templates(fields),
    };
    let contents = match fields.object.class.argument("want_logs_content") {
        Some(_) => attached_logs(fields, "want_logs_content"),
        None => AttachLogs::None,
    };
    let logs = fields.flag("want_logs") || contents != AttachLogs::None;
    let wants = Wants { steps: logs || fields.flag("want_steps"), logs, contents };
    let extra =
        fields.properties("ctx", "").iter().map(|(name, value)| (name.to_owned(), value.value.clone())).collect();
    let extra_info = fields.object.class.argument("extra_info_cb").and_then(|_| fields.callback("extra_info_cb"));
    Formatter { source, extra, extra_info, wants }
}

fn templates(fields: &Fields<'_>) -> FormatterSource {
    let kind = kind(fields);
    let text = |name: &str, kind: TextKind| {
        let text = fields.optional_text(name)?;
        if let Err(error) = template::check(kind, &text) {
            fields.problem(name, &format!("cannot be read: {error}"));
        }
        Some(text)
    };
    let body = text("template", kind);
    if kind == TextKind::Json && body.is_none() {
        fields.problem("template_type", "'json' needs a template");
    }
    FormatterSource::Template { kind, body, subject: text("subject", TextKind::Plain) }
}

fn kind(fields: &Fields<'_>) -> TextKind {
    match fields.optional_text("template_type").as_deref() {
        Some("html") => TextKind::Html,
        Some("json") => TextKind::Json,
        _ => TextKind::Plain,
    }
}
