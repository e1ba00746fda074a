//! What steps that run commands share: the arguments of the remote command `shell`, and what its exit code means.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;

use super::config::{LogFileConfig, ShellConfig};
use super::context::{Fault, RemoteCommand, StepContext, WorkerPlace};
use super::registry::BuildEnv;
use super::render::{render, render_text};
use super::step::StepCommon;
use crate::domain::log::LineObserver;
use crate::domain::{CommandOutcome, LogId, LogKind, PropertyValue, Renderable, Results};

/// How a step ended, for its result and its line.
#[derive(Debug, PartialEq)]
pub struct Ended {
    pub results: Results,
    /// Why the worker killed the command.
    pub failure_reason: Option<String>,
    /// Instead of the configured description.
    pub description: Option<String>,
}

impl Ended {
    pub fn with(results: Results) -> Self {
        Self { results, failure_reason: None, description: None }
    }
}

/// A step's common arguments within its build.
#[derive(Clone, Debug)]
pub struct Place {
    pub common: StepCommon,
    pub env: BuildEnv,
}

impl Place {
    /// The working directory as configured: below the builder's directory, or absolute.
    pub async fn workdir(&self, context: &dyn StepContext) -> Result<String, Fault> {
        let workdir = self.common.workdir.as_ref().unwrap_or(&self.env.workdir);
        render_text(workdir, context).await
    }

    /// Environment of the builder and, overriding it, of the step.
    pub async fn environment(
        &self,
        own: &BTreeMap<String, Renderable>,
        context: &dyn StepContext,
    ) -> Result<Value, Fault> {
        let mut merged = BTreeMap::new();
        let of_builder = self.env.env.iter().map(|(name, value)| (name, value));
        for (name, renderable) in of_builder.chain(own.iter()) {
            merged.insert(name.clone(), variable(name, render(renderable, context).await?)?);
        }
        Ok(Value::Map(merged))
    }

    /// Runs a configured command with the logs `stdio` and `logfiles`; returns its outcome and the log `stdio`.
    pub async fn run_shell(
        &self,
        shell: &ShellConfig,
        observer: Option<Arc<Mutex<dyn LineObserver>>>,
        context: &dyn StepContext,
    ) -> Result<(CommandOutcome, LogId), Fault> {
        let args = self.shell_arguments(shell, context).await?;
        let logs = ShellLogs::open("stdio", shell, context).await?;
        Ok((context.run(shell_command(args, &logs, observer)).await?, logs.stdio))
    }

    /// Runs a configured command with logs that are there already.
    pub async fn run_in(
        &self,
        shell: &ShellConfig,
        logs: &ShellLogs,
        observer: Option<Arc<Mutex<dyn LineObserver>>>,
        context: &dyn StepContext,
    ) -> Result<CommandOutcome, Fault> {
        let args = self.shell_arguments(shell, context).await?;
        context.run(shell_command(args, logs, observer)).await
    }

    async fn shell_arguments(&self, shell: &ShellConfig, context: &dyn StepContext) -> Result<Arguments, Fault> {
        let workdir = self.workdir(context).await?;
        let mut args = fixed_arguments(shell);
        args.insert("workdir".to_owned(), context.worker_path(WorkerPlace::InBuilder(&workdir)).into());
        args.insert("command".to_owned(), command_words(render(&shell.command, context).await?)?);
        args.insert("env".to_owned(), self.environment(&shell.env, context).await?);
        args.insert("initial_stdin".to_owned(), initial_stdin(shell, context).await?);
        args.insert("logfiles".to_owned(), log_file_map(&shell.log_files, context).await?);
        Ok(args)
    }
}

fn shell_command(args: Arguments, logs: &ShellLogs, observer: Option<Arc<Mutex<dyn LineObserver>>>) -> RemoteCommand {
    RemoteCommand {
        name: "shell",
        args,
        stdio: Some(logs.stdio),
        log_files: logs.files.clone(),
        observer,
        collect_stdout: false,
    }
}

/// The logs of a command.
pub struct ShellLogs {
    pub stdio: LogId,
    /// Names of `logfiles` and their logs.
    pub files: Vec<(String, LogId)>,
}

impl ShellLogs {
    /// Adds the logs of a command to the step; its output goes to the one called `stdio`.
    pub async fn open(stdio: &str, shell: &ShellConfig, context: &dyn StepContext) -> Result<Self, Fault> {
        let stdio = context.add_log(stdio, LogKind::Stream).await?;
        Ok(Self { stdio, files: Self::open_files(shell, context).await? })
    }

    /// Adds the logs of `logfiles` to the step.
    pub async fn open_files(shell: &ShellConfig, context: &dyn StepContext) -> Result<Vec<(String, LogId)>, Fault> {
        let mut files = Vec::with_capacity(shell.log_files.len());
        for file in &shell.log_files {
            let log = if shell.lazy_log_files {
                context.add_lazy_log(&file.name, LogKind::Stream)
            } else {
                context.add_log(&file.name, LogKind::Stream).await?
            };
            files.push((file.name.clone(), log));
        }
        Ok(files)
    }
}

/// What an exit code means: by `decodeRC`, else 0 is success and all else failure.
pub fn decode_rc(table: Option<&BTreeMap<i64, i32>>, rc: i64) -> Results {
    match table {
        Some(table) => table.get(&rc).and_then(|code| Results::from_code(*code)).unwrap_or(Results::Failure),
        None if rc == 0 => Results::Success,
        None => Results::Failure,
    }
}

/// Seconds as the worker wants them; nil is no limit.
pub fn seconds(duration: Option<Duration>) -> Value {
    match duration {
        None => Value::Nil,
        Some(duration) if duration.subsec_nanos() == 0 => {
            Value::Int(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
        }
        Some(duration) => Value::Float(duration.as_secs_f64()),
    }
}

/// The arguments that depend on no build.
fn fixed_arguments(shell: &ShellConfig) -> Arguments {
    [
        ("want_stdout", shell.want_stdout.into()),
        ("want_stderr", shell.want_stderr.into()),
        ("usePTY", shell.use_pty.into()),
        ("timeout", seconds(shell.timeout)),
        ("maxTime", seconds(shell.max_time)),
        ("max_lines", shell.max_lines.map_or(Value::Nil, Value::Int)),
        ("sigtermTime", seconds(shell.sigterm_time)),
        ("interruptSignal", shell.interrupt_signal.as_str().into()),
        ("logEnviron", shell.log_environ.into()),
    ]
    .into_iter()
    .map(|(name, value): (&str, Value)| (name.to_owned(), value))
    .collect()
}

/// Text for a shell as it is, or the words of all nested lists one after the other.
pub fn command_words(command: PropertyValue) -> Result<Value, Fault> {
    match command {
        PropertyValue::Str(text) => Ok(Value::Str(text)),
        PropertyValue::List(items) => {
            let mut words = Vec::with_capacity(items.len());
            flatten(items, &mut words)?;
            if words.is_empty() {
                return Err(Fault::Config("the command has no words".to_owned()));
            }
            Ok(Value::Array(words))
        }
        other => Err(Fault::Config(format!("a command is text or a list of words, not {other}"))),
    }
}

fn flatten(items: Vec<PropertyValue>, words: &mut Vec<Value>) -> Result<(), Fault> {
    for item in items {
        match item {
            PropertyValue::List(inner) => flatten(inner, words)?,
            PropertyValue::Null | PropertyValue::Map(_) => {
                return Err(Fault::Config(format!("a word of the command is {item}")));
            }
            other => words.push(Value::Str(other.to_string())),
        }
    }
    Ok(())
}

/// Text; a list, which the worker joins as a path; or nil, which removes the variable.
fn variable(name: &str, value: PropertyValue) -> Result<Value, Fault> {
    match value {
        PropertyValue::Null => Ok(Value::Nil),
        PropertyValue::List(items) => {
            Ok(Value::Array(items.into_iter().map(|item| Value::Str(item.to_string())).collect()))
        }
        PropertyValue::Map(_) => Err(Fault::Config(format!("the environment variable {name} is a dictionary"))),
        other => Ok(Value::Str(other.to_string())),
    }
}

async fn initial_stdin(shell: &ShellConfig, context: &dyn StepContext) -> Result<Value, Fault> {
    let Some(renderable) = &shell.initial_stdin else { return Ok(Value::Nil) };
    Ok(match render(renderable, context).await? {
        PropertyValue::Null => Value::Nil,
        other => Value::Str(other.to_string()),
    })
}

async fn log_file_map(files: &[LogFileConfig], context: &dyn StepContext) -> Result<Value, Fault> {
    let mut map = BTreeMap::new();
    for file in files {
        let filename = Value::Str(render_text(&file.filename, context).await?);
        let entry = if file.follow {
            Value::Map(BTreeMap::from([("filename".to_owned(), filename), ("follow".to_owned(), true.into())]))
        } else {
            filename
        };
        map.insert(file.name.clone(), entry);
    }
    Ok(Value::Map(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_table_if_there_is_one() {
        assert_eq!(decode_rc(None, 0), Results::Success);
        assert_eq!(decode_rc(None, -1), Results::Failure);
        let table = BTreeMap::from([(0, 0), (1, 1), (9, 77)]);
        assert_eq!(decode_rc(Some(&table), 1), Results::Warnings);
        assert_eq!(decode_rc(Some(&table), 2), Results::Failure);
        assert_eq!(decode_rc(Some(&table), 9), Results::Failure);
        assert_eq!(decode_rc(Some(&BTreeMap::from([(5, 0)])), 0), Results::Failure);
    }

    #[test]
    fn whole_seconds_are_whole_numbers() {
        assert_eq!(seconds(None), Value::Nil);
        assert_eq!(seconds(Some(Duration::from_secs(1200))), Value::Int(1200));
        assert_eq!(seconds(Some(Duration::from_millis(1500))), Value::Float(1.5));
    }

    #[test]
    fn commands_that_no_worker_can_run_are_faults() {
        for command in [
            PropertyValue::Null,
            PropertyValue::List(Vec::new()),
            PropertyValue::List(vec!["make".into(), PropertyValue::Null]),
        ] {
            assert!(matches!(command_words(command), Err(Fault::Config(_))));
        }
    }
}
