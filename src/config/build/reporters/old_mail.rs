//! Arguments of `MailNotifier` from before there were generators (0.8 to 2.x): they become the generators that do the
//! same.

use super::{attached_logs, formatters, generators};
use crate::config::build::fields::Fields;
use crate::config::build::values;
use crate::config::script::Raw;
use crate::reporters::config::{
    AttachLogs, BuildFilter, Formatter, FormatterSource, GeneratorConfig, GeneratorKind, Names, TextKind, Wants,
};

const OLD: [&str; 12] = [
    "mode",
    "builders",
    "tags",
    "schedulers",
    "branches",
    "addLogs",
    "addPatch",
    "buildSetSummary",
    "subject",
    "messageFormatter",
    "messageFormatterMissingWorker",
    "watchedWorkers",
];

/// Whether any of them was given; warns if so.
pub fn is_used(fields: &Fields<'_>) -> bool {
    super::warn_of_old(fields, &OLD)
}

pub fn generators(fields: &Fields<'_>) -> Vec<GeneratorConfig> {
    let modes = match fields.optional("mode") {
        Some(_) => generators::modes(fields),
        None => generators::all_modes(),
    };
    let formatter = formatter(fields, "messageFormatter");
    let filter = BuildFilter {
        builders: generators::names(fields, "builders"),
        tags: generators::names(fields, "tags"),
        schedulers: generators::names(fields, "schedulers"),
        branches: generators::branches(fields),
    };
    if filter.builders.is_some() && filter.tags.is_some() {
        fields.problem("builders", "and 'tags' cannot be given together");
    }
    let kind = match fields.flag("buildSetSummary") {
        true => GeneratorKind::Buildset { modes, formatter },
        false => GeneratorKind::Build { modes, report_new: false, formatter },
    };
    let on_builds = GeneratorConfig {
        kind,
        filter,
        subject: generators::subject(fields),
        logs: attached_logs(fields, "addLogs"),
        add_patch: fields.flag("addPatch"),
    };
    let on_workers = generators::all_workers(self::formatter(fields, "messageFormatterMissingWorker"));
    let on_workers = match fields.optional("watchedWorkers") {
        Some(Raw::Text(all)) if all == "all" => on_workers,
        Some(names) => generators::missing(Names::These(values::texts(&names)), on_workers),
        None => on_workers,
    };
    vec![on_builds, on_workers]
}

fn formatter(fields: &Fields<'_>, name: &str) -> Formatter {
    match fields.optional(name) {
        None => Formatter::standard(TextKind::Html),
        Some(Raw::Function(function)) => {
            let wants = Wants { steps: true, logs: true, contents: AttachLogs::All };
            Formatter { wants, ..Formatter::of(FormatterSource::Old { function }) }
        }
        Some(Raw::Object(object)) if formatters::is_formatter(&object) => {
            formatters::formatter(&Fields::new(fields.context, &object))
        }
        Some(other) => {
            fields.problem(name, &format!("must be a formatter or a function, not {}", other.describe()));
            Formatter::standard(TextKind::Html)
        }
    }
}
