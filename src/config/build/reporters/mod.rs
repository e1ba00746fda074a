//! Reporters among `c['services']`.

mod formatters;
mod generators;
mod http;
mod mail;
mod old_http;
mod old_mail;
mod push;
mod tinderbox;

use std::path::Path;

use super::fields::Fields;
use super::settings::Settings;
use super::{Placed, values};
use crate::config::script::Raw;
use crate::config::table;
use crate::config::{BuilderConfig, WorkerConfig, nearest};
use crate::reporters::config::{AttachLogs, GeneratorConfig, GeneratorKind, Names, ReporterConfig, TransportConfig};
use crate::reporters::mail::Trust;

/// What generators may name.
struct Known<'a> {
    builders: Vec<&'a str>,
    workers: Vec<&'a str>,
}

/// The reporters that send something.
pub fn reporters(
    settings: &Settings<'_>,
    builders: &[Placed<BuilderConfig>],
    workers: &[Placed<WorkerConfig>],
) -> Vec<ReporterConfig> {
    let known = Known {
        builders: builders.iter().map(|builder| builder.item.name.as_str()).collect(),
        workers: workers.iter().map(|worker| worker.item.name.as_str()).collect(),
    };
    let mut found: Vec<ReporterConfig> = Vec::new();
    let mut tells_of_workers = false;
    for (namespace, class) in table::NOTIFIERS {
        for object in settings.services_of(class).into_iter().filter(|object| object.class.namespace == *namespace) {
            let fields = Fields::new(settings.context, object);
            let Some((transport, mut generators)) = transport(&fields) else { continue };
            if *class == "MailNotifier" && !fields.was_given("generators") {
                // One mail is enough: the first that was not told otherwise writes it.
                let is_of_workers = |one: &GeneratorConfig| matches!(one.kind, GeneratorKind::WorkerMissing { .. });
                let had_one = std::mem::replace(&mut tells_of_workers, true);
                generators.retain(|generator| !had_one || !is_of_workers(generator));
            }
            check_names(&fields, &generators, &known);
            let name = name(&fields, &transport, &found);
            found.push(ReporterConfig { name, transport, generators });
        }
    }
    found
}

/// Whether any of these arguments was given, which are older than generators; warns if so.
fn warn_of_old(fields: &Fields<'_>, old: &[&str]) -> bool {
    let given: Vec<&str> = old.iter().copied().filter(|name| fields.was_given(name)).collect();
    let Some(first) = given.first() else { return false };
    if fields.was_given("generators") {
        fields.problem(first, "and 'generators' cannot be given together");
    }
    let (class, given) = (fields.object.class.name, given.join("=, "));
    fields.context.warning(fields.span(first), format!("{class}({given}=) is an old way to write generators=[...]"));
    true
}

/// Where a reporter sends to, and when. `None` if that cannot be said, which was told.
fn transport(fields: &Fields<'_>) -> Option<(TransportConfig, Vec<GeneratorConfig>)> {
    let class = fields.object.class;
    Some(match (class.namespace, class.name) {
        (_, "MailNotifier") => (TransportConfig::Mail(mail::mail(fields)), mail::generators(fields)),
        (_, "TinderboxMailNotifier") => (TransportConfig::Mail(tinderbox::mail(fields)), tinderbox::generators(fields)),
        (_, "StatusPush") => {
            let function = fields.callback("serverPushCb")?;
            (TransportConfig::Push(push::to_function(fields, function)), Vec::new())
        }
        (table::STATUS, _) => (TransportConfig::Push(push::to_server(fields)), Vec::new()),
        _ => (TransportConfig::Http(http::http(fields)), http::generators(fields)),
    })
}

/// The given one, else one that stays the same as long as nobody changes where it sends to.
fn name(fields: &Fields<'_>, transport: &TransportConfig, before: &[ReporterConfig]) -> String {
    let is_taken = |name: &str| before.iter().any(|other| other.name == name);
    if let Some(name) = fields.optional_text("name") {
        if name.is_empty() || is_taken(&name) {
            fields.problem("name", &format!("'{name}' is empty or the name of another reporter"));
        }
        return name;
    }
    let target = match transport {
        TransportConfig::Mail(mail) => mail.extra_recipients.first().unwrap_or(&mail.from).clone(),
        TransportConfig::Http(_) | TransportConfig::Push(_) => transport.target(),
    };
    let first = format!("{} {target}", fields.object.class.name);
    let numbered = (2..).map(|number: u32| format!("{first} ({number})"));
    std::iter::once(first.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(first)
}

/// Workers that do not exist are mistakes. A builder may be a virtual one, which is there only once it has built.
fn check_names(fields: &Fields<'_>, generators: &[GeneratorConfig], known: &Known<'_>) {
    for generator in generators {
        let unknown = |name: &&String| !known.builders.contains(&name.as_str());
        for name in generator.filter.builders.iter().flatten().filter(unknown) {
            let hint = nearest::hint(name, known.builders.iter().copied());
            let message = format!("a generator names a builder that does not exist: '{name}'{hint}");
            fields.context.warning(fields.span("generators"), message);
        }
        let GeneratorKind::WorkerMissing { workers: Names::These(workers), .. } = &generator.kind else { continue };
        for name in workers.iter().filter(|name| !known.workers.contains(&name.as_str())) {
            let hint = nearest::hint(name, known.workers.iter().copied());
            fields.problem("generators", &format!("names a worker that does not exist: '{name}'{hint}"));
        }
    }
}

/// `True`, `False` or names of logs.
fn attached_logs(fields: &Fields<'_>, name: &str) -> AttachLogs {
    match fields.optional(name) {
        None | Some(Raw::Bool(false) | Raw::Int(0)) => AttachLogs::None,
        Some(Raw::Bool(true) | Raw::Int(1)) => AttachLogs::All,
        Some(value @ Raw::List(_)) => AttachLogs::Named(values::texts(&value)),
        Some(other) => {
            fields.problem(name, &format!("must be True, False or a list of names, not {}", other.describe()));
            AttachLogs::None
        }
    }
}

/// `verify`: whose certificates are believed.
pub fn trust(fields: &Fields<'_>) -> Trust {
    match fields.optional("verify") {
        None | Some(Raw::Bool(true) | Raw::Int(1)) => Trust::System,
        Some(Raw::Bool(false) | Raw::Int(0)) => Trust::Anybody,
        Some(Raw::Text(path)) => file(fields, "verify", &path).map_or(Trust::System, Trust::Pem),
        Some(other) => {
            fields.problem("verify", &format!("must be True, False or the name of a file, not {}", other.describe()));
            Trust::System
        }
    }
}

/// A file of PEM texts below the base directory.
fn file(fields: &Fields<'_>, name: &str, path: &str) -> Option<String> {
    let path = fields.context.base_dir().join(Path::new(path));
    match std::fs::read_to_string(&path) {
        Ok(text) if text.contains("-----BEGIN ") => Some(text),
        Ok(_) => {
            fields.problem(name, &format!("cannot be used: {} holds nothing in the PEM format", path.display()));
            None
        }
        Err(error) => {
            fields.problem(name, &format!("cannot be read: {}: {error}", path.display()));
            None
        }
    }
}
