//! Questions about reporters and what they say.

use buildbot::domain::{PropertyValue, ScriptValue};
use buildbot::reporters::config::{
    AttachLogs, Formatter, FormatterSource, GeneratorConfig, GeneratorKind, Names, ReporterConfig, TransportConfig,
};
use buildbot::reporters::http::HttpConfig;
use buildbot::reporters::mail::{Encryption, Lookup, MailConfig};
use buildbot::reporters::push::PushConfig;

use crate::calls::{call, rendered, rendered_option};
use crate::given;
use crate::master::text;
use crate::sheet::{Heading, Question};
use crate::values::{Answer, find, list, number, option, unknown};

pub fn answer(reporter: &ReporterConfig, inner: Option<&Heading>, question: &Question) -> Answer {
    if let Some(heading) = inner {
        let generator = find(&reporter.generators, &heading.name, |it| kind(&it.kind).to_owned())?;
        return of_generator(generator, question);
    }
    if question.name == "generators" {
        return Ok(list(reporter.generators.iter().map(|it| kind(&it.kind))));
    }
    match &reporter.transport {
        TransportConfig::Mail(mail) => of_mail(mail, question),
        TransportConfig::Http(http) => of_http(http, question),
        TransportConfig::Push(push) => of_push(push, &reporter.transport.target(), question),
    }
}

fn of_push(push: &PushConfig, target: &str, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "class" => "StatusPush".into(),
        "target" => target.into(),
        "blackList" => list(push.unwanted.iter().map(String::as_str)),
        "bufferDelay" => number(push.gather.as_secs()),
        "maxDiskItems" => push.most_waiting.map_or(PropertyValue::Null, PropertyValue::Int),
        other => return Err(unknown("push", other)),
    })
}

fn of_mail(mail: &MailConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "class" => "MailNotifier".into(),
        "fromaddr" => mail.from.as_str().into(),
        "relayhost" => mail.relay.host.as_str().into(),
        "smtpPort" => number(mail.relay.port),
        "encryption" => match mail.relay.encryption {
            Encryption::Plain => "none",
            Encryption::StartTls => "starttls",
            Encryption::Tls => "tls",
        }
        .into(),
        "login" => match &mail.relay.login {
            Some((user, password)) => list([text(user), text(password)]),
            None => PropertyValue::Null,
        },
        "extraRecipients" => list(mail.extra_recipients.iter().map(String::as_str)),
        "sendToInterestedUsers" => mail.to_interested_users.into(),
        "extraHeaders" => return rendered_option(mail.extra_headers.as_ref(), question),
        "lookup" => match &mail.lookup {
            Lookup::Users => "users".into(),
            Lookup::Domain(domain) => domain.as_str().into(),
            Lookup::Function(function) => return crate::calls::call_plain(function, question),
        },
        other => return Err(unknown("mail", other)),
    })
}

fn of_http(http: &HttpConfig, question: &Question) -> Answer {
    Ok(match question.name.as_str() {
        "class" => "HttpStatusPush".into(),
        "serverUrl" => text(&http.url),
        "auth" => match &http.auth {
            Some((user, password)) => list([text(user), text(password)]),
            None => PropertyValue::Null,
        },
        "headers" => PropertyValue::Map(http.headers.iter().map(|(name, value)| (name.clone(), text(value))).collect()),
        "debug" => http.debug.into(),
        other => return Err(unknown("a push", other)),
    })
}

fn kind(kind: &GeneratorKind) -> &'static str {
    match kind {
        GeneratorKind::Build { .. } => "build",
        GeneratorKind::StartEnd { .. } => "start and end",
        GeneratorKind::Request { .. } => "request",
        GeneratorKind::Buildset { .. } => "buildset",
        GeneratorKind::Combined { .. } => "combined",
        GeneratorKind::WorkerMissing { .. } => "worker missing",
    }
}

fn names(names: Option<&Vec<String>>) -> PropertyValue {
    names.map_or(PropertyValue::Null, |names| list(names.iter().map(String::as_str)))
}

fn of_generator(generator: &GeneratorConfig, question: &Question) -> Answer {
    Ok(match (&generator.kind, question.name.as_str()) {
        (_, "builders") => names(generator.filter.builders.as_ref()),
        (_, "tags") => names(generator.filter.tags.as_ref()),
        (_, "schedulers") => names(generator.filter.schedulers.as_ref()),
        (_, "branches") => match &generator.filter.branches {
            Some(branches) => list(branches.iter().map(|branch| option(branch.clone()))),
            None => PropertyValue::Null,
        },
        (_, "subject") => option(generator.subject.clone()),
        (_, "add_logs") => match &generator.logs {
            AttachLogs::None => false.into(),
            AttachLogs::All => true.into(),
            AttachLogs::Named(names) => list(names.iter().map(String::as_str)),
        },
        (_, "add_patch") => generator.add_patch.into(),
        (GeneratorKind::Build { modes, .. } | GeneratorKind::Buildset { modes, .. }, "mode") => list(modes.names()),
        (GeneratorKind::WorkerMissing { workers, .. }, "workers") => match workers {
            Names::All => "all".into(),
            Names::These(names) => list(names.iter().map(String::as_str)),
        },
        (GeneratorKind::StartEnd { start, .. }, "start") => return body(start, question),
        (GeneratorKind::StartEnd { end, .. }, "end") => return body(end, question),
        (
            GeneratorKind::Build { formatter, .. }
            | GeneratorKind::Buildset { formatter, .. }
            | GeneratorKind::Request { formatter }
            | GeneratorKind::Combined { formatter }
            | GeneratorKind::WorkerMissing { formatter, .. },
            "body" | "wants" | "subject_of_message",
        ) => return body(formatter, question),
        (_, other) => return Err(unknown("a generator", other)),
    })
}

/// A template as it stands, or what a function makes of the named arguments; `wants` are the parts that it takes.
fn body(formatter: &Formatter, question: &Question) -> Answer {
    if question.name == "wants" {
        let wants = &formatter.wants;
        return Ok(list([wants.steps, wants.logs, wants.contents != AttachLogs::None]));
    }
    let context = || ScriptValue::Data(PropertyValue::Map(question.named.clone()));
    match &formatter.source {
        FormatterSource::Template { subject, .. } if question.name == "subject_of_message" => {
            Ok(option(subject.clone()))
        }
        FormatterSource::Template { body, .. } => Ok(option(body.clone())),
        FormatterSource::Empty => Ok(PropertyValue::Null),
        FormatterSource::Function { function, .. } => call(function, &[context()]),
        FormatterSource::OfBuild { function } => {
            call(function, &[ScriptValue::Data(question.named.get("build").cloned().unwrap_or_default())])
        }
        FormatterSource::FunctionRaw { function } => call(function, &[given::object(&[]), context()]),
        FormatterSource::Renderable { body, .. } => rendered(body, question),
        FormatterSource::Old { .. } => Err("a function of 0.8".to_owned()),
        FormatterSource::Build => Ok("the build".into()),
        FormatterSource::Tinderbox { subject, .. } => Ok(subject.as_str().into()),
    }
}
