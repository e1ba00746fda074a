//! Steps that run a command: `ShellCommand` and those that count warnings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::values;
use crate::config::script::{Object, Raw};
use crate::config::table;
use crate::domain::{PropertyValue, Renderable, Results};
use crate::steps::config::{
    LogFileConfig, MasterShellConfig, ShellConfig, ShellSequenceConfig, StepKind, SuppressionConfig,
    WarningCountingConfig, WarningExtractor,
};

pub fn shell(fields: &Fields<'_>) -> ShellConfig {
    ShellConfig {
        command: fields.renderable("command").unwrap_or(Renderable::Value(PropertyValue::Null)),
        env: fields.environment("env"),
        want_stdout: fields.flag("want_stdout"),
        want_stderr: fields.flag("want_stderr"),
        use_pty: matches!(fields.value("usePTY"), Raw::Bool(true) | Raw::Int(1)),
        log_files: log_files(fields),
        lazy_log_files: fields.flag("lazylogfiles"),
        timeout: fields.seconds("timeout"),
        max_time: fields.seconds("maxTime"),
        max_lines: fields.int("max_lines"),
        sigterm_time: fields.seconds("sigtermTime"),
        interrupt_signal: fields.text("interruptSignal"),
        log_environ: fields.flag("logEnviron"),
        initial_stdin: fields.renderable("initialStdin"),
        decode_rc: decode_rc(fields),
    }
}

fn log_files(fields: &Fields<'_>) -> Vec<LogFileConfig> {
    let mut files = Vec::new();
    for (name, value) in values::named(&fields.value("logfiles")) {
        let (filename, follow) = match &value {
            Raw::Map(_) => (value.get("filename").cloned(), value.get("follow").is_some_and(Raw::is_truthy)),
            other => (Some(other.clone()), false),
        };
        match filename.filter(|filename| matches!(filename, Raw::Text(_)) || table::is_renderable(filename)) {
            Some(filename) => files.push(LogFileConfig { name, filename: fields.render(&filename), follow }),
            None => fields.problem("logfiles", &format!("names no file for '{name}'")),
        }
    }
    files
}

fn decode_rc(fields: &Fields<'_>) -> Option<BTreeMap<i64, i32>> {
    let value = fields.optional("decodeRC")?;
    let entry = |(code, result): &(Raw, Raw)| match (code, result) {
        (Raw::Int(code), Raw::Int(result)) => Some((*code, Results::from_code(i32::try_from(*result).ok()?)?.code())),
        _ => None,
    };
    let decoded = match &value {
        Raw::Map(entries) => entries.iter().map(entry).collect::<Option<_>>(),
        _ => None,
    };
    if decoded.is_none() {
        fields.problem("decodeRC", "must be a dictionary of exit codes to results, as in {0: util.SUCCESS}");
    }
    decoded
}

pub fn warning_counting(fields: &Fields<'_>) -> WarningCountingConfig {
    let pattern = |name: &str| fields.optional(name).and_then(|value| table::pattern(&value));
    WarningCountingConfig {
        shell: shell(fields),
        warning_pattern: pattern("warningPattern").unwrap_or_default(),
        directory_enter_pattern: pattern("directoryEnterPattern"),
        directory_leave_pattern: pattern("directoryLeavePattern"),
        suppression_list: suppressions(fields),
        suppression_file: fields.renderable("suppressionFile"),
        max_warn_count: fields.int("maxWarnCount"),
        extractor: extractor(fields),
    }
}

fn extractor(fields: &Fields<'_>) -> WarningExtractor {
    match fields.value("warningExtractor") {
        Raw::Function(callback) => WarningExtractor::Function(callback),
        Raw::Text(name) if name == table::EXTRACT_WHOLE_LINE => WarningExtractor::WholeLine,
        Raw::Text(name) if name != table::EXTRACT_GROUPS => {
            fields.problem("warningExtractor", &format!("must be a function, not the text '{name}'"));
            WarningExtractor::Groups
        }
        _ => WarningExtractor::Groups,
    }
}

/// `ShellSequence`: each command becomes a dictionary of its arguments.
pub fn sequence(fields: &Fields<'_>) -> StepKind {
    let value = fields.value("commands");
    let commands = match &value {
        Raw::List(items) => {
            let objects = items.iter().filter_map(Raw::object);
            Renderable::List(objects.map(|object| shell_arg(fields.context, object)).collect())
        }
        other => fields.render(other),
    };
    StepKind::ShellSequence(ShellSequenceConfig { commands, shell: shell(fields) })
}

/// One command of a sequence.
pub fn shell_arg(context: &Context<'_>, object: &Arc<Object>) -> Renderable {
    let fields = Fields::new(context, object);
    let given = object.arguments.iter().map(|given| (given.name.clone(), fields.render(&fields.value(&given.name))));
    Renderable::Map(given.collect())
}

/// `MasterShellCommand`.
pub fn on_master(fields: &Fields<'_>) -> StepKind {
    StepKind::MasterShell(MasterShellConfig {
        command: fields.renderable("command").unwrap_or(Renderable::Value(PropertyValue::Null)),
        env: fields.was_given("env").then(|| fields.environment("env")),
        log_environ: fields.flag("logEnviron"),
        interrupt_signal: fields.text("interruptSignal"),
        timeout: fields.seconds("runtime_timeout"),
    })
}

/// `[(file pattern, text pattern, first line, last line)]`, with None for "any".
fn suppressions(fields: &Fields<'_>) -> Vec<SuppressionConfig> {
    let Some(value) = fields.optional("suppressionList") else { return Vec::new() };
    let suppression = |item: &Raw| {
        let [file, text, first, last] = item.items() else { return None };
        let pattern = |value: &Raw| match value {
            Raw::None => Some(None),
            other => table::pattern(other).map(Some),
        };
        let lines = match (first, last) {
            (Raw::None, Raw::None) => None,
            (Raw::Int(first), Raw::Int(last)) => Some((*first, *last)),
            (Raw::Int(first), Raw::None) => Some((*first, i64::MAX)),
            (Raw::None, Raw::Int(last)) => Some((0, *last)),
            _ => return None,
        };
        Some(SuppressionConfig { file: pattern(file)?, text: pattern(text)?, lines })
    };
    let list = matches!(value, Raw::List(_)).then(|| value.items().iter().map(suppression).collect()).flatten();
    list.unwrap_or_else(|| {
        fields.problem("suppressionList", "must be a list of (file, text, first line, last line)");
        Vec::new()
    })
}
