//! `reporters.BuildStatusGenerator` and the like.

use super::{attached_logs, formatters};
use crate::config::build::fields::Fields;
use crate::config::build::values;
use crate::config::script::Raw;
use crate::domain::{PropertyValue, Renderable};
use crate::reporters::config::{
    AttachLogs, BuildFilter, Formatter, FormatterSource, GeneratorConfig, GeneratorKind, Names, TextKind,
};
use crate::reporters::modes::{Mode, Modes};

/// What was given as `generators`.
pub fn generators(reporter: &Fields<'_>, given: &Raw) -> Vec<GeneratorConfig> {
    let objects = given.items().iter().filter_map(Raw::object);
    objects.map(|object| generator(&Fields::new(reporter.context, object))).collect()
}

fn generator(fields: &Fields<'_>) -> GeneratorConfig {
    let message = || formatter(fields, "message_formatter", || Formatter::standard(TextKind::Plain));
    let text = |text: &str| {
        let body = Renderable::Value(PropertyValue::from(text));
        Formatter::of(FormatterSource::Renderable { body, subject: None })
    };
    let kind = match fields.object.class.name {
        "BuildStatusGenerator" => {
            GeneratorKind::Build { modes: modes(fields), report_new: fields.flag("report_new"), formatter: message() }
        }
        "BuildStartEndStatusGenerator" => GeneratorKind::StartEnd {
            start: formatter(fields, "start_formatter", || text("Build started.")),
            end: formatter(fields, "end_formatter", || text("Build done.")),
        },
        "BuildRequestGenerator" => {
            GeneratorKind::Request { formatter: formatter(fields, "formatter", || text("Build pending.")) }
        }
        "BuildSetStatusGenerator" => GeneratorKind::Buildset { modes: modes(fields), formatter: message() },
        "BuildSetCombinedStatusGenerator" => GeneratorKind::Combined { formatter: message() },
        _ => GeneratorKind::WorkerMissing { workers: workers(fields), formatter: message() },
    };
    let filter = BuildFilter {
        builders: names(fields, "builders"),
        tags: names(fields, "tags"),
        schedulers: names(fields, "schedulers"),
        branches: branches(fields),
    };
    if filter.builders.is_some() && filter.tags.is_some() {
        fields.problem("builders", "and 'tags' cannot be given together");
    }
    GeneratorConfig {
        kind,
        filter,
        subject: subject(fields),
        logs: attached_logs(fields, "add_logs"),
        add_patch: fields.flag("add_patch"),
    }
}

/// Our own text about the usual ends of builds.
pub fn standard(kind: TextKind) -> GeneratorConfig {
    build(Modes::default(), false, Formatter::standard(kind), true)
}

/// About builds, without filters.
pub fn build(modes: Modes, report_new: bool, formatter: Formatter, add_patch: bool) -> GeneratorConfig {
    GeneratorConfig {
        kind: GeneratorKind::Build { modes, report_new, formatter },
        filter: BuildFilter::default(),
        subject: None,
        logs: AttachLogs::None,
        add_patch,
    }
}

pub fn all_workers(formatter: Formatter) -> GeneratorConfig {
    let kind = GeneratorKind::WorkerMissing { workers: Names::All, formatter };
    GeneratorConfig { kind, ..build(Modes::default(), false, Formatter::standard(TextKind::Plain), false) }
}

/// The same, of these workers.
pub fn missing(workers: Names, generator: GeneratorConfig) -> GeneratorConfig {
    let GeneratorKind::WorkerMissing { formatter, .. } = generator.kind else { return generator };
    GeneratorConfig { kind: GeneratorKind::WorkerMissing { workers, formatter }, ..generator }
}

pub fn all_modes() -> Modes {
    Modes::from_word("all").unwrap_or_default()
}

/// One word, or a list of modes.
pub fn modes(fields: &Fields<'_>) -> Modes {
    let unknown = |word: &str| {
        let known = Modes::words().join("', '");
        fields.problem("mode", &format!("must be 'all' or some of '{known}', not '{word}'"));
    };
    match fields.value("mode") {
        Raw::Text(word) => Modes::from_word(&word).unwrap_or_else(|| {
            unknown(&word);
            Modes::default()
        }),
        words => {
            let words = values::texts(&words);
            words.iter().filter(|word| Mode::from_word(word).is_none()).for_each(|word| unknown(word));
            Modes::new(words.iter().filter_map(|word| Mode::from_word(word)))
        }
    }
}

pub fn names(fields: &Fields<'_>, name: &str) -> Option<Vec<String>> {
    fields.optional(name).map(|value| values::texts(&value))
}

pub fn branches(fields: &Fields<'_>) -> Option<Vec<Option<String>>> {
    fields.optional("branches").map(|value| match value {
        Raw::Text(branch) => vec![Some(branch)],
        list => list.items().iter().map(Raw::text).collect(),
    })
}

pub fn subject(fields: &Fields<'_>) -> Option<String> {
    let subject = fields.optional_text("subject")?;
    if subject.contains(['\n', '\r']) {
        fields.problem("subject", "must be one line");
    }
    Some(subject)
}

fn workers(fields: &Fields<'_>) -> Names {
    match fields.value("workers") {
        Raw::Text(all) if all == "all" => Names::All,
        names => Names::These(values::texts(&names)),
    }
}

fn formatter(fields: &Fields<'_>, name: &str, otherwise: impl FnOnce() -> Formatter) -> Formatter {
    match fields.value(name).object() {
        Some(object) => formatters::formatter(&Fields::new(fields.context, object)),
        None => otherwise(),
    }
}
