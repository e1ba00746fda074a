//! Limits of a run, and what Starlark's errors mean to an operator.

use std::sync::Arc;
use std::time::Duration;

use starlark::eval::Evaluator;
use tokio::time::Instant;

use super::Script;
use crate::config::ConfigError;
use crate::config::script::Pulse;
use crate::domain::script::ScriptLimits;
use crate::steps::function::Leash;

/// Calls inside calls; a thread with a 2 MiB stack holds 3,000.
const MAX_CALLS: usize = 200;

/// Limits of loading a file, which is run once and off the core. An endless loop runs out of ticks, which are the same on
/// every machine, within a fraction of a second; the time is for what has few and slow ones. What has none at all is
/// watched from outside (`Pulse`).
const LOADING: ScriptLimits = ScriptLimits { time: Duration::from_secs(30), ticks: 5_000_000, heap_bytes: 256 << 20 };

pub fn for_loading(evaluator: &mut Evaluator<'_, '_, '_>, pulse: &Pulse) -> starlark::Result<()> {
    // Collecting garbage recurses into values, and a file is done before it would pay.
    evaluator.disable_gc();
    apply(evaluator, LOADING)?;
    let (started, pulse) = (Instant::now(), pulse.clone());
    evaluator.set_check_cancelled(Box::new(move || {
        pulse.beat();
        LOADING.time < started.elapsed()
    }));
    Ok(())
}

pub fn apply(evaluator: &mut Evaluator<'_, '_, '_>, limits: ScriptLimits) -> starlark::Result<()> {
    let bytes = usize::try_from(limits.heap_bytes).unwrap_or(usize::MAX);
    evaluator.set_max_callstack_size(MAX_CALLS).map_err(starlark::Error::new_other)?;
    evaluator.set_max_heap_size(bytes).map_err(starlark::Error::new_other)?;
    evaluator.set_max_tick_count(limits.ticks).map_err(starlark::Error::new_other)?;
    let started = Instant::now();
    evaluator.set_check_cancelled(Box::new(move || limits.time < started.elapsed()));
    Ok(())
}

/// As [`apply`], for a function that runs in turns, each of which may take `limits.time`.
pub fn apply_to_turns(
    evaluator: &mut Evaluator<'_, '_, '_>,
    limits: ScriptLimits,
    leash: Arc<Leash>,
) -> starlark::Result<()> {
    apply(evaluator, limits)?;
    evaluator.set_check_cancelled(Box::new(move || leash.is_over(limits.time)));
    Ok(())
}

/// An error of loading, at its place in the operator's own file.
pub fn config_error(script: &Script, error: &starlark::Error) -> ConfigError {
    let message = message(error);
    let frames = &error.call_stack().frames;
    // Blocks are functions of ours; nobody called them.
    let caller =
        frames.iter().filter(|frame| !frame.name.starts_with("_bb_")).find_map(|frame| frame.location.as_ref());
    match (error.span(), caller) {
        (None, None) => ConfigError::whole_file(&script.source.name, message),
        (None, Some(caller)) => script.source.error(script.original(caller.span), message),
        (Some(place), None) => script.source.error(script.original(place.span), message),
        (Some(place), Some(caller)) => {
            let (place, caller) = (script.original(place.span), script.original(caller.span));
            let elsewhere = script.source.location(caller);
            let is_same_line = elsewhere == script.source.location(place);
            let message = if is_same_line { message } else { format!("{message} (called at {elsewhere})") };
            script.source.error(place, message)
        }
    }
}

/// Words of Starlark about our limits, and what they mean.
const LIMITS: [(&str, &str); 4] = [
    ("execution duration limit", "it runs for too long: an endless loop?"),
    ("evaluation cancelled", "it runs for too long"),
    ("heap memory limit", "it uses too much memory"),
    ("call stack overflow", "functions call each other too deeply"),
];

/// Whether a limit was hit, which no file may catch.
pub fn is_limit(error: &starlark::Error) -> bool {
    let text = error.without_diagnostic().to_string().to_lowercase();
    LIMITS.iter().any(|(words, _)| text.contains(words))
}

/// Functions of `os` that would change something or run something.
const CHANGES: [&str; 14] = [
    "makedirs",
    "mkdir",
    "remove",
    "unlink",
    "rename",
    "replace",
    "rmdir",
    "removedirs",
    "chmod",
    "chown",
    "symlink",
    "system",
    "popen",
    "chdir",
];

/// What went wrong, as a fragment, without Starlark's words and without the names of our own helpers.
pub fn message(error: &starlark::Error) -> String {
    let text = error.without_diagnostic().to_string();
    let known = [
        ("immutable", "values of the file cannot be changed once it is loaded"),
        ("object of type `variable` has no attribute `value`", "the variable has no value yet"),
        (
            "mutates an iterable for an iterator",
            "this changes the list or dictionary that a loop goes through: loop over a copy, list(...)",
        ),
        (
            "type of parameters mismatch, expected `int`, actual `string",
            "a whole number is needed here, not a text; is a comma missing in front of '['?",
        ),
    ];
    if let Some((_, meaning)) = LIMITS.iter().chain(&known).find(|(words, _)| text.to_lowercase().contains(words)) {
        return (*meaning).to_owned();
    }
    with_remedy(tidy(&text))
}

/// What to do about it, where that is known; how a function is called, in the words that ours have.
fn with_remedy(text: String) -> String {
    let quoted = |start: &str| text.strip_prefix(start)?.split_once('\'');
    let of_call = |rest: &str| rest.rsplit(['.', ' ']).next().map(|name| name.trim_matches('\'').to_owned());
    if let Some((name, _)) = quoted("there is no '")
        && CHANGES.contains(&name)
    {
        return format!("{text}: a configuration changes nothing and runs nothing; do it in a step");
    }
    if let Some((name, "")) = quoted("there is no '")
        && name.starts_with(|first: char| first.is_ascii_uppercase())
    {
        return format!("{text}; plugins of others cannot be loaded");
    }
    if text == "operation '+' not supported for types 'string' and 'int'" {
        return format!("{text}; str() makes a text of a number");
    }
    if let Some((name, rest)) = quoted("missing parameter '")
        && let Some(function) = of_call(rest)
    {
        return format!("{function}() needs the argument '{name}'");
    }
    if let Some((name, rest)) = quoted("found '")
        && rest.contains("extra named parameter")
        && let Some(function) = of_call(rest)
    {
        return format!("{function}() has no argument '{name}'");
    }
    if let Some((count, rest)) = text.strip_prefix("found ").and_then(|rest| rest.split_once(" extra positional "))
        && let Some(function) = of_call(rest)
    {
        return format!("{function}() is given {count} argument{} too many", if count == "1" { "" } else { "s" });
    }
    text
}

fn tidy(text: &str) -> String {
    let text = text.lines().next().unwrap_or_default();
    let text = text.trim_start_matches("error: ").trim_start_matches("fail: ").trim_end_matches('.');
    // Hints at our own helpers help nobody; nor does the parameter that numbers functions.
    let text = match text.find(", did you mean `_bb_") {
        Some(at) => &text[..at],
        None => text,
    };
    let text = text.replace("`\"", "'").replace("\"`", "'");
    let mut text = text.replace('`', "'").replace("Object of type 'namespace' has no attribute", "there is no");
    if let Some((before, hint)) = text.split_once(", did you mean ") {
        text = format!("{before} (did you mean {hint})");
    }
    while let Some(at) = text.find("_bb_fn_") {
        let end = text[at..].find([',', ')', ' ', '\'']).map_or(text.len(), |length| at + length);
        let start = text[..at].trim_end_matches([' ', ',', '*']).len();
        text.replace_range(start..end, "");
    }
    // Names of class bodies have a prefix.
    while let Some(at) = text.find("_bb_class_") {
        let digits = text[at + 10..].find('_').map_or(text.len(), |length| at + 10 + length + 1);
        text.replace_range(at..digits, "");
    }
    let mut characters = text.chars();
    let (first, second) = (characters.next(), characters.clone().next());
    match (first, second) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_do_not_fit_are_told_as_for_our_own_classes() {
        let told = |text: &str| with_remedy(tidy(text));
        assert_eq!(told("Missing parameter `jobs` for call to `master.cfg.f`"), "f() needs the argument 'jobs'");
        assert_eq!(
            told("Found `jobs` extra named parameter(s) for call to master.cfg.f"),
            "f() has no argument 'jobs'"
        );
        assert_eq!(
            told("Found 2 extra positional argument(s) for call to master.cfg.f"),
            "f() is given 2 arguments too many"
        );
        assert_eq!(told("Key `\"a\"` was not found"), "key 'a' was not found");
    }

    #[test]
    fn messages_do_not_mention_our_helpers() {
        assert_eq!(tidy("error: Variable `foo` not found, did you mean `_bb_mod`?"), "variable 'foo' not found");
        assert_eq!(
            tidy("Missing named-only parameter `x` for call to `f(x, *, _bb_fn_3 = None)`"),
            "missing named-only parameter 'x' for call to 'f(x = None)'"
        );
    }
}
