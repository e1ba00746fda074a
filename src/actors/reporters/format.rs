//! Makes messages of facts: templates on threads that may compute, functions by the script pool.

use std::error::Error;
use std::sync::Arc;

use tracing::warn;

use super::{ReporterDeps, old_build};
use crate::actors::scripts::CallFunction;
use crate::domain::{Properties, PropertyValue, Renderable, ScriptValue};
use crate::json;
use crate::reporters::config::{Formatter, FormatterSource, TextKind};
use crate::reporters::context::Context;
use crate::reporters::facts::{BuildFacts, Site};
use crate::reporters::message::{self, Body, Message};
use crate::reporters::template::Standard;
use crate::reporters::tinderbox::{self, Rendered, Tinderbox};
use crate::steps::render::{render_afterwards, text_of};

/// What a message is about, for formatters.
pub struct Subject {
    pub context: Context,
    pub standard: Standard,
    /// Of the only build it is about.
    pub properties: Properties,
    /// The only build it is about.
    pub build: Option<Arc<BuildFacts>>,
}

type Reason = Box<dyn Error + Send + Sync>;

/// What `extra_info_cb(master, context)` gives besides; nothing if it fails, which the log tells.
async fn extra_info(deps: &ReporterDeps, formatter: &Formatter, context: &Context) -> Context {
    let Some(function) = formatter.extra_info.clone() else { return Context::new() };
    let arguments = vec![master(context), data(context.clone())];
    let answer = deps.scripts.ask(CallFunction { function, arguments }).await;
    match answer.map_err(|error| error.to_string()).and_then(|value| value.map_err(|error| error.to_string())) {
        Ok(PropertyValue::Map(entries)) => entries,
        Ok(_) => Context::new(),
        Err(error) => {
            warn!(error, "extra_info_cb failed; the message is made without what it would have given");
            Context::new()
        }
    }
}

/// The message of a formatter. If the formatter fails, a text of ours says so: nobody is left without word of a build
/// because of a mistake in a template.
pub async fn message(deps: &ReporterDeps, formatter: &Formatter, mut subject: Subject) -> Message {
    subject.context.extend(formatter.extra.iter().cloned());
    let extra = extra_info(deps, formatter, &subject.context).await;
    subject.context.extend(extra);
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
    let Subject { context, standard, properties, build } = subject;
    match formatter.source.clone() {
        FormatterSource::Template { kind, body, subject } => {
            blocking(move || {
                let templates = (kind, body.as_deref(), subject.as_deref());
                Ok(message::from_templates(templates, standard, &context)?)
            })
            .await
        }
        FormatterSource::Empty => Ok(Message::default()),
        FormatterSource::Build => Ok(Message { subject: None, body: Body::Json(topic(&context)) }),
        FormatterSource::OfBuild { function } => {
            let arguments = vec![ScriptValue::Data(topic(&context))];
            let value = deps.scripts.ask(CallFunction { function, arguments }).await??;
            Ok(message::from_body(TextKind::Json, value)?)
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
            let arguments = old_arguments(&context, build.as_deref());
            let value = deps.scripts.ask(CallFunction { function, arguments }).await??;
            Ok(message::from_dictionary(value)?)
        }
        FormatterSource::Tinderbox { tinderbox, subject } => {
            let Some(build) = build else { return Ok(Message::default()) };
            blocking(move || tinderbox_mail(&tinderbox, &subject, &build)).await
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

/// What a context is about.
fn topic(context: &Context) -> PropertyValue {
    ["build", "builds", "worker"].iter().find_map(|name| context.get(*name)).cloned().unwrap_or_default()
}

fn tinderbox_mail(tinderbox: &Tinderbox, subject: &str, build: &BuildFacts) -> Result<Message, Reason> {
    let render = |renderable: &Renderable| render_afterwards(renderable, build.properties.clone()).map(text_of);
    let rendered = Rendered {
        binary_url: render(&tinderbox.binary_url)?,
        column: tinderbox.column.as_ref().map(render).transpose()?,
    };
    let names = [("result", tinderbox::status(build.build.results)), ("builder", &build.builder.name)];
    let body = Body::Plain(tinderbox::text(tinderbox, &rendered, build));
    Ok(Message { subject: Some(message::filled(subject, &names)), body })
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
fn old_arguments(context: &Context, build: Option<&BuildFacts>) -> Vec<ScriptValue> {
    let value = |name: &str| ScriptValue::Data(context.get(name).cloned().unwrap_or_default());
    let text = |name: &str| context.get(name).and_then(PropertyValue::as_str).unwrap_or_default().to_owned();
    let site = Site { title: text("buildbot_title"), url: text("buildbot_url") };
    let object = build.map_or(ScriptValue::Data(PropertyValue::Null), |build| old_build::build(build, &site));
    vec![value("mode"), value("buildername"), object, value("results"), old_build::master(&site)]
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
