//! `status.TinderboxMailNotifier` of Buildbot 0.8: a mail at the beginning and one at the end of each build.

use super::{generators, mail};
use crate::config::build::fields::Fields;
use crate::domain::{PropertyValue, Renderable};
use crate::reporters::config::{
    AttachLogs, BuildFilter, Formatter, FormatterSource, GeneratorConfig, GeneratorKind, Wants,
};
use crate::reporters::mail::{Encryption, Lookup, MailConfig, Relay, Trust};
use crate::reporters::tinderbox::{Compression, Tinderbox};

const SMTP: u16 = 25;

/// Only the server gets them.
pub fn mail(fields: &Fields<'_>) -> MailConfig {
    MailConfig {
        from: mail::from(fields),
        relay: Relay {
            host: fields.text("relayhost"),
            port: SMTP,
            encryption: Encryption::Plain,
            trust: Trust::System,
            login: None,
        },
        lookup: Lookup::Users,
        extra_recipients: mail::extra_recipients(fields),
        to_interested_users: false,
        extra_headers: None,
        dump_to_log: false,
    }
}

pub fn generators(fields: &Fields<'_>) -> Vec<GeneratorConfig> {
    let filter = BuildFilter {
        builders: generators::names(fields, "builders"),
        tags: generators::names(fields, "categories"),
        ..BuildFilter::default()
    };
    if filter.builders.is_some() && filter.tags.is_some() {
        fields.problem("builders", "and 'categories' cannot be given together");
    }
    let source = FormatterSource::Tinderbox { tinderbox: tinderbox(fields), subject: fields.text("subject") };
    let start = Formatter::of(source.clone());
    let wants = Wants { steps: true, logs: true, contents: AttachLogs::All };
    let end = Formatter { wants, ..Formatter::of(source) };
    let kind = GeneratorKind::StartEnd { start, end };
    vec![GeneratorConfig { kind, filter, subject: None, logs: AttachLogs::None, add_patch: false }]
}

fn tinderbox(fields: &Fields<'_>) -> Tinderbox {
    let compression = match fields.text("logCompression").as_str() {
        "" => None,
        "bzip2" => Some(Compression::Bzip2),
        "gzip" => Some(Compression::Gzip),
        other => {
            fields.problem("logCompression", &format!("must be 'bzip2', 'gzip' or empty, not '{other}'"));
            None
        }
    };
    Tinderbox {
        tree: fields.text("tree"),
        binary_url: fields.renderable("binaryURL").unwrap_or(Renderable::Value(PropertyValue::Null)),
        compression,
        error_parser: fields.text("errorparser"),
        column: fields.renderable("columnName"),
        uses_change_time: fields.flag("useChangeTime"),
    }
}
