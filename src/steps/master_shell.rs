//! `MasterShellCommand`: one command on the master.

use std::collections::BTreeMap;

use async_trait::async_trait;
use regex::{Captures, Regex};

use super::command::{Ended, Place, command_words};
use super::config::MasterShellConfig;
use super::context::{Fault, MasterCommand, MasterOutcome, StepContext};
use super::registry::Work;
use super::render::{render, render_text};
use super::summary::own_words;
use crate::domain::{LogId, LogKind, PropertyValue, Results, Stream};

pub struct MasterShell {
    pub place: Place,
    pub config: MasterShellConfig,
}

#[async_trait(?Send)]
impl Work for MasterShell {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        let argv = argv(render(&self.config.command, context).await?)?;
        let workdir = match &self.place.common.workdir {
            Some(workdir) => render_text(workdir, context).await?,
            None => String::new(),
        };
        let env = self.environment(context).await?;
        let stdio = context.add_log("stdio", LogKind::Stream).await?;
        self.introduce(&argv, (&workdir, env.as_ref()), stdio, context).await?;
        let command = MasterCommand {
            argv,
            workdir,
            env,
            interrupt_signal: self.config.interrupt_signal.clone(),
            timeout: self.config.timeout,
            stdio,
        };
        let outcome = context.run_on_master(command).await?;
        let (results, words, last_line) = match outcome {
            MasterOutcome::Exited(0) => (Results::Success, None, None),
            MasterOutcome::Exited(code) => {
                (Results::Failure, Some(format!("failed ({code})")), Some(format!("exit status {code}")))
            }
            MasterOutcome::Killed(signal) => {
                (Results::Failure, Some(format!("killed ({signal})")), Some(format!("signal {signal}")))
            }
            MasterOutcome::TimedOut => {
                (Results::Failure, Some("killed".to_owned()), Some("killed: it ran for too long".to_owned()))
            }
        };
        if let Some(line) = last_line {
            context.write_log(stdio, Stream::Header, &format!("{line}\n")).await?;
        }
        let description = match words {
            Some(words) => own_words(&self.place.common, words, context).await,
            None => None,
        };
        let failure_reason = (outcome == MasterOutcome::TimedOut).then(|| "timeout".to_owned());
        Ok(Ended { results, failure_reason, description })
    }
}

impl MasterShell {
    /// The whole environment, if one is configured: lists are joined as a path, `${NAME}` is a variable of the master.
    async fn environment(&self, context: &dyn StepContext) -> Result<Option<BTreeMap<String, String>>, Fault> {
        let Some(configured) = &self.config.env else { return Ok(None) };
        let of_master = context.master_environ();
        let mut environment = BTreeMap::new();
        for (name, renderable) in configured {
            let text = match render(renderable, context).await? {
                PropertyValue::Null => continue,
                PropertyValue::List(items) => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(":"),
                PropertyValue::Map(_) => {
                    return Err(Fault::Config(format!("the environment variable {name} is a dictionary")));
                }
                other => other.to_string(),
            };
            environment.insert(name.clone(), expand(&text, &of_master)?);
        }
        Ok(Some(environment))
    }

    /// Says in the log what is going to run, and where.
    async fn introduce(
        &self,
        argv: &[String],
        surroundings: (&str, Option<&BTreeMap<String, String>>),
        stdio: LogId,
        context: &dyn StepContext,
    ) -> Result<(), Fault> {
        let (workdir, env) = surroundings;
        let words: Vec<String> = argv.iter().map(|word| PropertyValue::from(word.as_str()).literal()).collect();
        let mut text = format!("** RUNNING ON BUILDMASTER **\n argv: [{}]\n", words.join(", "));
        text.push_str(&format!(" in dir {}\n", if workdir.is_empty() { "." } else { workdir }));
        // The master's own environment may hold passwords, and many people may read the log.
        if let Some(env) = env.filter(|_| self.config.log_environ) {
            text.push_str(" environment:\n");
            for (name, value) in env {
                text.push_str(&format!("  {name}={value}\n"));
            }
        }
        context.write_log(stdio, Stream::Header, &text).await
    }
}

/// Text is for a shell, a list is the program and its arguments.
fn argv(command: PropertyValue) -> Result<Vec<String>, Fault> {
    if let PropertyValue::Str(text) = command {
        return Ok(["/bin/sh", "-c", &text].map(str::to_owned).into());
    }
    let words = command_words(command)?;
    let words = words.as_array().unwrap_or_default();
    Ok(words.iter().filter_map(|word| word.as_str().map(str::to_owned)).collect())
}

fn expand(text: &str, environ: &BTreeMap<String, String>) -> Result<String, Fault> {
    let variable = Regex::new(r"\$\{([0-9a-zA-Z_]*)\}").map_err(|error| Fault::World(error.to_string()))?;
    let value = |found: &Captures<'_>| environ.get(&found[1]).cloned().unwrap_or_default();
    Ok(variable.replace_all(text, value).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Renderable;
    use crate::steps::config::{StepConfig, StepKind};
    use crate::steps::{BuildEnv, StepCommon, make};
    use crate::testing::plain_steps::plain_common;
    use crate::testing::scripted_context::ScriptedContext;

    fn config(command: Renderable) -> MasterShellConfig {
        MasterShellConfig { command, env: None, log_environ: true, interrupt_signal: "KILL".to_owned(), timeout: None }
    }

    async fn run(config: MasterShellConfig, context: &ScriptedContext) -> Result<Results, Fault> {
        let common = StepCommon { workdir: Some("sub".into()), ..plain_common("m") };
        let config = StepConfig { common, kind: StepKind::MasterShell(config) };
        make(&config, &BuildEnv { workdir: "build".into(), env: Vec::new() }).run(context).await
    }

    #[tokio::test]
    async fn text_is_for_a_shell_and_a_list_is_not() {
        let context = ScriptedContext::new().with_master_environ(&[("TOKEN", "hidden")]);
        assert_eq!(run(config("echo $X".into()), &context).await.unwrap(), Results::Success);
        let words = PropertyValue::List(vec!["ls".into(), PropertyValue::List(vec!["-l".into()])]);
        run(config(Renderable::Value(words)), &context).await.unwrap();
        let commands = context.master_commands();
        assert_eq!(commands[0].argv, ["/bin/sh", "-c", "echo $X"]);
        assert_eq!(commands[1].argv, ["ls", "-l"]);
        assert_eq!((commands[1].workdir.as_str(), commands[1].env.as_ref()), ("sub", None));
        assert!(context.logs()[1].text.contains("argv: ['ls', '-l']\n in dir sub\n"));
        assert!(!context.logs()[0].text.contains("hidden"));
        assert_eq!(context.states()[..2], ["Running", "Ran"]);
    }

    #[tokio::test]
    async fn a_given_environment_is_the_whole_one_with_variables_of_the_master_put_in() {
        let context = ScriptedContext::new().with_master_environ(&[("HOME", "/root"), ("SECRET", "x")]);
        let list = Renderable::Value(PropertyValue::List(vec!["/a".into(), "/b".into()]));
        let env = [
            ("WHERE".to_owned(), "${HOME}/w${NONE}".into()),
            ("PATH".to_owned(), list),
            ("GONE".to_owned(), Renderable::Value(PropertyValue::Null)),
        ];
        let config = MasterShellConfig { env: Some(env.into()), ..config("true".into()) };
        run(config, &context).await.unwrap();
        let expected = [("PATH".to_owned(), "/a:/b".to_owned()), ("WHERE".to_owned(), "/root/w".to_owned())];
        assert_eq!(context.master_commands()[0].env, Some(expected.into()));
        assert!(!context.logs()[0].text.contains("SECRET"));
    }

    #[tokio::test]
    async fn every_end_but_exit_code_0_is_a_failure_with_its_reason() {
        for (outcome, state, line) in [
            (MasterOutcome::Exited(3), "failed (3) (failure)", "exit status 3"),
            (MasterOutcome::Killed(9), "killed (9) (failure)", "signal 9"),
            (MasterOutcome::TimedOut, "killed (failure) (timed out)", "too long"),
        ] {
            let context = ScriptedContext::new().on_master(outcome);
            assert_eq!(run(config("x".into()), &context).await.unwrap(), Results::Failure);
            assert_eq!(context.states().last().map(String::as_str), Some(state));
            assert!(context.logs()[0].text.contains(line), "{state}");
        }
    }
}
