//! `shell`: runs a command line.

use std::collections::BTreeMap;

use buildbot_protocol::{Update, Value};
use tokio::time::Instant;

use super::log_files::LogFiles;
use super::process::{self, Limits, ProcessEnd, ProcessSpec};
use super::{Arguments, CommandContext, CommandError, arguments};
use crate::process::{environment, quote, signals};

/// A command as it runs and as it may be shown.
struct CommandLine {
    words: Vec<String>,
    shown: String,
    argv: String,
}

pub async fn run(context: CommandContext, args: Arguments) -> Result<(), CommandError> {
    let workdir = arguments::text(&args, "workdir")?;
    let line = command_line(&args)?;
    if let Err(error) = std::fs::create_dir_all(&workdir) {
        context.header(&format!("cannot make the directory {workdir}: {error}")).await?;
        return Ok(context.rc(1).await?);
    }
    let stdin = match args.get("initial_stdin") {
        Some(Value::Str(text)) => text.clone().into_bytes(),
        Some(Value::Bin(bytes)) => bytes.clone(),
        _ => Vec::new(),
    };
    let spec = ProcessSpec {
        words: line.words.clone(),
        environment: environment::of_command(
            &std::env::vars_os()
                .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
                .collect(),
            args.get("env").and_then(Value::as_map),
            &workdir,
        ),
        want_stdout: arguments::flag(&args, "want_stdout", true),
        want_stderr: arguments::flag(&args, "want_stderr", true),
        // A terminal has no end of input that a program would notice.
        use_pty: stdin.is_empty() && arguments::flag(&args, "usePTY", false),
        stdin,
        limits: limits(&args),
        log_files: LogFiles::new(&args, &workdir, &context),
        workdir,
    };
    say_headers(&context, &args, &line, &spec).await?;
    let started = Instant::now();
    let end = process::run(&context, spec).await?;
    let elapsed = started.elapsed().as_secs_f64();
    let survived = say_end(&context, &end).await?;
    context.header(&format!("elapsedTime={elapsed:.6}")).await?;
    context.say(Update::Elapsed(elapsed)).await?;
    if survived { Err(CommandError::Failed("the process survived SIGKILL".to_owned())) } else { Ok(()) }
}

fn limits(args: &Arguments) -> Limits {
    Limits {
        timeout: arguments::duration(args, "timeout"),
        max_time: arguments::duration(args, "maxTime"),
        max_lines: arguments::whole(args, "max_lines"),
        sigterm_time: arguments::duration(args, "sigtermTime"),
        interrupt_signal: signals::by_name(args.get("interruptSignal").and_then(Value::as_str).unwrap_or("KILL")),
    }
}

/// Text for a shell, or a list of words; a word may be `["obfuscated", real, shown]`.
fn command_line(args: &Arguments) -> Result<CommandLine, CommandError> {
    match args.get("command") {
        Some(Value::Str(text)) => Ok(CommandLine {
            words: vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
            shown: text.clone(),
            argv: argv(&["/bin/sh".to_owned(), "-c".to_owned(), text.clone()]),
        }),
        Some(Value::Array(items)) => {
            let words: Option<Vec<(String, String)>> = items.iter().map(word).collect();
            let words = words.ok_or_else(|| CommandError::Failed("a word of the command is no text".to_owned()))?;
            let (words, shown): (Vec<_>, Vec<_>) = words.into_iter().unzip();
            Ok(CommandLine { words, shown: quote::command_line(&shown), argv: argv(&shown) })
        }
        _ => Err(CommandError::Failed("argument 'command' is neither text nor a list".to_owned())),
    }
}

/// The word as it is and as it is shown.
fn word(value: &Value) -> Option<(String, String)> {
    match value {
        Value::Str(text) => Some((text.clone(), text.clone())),
        Value::Bin(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            Some((text.clone(), text))
        }
        Value::Int(number) => Some((number.to_string(), number.to_string())),
        Value::Array(triple) => match triple.as_slice() {
            [Value::Str(tag), Value::Str(real), Value::Str(shown)] if tag == "obfuscated" => {
                Some((real.clone(), shown.clone()))
            }
            _ => None,
        },
        _ => None,
    }
}

fn argv(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("b'{}'", word.replace('\'', "\\'"))).collect();
    format!("[{}]", quoted.join(", "))
}

async fn say_headers(
    context: &CommandContext,
    args: &Arguments,
    line: &CommandLine,
    spec: &ProcessSpec,
) -> Result<(), CommandError> {
    let mut text = format!("{}\n in dir {}", line.shown, spec.workdir);
    for (limit, name) in [(spec.limits.timeout, "timeout"), (spec.limits.max_time, "maxTime")] {
        if let Some(limit) = limit {
            let seconds = limit.as_secs();
            let unit = if seconds == 1 { "sec" } else { "secs" };
            text += &format!(" ({name} {seconds} {unit})");
        }
    }
    let names: Vec<&str> =
        args.get("logfiles").and_then(Value::as_map).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect();
    text += &format!("\n watching logfiles {{{}}}\n argv: {}\n", names.join(", "), line.argv);
    if arguments::flag(args, "logEnviron", true) {
        text += " environment:\n";
        for (name, value) in &spec.environment {
            text += &format!("  {name}={value}\n");
        }
    }
    if !spec.stdin.is_empty() {
        text += &format!(" writing {} bytes to stdin\n", spec.stdin.len());
    }
    if arguments::flag(args, "usePTY", false) && !spec.use_pty {
        text += " no PTY is used, as there is input to write\n";
    }
    text += if spec.use_pty { " using PTY: True\n" } else { " using PTY: False\n" };
    context.header(&text).await?;
    Ok(())
}

/// Says the exit code; whether the process survived everything.
async fn say_end(context: &CommandContext, end: &ProcessEnd) -> Result<bool, CommandError> {
    match end {
        ProcessEnd::Exited(code) => context.rc(i64::from(*code)).await?,
        ProcessEnd::Signalled(signal) => {
            context.header(&format!("process killed by signal {signal}")).await?;
            context.rc(-1).await?;
        }
        ProcessEnd::NotStarted(error) => {
            context.stderr(&format!("cannot run the command: {error}")).await?;
            context.rc(1).await?;
        }
        ProcessEnd::Survived => {
            context.header("SIGKILL failed to kill the process: the command is given up").await?;
            context.rc(-1).await?;
            return Ok(true);
        }
    }
    Ok(false)
}
