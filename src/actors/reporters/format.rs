//! Makes messages of facts: templates on threads that may compute, functions by the script pool.

use std::error::Error;

use tracing::warn;

use super::ReporterDeps;
use crate::actors::scripts::CallFunction;
use crate::domain::{Properties, PropertyValue, ScriptValue};
use crate::json;
use crate::reporters::config::{Formatter, FormatterSource, TextKind};
use crate::reporters::context::Context;
use crate::reporters::message::{self, Body, Message};
use crate::reporters::template::Standard;
use crate::steps::render::{render_afterwards, text_of};

/// What a message is about, for formatters.
pub struct Subject {
    pub context: Context,
    pub standard: Standard,
    /// Of the only build it is about.
    pub properties: Properties,
}

type Reason = Box<dyn Error + Send + Sync>;

/// The message of a formatter. If the formatter fails, a text of ours says so: nobody is left without word of a build
/// because of a mistake in a template.
pub async fn message(deps: &ReporterDeps, formatter: &Formatter, mut subject: Subject) -> Message {
    subject.context.extend(formatter.extra.iter().cloned());
    let fallback = (subject.context.clone(), subject.standard);
    let error = match try_to_format(deps, formatter, subject).await {
        Ok(message) => return message,
        Err(error) => error,
    };
    warn!(error = &*error as &dyn Error, "a formatter failed; the standard text is sent instead");
    let (context, standard) = fallback;
    let made = blocking(move || {
        message::from_templates((TextKind::Plain, None, None), standard, &context).map_err(Reason::from)
    });
    let Message { subject, body } = made.await.unwrap_or_default();
    let text = if let Body::Plain(text) = body { text } else { String::new() };
    let text = format!("{text}\n(The text of the configuration could not be made: {error})\n");
    Message { subject, body: Body::Plain(text) }
}

async fn try_to_format(deps: &ReporterDeps, formatter: &Formatter, subject: Subject) -> Result<Message, Reason> {
    let Subject { context, standard, properties } = subject;
    match formatter.source.clone() {
        FormatterSource::Template { kind, body, subject } => {
            blocking(move || {
                let templates = (kind, body.as_deref(), subject.as_deref());
                Ok(message::from_templates(templates, standard, &context)?)
            })
            .await
        }
        FormatterSource::Empty => Ok(Message::default()),
        FormatterSource::Build => {
            let build = context.get("build").or_else(|| context.get("builds")).or_else(|| context.get("worker"));
            Ok(Message { subject: None, body: Body::Json(build.cloned().unwrap_or_default()) })
        }
        FormatterSource::Function { kind, function } => {
            let arguments = vec![data(context)];
            let value = deps.scripts.ask(CallFunction { function, arguments }).await??;
            Ok(message::from_body(kind, value)?)
        }
        FormatterSource::FunctionRaw { function } => {
            let arguments = vec![master(&context), data(context)];
            let value = deps.scripts.ask(CallFunction { function, arguments }).await??;
            Ok(message::from_dictionary(value)?)
        }
        FormatterSource::Old { function } => {
            let arguments = old_arguments(&context, properties);
            let value = deps.scripts.ask(CallFunction { function, arguments }).await??;
            Ok(message::from_dictionary(value)?)
        }
        FormatterSource::Renderable { body, subject } => {
            blocking(move || {
                let text = text_of(render_afterwards(&body, properties.clone())?);
                let subject = subject.map(|subject| render_afterwards(&subject, properties)).transpose()?;
                Ok(Message { subject: subject.map(text_of), body: Body::Plain(text) })
            })
            .await
        }
    }
}

/// Runs it where computing keeps nobody waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Reason> + Send + 'static) -> Result<T, Reason> {
    tokio::task::spawn_blocking(work).await?
}

fn data(context: Context) -> ScriptValue {
    ScriptValue::Data(PropertyValue::Map(context))
}

/// What functions ask the master for.
fn master(context: &Context) -> ScriptValue {
    let value = |name: &str| ScriptValue::Data(context.get(name).cloned().unwrap_or_default());
    let config = vec![("title".to_owned(), value("buildbot_title")), ("buildbotURL".to_owned(), value("buildbot_url"))];
    ScriptValue::Object(vec![("config".to_owned(), ScriptValue::Object(config))])
}

/// `mode, name, build, results, master_status` of Buildbot 0.8.
fn old_arguments(context: &Context, properties: Properties) -> Vec<ScriptValue> {
    let value = |name: &str| ScriptValue::Data(context.get(name).cloned().unwrap_or_default());
    let of_build = |name: &str| match context.get("build") {
        Some(PropertyValue::Map(build)) => ScriptValue::Data(build.get(name).cloned().unwrap_or_default()),
        _ => ScriptValue::Data(PropertyValue::Null),
    };
    let build = [
        ("properties", ScriptValue::Properties(properties.into())),
        ("number", of_build("number")),
        ("reason", value("reason")),
        ("results", value("results")),
        ("text", of_build("state_string")),
        ("url", value("build_url")),
        ("builder_name", value("buildername")),
        ("worker_name", value("workername")),
        ("blamelist", value("blamelist")),
        ("changes", value("changes")),
    ];
    let build = build.map(|(name, value)| (name.to_owned(), value)).to_vec();
    vec![value("mode"), value("buildername"), ScriptValue::Object(build), value("results"), master(context)]
}

/// A body as HTTP receivers get it.
pub fn json_of(body: &Body) -> Option<Vec<u8>> {
    let value = match body {
        Body::Nothing => return None,
        Body::Plain(text) | Body::Html { html: text, .. } => PropertyValue::Str(text.clone()),
        Body::Json(value) => value.clone(),
    };
    Some(json::to_string(&json::of_property(&value)).into_bytes())
}
