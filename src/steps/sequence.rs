//! `ShellSequence`: several commands on the worker, one after the other, each with its own say in the result.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::command::{Ended, Place, ShellLogs, decode_rc};
use super::config::{ShellConfig, ShellSequenceConfig};
use super::context::{Fault, StepContext};
use super::registry::Work;
use super::render::{render, text_of};
use super::results::{BuildProgress, ResultFlags};
use super::summary::{own_words, quoted};
use crate::domain::{LogId, LogKind, PropertyValue, Renderable, Results};

pub struct ShellSequence {
    pub place: Place,
    pub config: ShellSequenceConfig,
}

/// One `ShellArg`, rendered.
#[derive(Debug)]
struct Part {
    command: PropertyValue,
    log: String,
    /// What the result of the command means for that of the step.
    flags: ResultFlags,
}

#[async_trait(?Send)]
impl Work for ShellSequence {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let mut progress = BuildProgress::default();
        let mut stdio: BTreeMap<String, LogId> = BTreeMap::new();
        let mut files = None;
        let mut ended = Ended::with(Results::Success);
        for part in parts(render(&self.config.commands, context).await?)? {
            if !part.command.is_truthy() {
                continue;
            }
            if progress.is_halted() {
                break;
            }
            let log = match stdio.get(&part.log) {
                Some(log) => *log,
                None => context.add_log(&part.log, LogKind::Stream).await?,
            };
            stdio.insert(part.log, log);
            // Followed files are added to the step once, whichever command writes them.
            let followed = match files.take() {
                Some(files) => files,
                None => ShellLogs::open_files(&self.config.shell, context).await?,
            };
            let logs = ShellLogs { stdio: log, files: followed };
            let shown = quoted(&part.command).unwrap_or_default();
            let shell = ShellConfig { command: Renderable::Value(part.command), ..self.config.shell.clone() };
            let outcome = self.place.run_in(&shell, &logs, None, context).await?;
            progress.add_part(part.flags, decode_rc(shell.decode_rc.as_ref(), outcome.rc));
            let description = own_words(&self.place.common, shown, context).await;
            ended = Ended { failure_reason: outcome.failure_reason, description, ..ended };
            files = Some(logs.files);
        }
        Ok(Ended { results: progress.results(), ..ended })
    }
}

/// The commands of a rendered list.
fn parts(value: PropertyValue) -> Result<Vec<Part>, Fault> {
    match value {
        PropertyValue::List(items) => items.into_iter().map(part).collect(),
        other => Err(Fault::Config(format!("commands must be a list of util.ShellArg, not {other}"))),
    }
}

fn part(value: PropertyValue) -> Result<Part, Fault> {
    let PropertyValue::Map(mut fields) = value else {
        return Err(Fault::Config(format!("commands must be a list of util.ShellArg, and has {value} in it")));
    };
    let Some(command) = fields.remove("command") else {
        return Err(Fault::Config("commands must be a list of util.ShellArg, and has a dictionary in it".to_owned()));
    };
    let log = fields.remove("logname").map(text_of).filter(|name| !name.is_empty());
    let flag = |name: &str, default: bool| fields.get(name).map_or(default, PropertyValue::is_truthy);
    let flags = ResultFlags {
        halt_on_failure: flag("haltOnFailure", false),
        flunk_on_warnings: flag("flunkOnWarnings", false),
        flunk_on_failure: flag("flunkOnFailure", true),
        warn_on_warnings: flag("warnOnWarnings", false),
        warn_on_failure: flag("warnOnFailure", false),
    };
    Ok(Part { command, log: log.unwrap_or_else(|| "stdio".to_owned()), flags })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::{LogFileConfig, StepConfig, StepKind};
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::{plain_common, plain_shell_config};
    use crate::testing::scripted_context::{Answer, ScriptedContext};

    fn arg(command: &str, more: &[(&str, PropertyValue)]) -> PropertyValue {
        let given = more.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        PropertyValue::Map(given.chain([("command".to_owned(), command.into())]).collect())
    }

    fn sequence(commands: Vec<PropertyValue>) -> ShellSequenceConfig {
        ShellSequenceConfig {
            commands: Renderable::Value(PropertyValue::List(commands)),
            shell: plain_shell_config(PropertyValue::Null),
        }
    }

    async fn run(config: ShellSequenceConfig, context: &ScriptedContext) -> Result<Results, Fault> {
        let config = StepConfig { common: plain_common("s"), kind: StepKind::ShellSequence(config) };
        make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
    }

    #[tokio::test]
    async fn commands_run_in_order_and_the_worst_result_counts() {
        let context = ScriptedContext::new().answer("b", Answer::rc(1));
        let config = sequence(vec![arg("a", &[]), arg("b", &[("logname", "of b".into())]), arg("c", &[])]);
        assert_eq!(run(config, &context).await.unwrap(), Results::Failure);
        assert_eq!(context.commands(), ["a", "b", "c"]);
        let names: Vec<String> = context.logs().into_iter().map(|log| log.name).collect();
        assert_eq!(names, ["stdio", "of b"]);
        assert_eq!(context.states().last().map(String::as_str), Some("'c' (failure)"));
    }

    #[tokio::test]
    async fn flags_of_a_command_decide_what_its_failure_means() {
        for (flag, value, expected, n_commands) in [
            ("haltOnFailure", true, Results::Failure, 1),
            ("flunkOnFailure", false, Results::Success, 2),
            ("warnOnFailure", true, Results::Failure, 2),
        ] {
            let context = ScriptedContext::new().answer("a", Answer::rc(1));
            let config = sequence(vec![arg("a", &[(flag, value.into())]), arg("b", &[])]);
            assert_eq!(run(config, &context).await.unwrap(), expected, "{flag}");
            assert_eq!(context.commands().len(), n_commands, "{flag}");
        }
    }

    #[tokio::test]
    async fn an_empty_command_is_left_out_and_files_are_followed_in_one_log() {
        let context = ScriptedContext::new();
        let mut config = sequence(vec![arg("a", &[]), arg("", &[]), arg("b", &[])]);
        config.shell.log_files =
            vec![LogFileConfig { name: "trace".to_owned(), filename: "t.log".into(), follow: false }];
        run(config, &context).await.unwrap();
        assert_eq!(context.commands(), ["a", "b"]);
        let names: Vec<String> = context.logs().into_iter().map(|log| log.name).collect();
        assert_eq!(names, ["stdio", "trace"]);
        assert!(context.arguments(1).contains_key("logfiles"));
    }

    #[tokio::test]
    async fn what_is_no_list_of_commands_is_a_fault() {
        for commands in [PropertyValue::Null, PropertyValue::List(vec!["make".into()])] {
            let config = ShellSequenceConfig { commands: Renderable::Value(commands), ..sequence(Vec::new()) };
            let outcome = run(config, &ScriptedContext::new()).await;
            assert!(matches!(outcome, Err(Fault::Config(_))));
        }
    }
}
