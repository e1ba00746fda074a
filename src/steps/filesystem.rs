//! `FileExists`, `MakeDirectory`, `RemoveDirectory` and `CopyDirectory`: one command on the worker's disk each.

use std::time::Duration;

use async_trait::async_trait;
use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;

use super::command::{Ended, Place, seconds};
use super::config::FilesystemConfig;
use super::context::{Fault, RemoteCommand, StepContext, WorkerPlace};
use super::registry::Work;
use super::render::render_text;
use super::summary::own_words;
use crate::domain::{CommandOutcome, LogKind, Renderable, Results};

pub struct Filesystem {
    pub place: Place,
    pub config: FilesystemConfig,
}

/// `rmdir` ends after this long without output.
const REMOVE_TIMEOUT: Duration = Duration::from_secs(120);

/// What kind of thing a mode is of, and which kinds there are.
const KIND: i64 = 0o170_000;
const REGULAR: i64 = 0o100_000;
const DIRECTORY: i64 = 0o040_000;

/// What the worker found at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    File,
    Directory,
    Other,
}

impl Found {
    /// By the answer of `stat`.
    pub fn of(outcome: &CommandOutcome) -> Self {
        match outcome.stat.first() {
            Some(mode) if outcome.rc == 0 => match mode & KIND {
                REGULAR => Self::File,
                DIRECTORY => Self::Directory,
                _ => Self::Other,
            },
            _ => Self::Nothing,
        }
    }
}

#[async_trait(?Send)]
impl Work for Filesystem {
    async fn work(&self, context: &dyn StepContext) -> Result<Ended, Fault> {
        match &self.config {
            FilesystemConfig::FileExists { file } => self.file_exists(file, context).await,
            FilesystemConfig::MakeDirectory { dir } => {
                let dir = directory(dir, context).await?;
                let ended = run("mkdir", [("paths", Value::Array(vec![dir.into()]))].into(), context).await?;
                self.ended(ended, "Created", "Create failed.", context).await
            }
            FilesystemConfig::RemoveDirectory { dir } => {
                let dir = directory(dir, context).await?;
                let args = [("paths", Value::Array(vec![dir.into()])), ("timeout", seconds(Some(REMOVE_TIMEOUT)))];
                let ended = run("rmdir", args.into(), context).await?;
                self.ended(ended, "Deleted", "Delete failed.", context).await
            }
            FilesystemConfig::CopyDirectory { src, dest, timeout, max_time } => {
                let (src, dest) = (render_text(src, context).await?, render_text(dest, context).await?);
                let path = |path: &str| Value::from(context.worker_path(WorkerPlace::InBuilder(path)));
                let mut args =
                    vec![("from_path", path(&src)), ("to_path", path(&dest)), ("timeout", seconds(*timeout))];
                args.extend(max_time.map(|max_time| ("maxTime", seconds(Some(max_time)))));
                let ended = run("cpdir", args, context).await?;
                let (good, bad) = (format!("Copied {src} to {dest}"), format!("Copying {src} to {dest} failed."));
                self.ended(ended, &good, &bad, context).await
            }
        }
    }
}

impl Filesystem {
    async fn file_exists(&self, file: &Renderable, context: &dyn StepContext) -> Result<Ended, Fault> {
        need(context, "stat")?;
        let file = render_text(file, context).await?;
        let path = context.worker_path(WorkerPlace::InBuilder(&file));
        let outcome = context.run(silent("stat", [("path", path.into())])).await?;
        let (results, text) = match Found::of(&outcome) {
            Found::File => (Results::Success, "File found."),
            Found::Nothing => (Results::Failure, "File not found."),
            Found::Directory | Found::Other => (Results::Failure, "Not a file."),
        };
        let description = own_words(&self.place.common, text.to_owned(), context).await;
        Ok(Ended { description, ..Ended::with(results) })
    }

    async fn ended(
        &self,
        outcome: CommandOutcome,
        good: &str,
        bad: &str,
        context: &dyn StepContext,
    ) -> Result<Ended, Fault> {
        let (results, text) = if outcome.rc == 0 { (Results::Success, good) } else { (Results::Failure, bad) };
        let description = own_words(&self.place.common, text.to_owned(), context).await;
        Ok(Ended { description, failure_reason: outcome.failure_reason, ..Ended::with(results) })
    }
}

/// The absolute path of a directory on the worker. None would be the directory of the whole builder.
async fn directory(dir: &Renderable, context: &dyn StepContext) -> Result<String, Fault> {
    let dir = render_text(dir, context).await?;
    if dir.is_empty() {
        return Err(Fault::Config("the name of the directory is empty".to_owned()));
    }
    Ok(context.worker_path(WorkerPlace::InBuilder(&dir)))
}

/// Runs a command whose words are kept in the step's log.
async fn run(
    name: &'static str,
    args: Vec<(&'static str, Value)>,
    context: &dyn StepContext,
) -> Result<CommandOutcome, Fault> {
    need(context, name)?;
    let stdio = context.add_log("stdio", LogKind::Stream).await?;
    context.run(RemoteCommand { stdio: Some(stdio), ..silent(name, args) }).await
}

/// That the worker knows a command.
pub fn need(context: &dyn StepContext, command: &str) -> Result<(), Fault> {
    match context.worker_command_version(command) {
        Some(_) => Ok(()),
        None => Err(Fault::World(format!("the worker does not know the command {command}; is it too old?"))),
    }
}

/// A command that leaves nothing in a log.
pub fn silent(name: &'static str, args: impl IntoIterator<Item = (&'static str, Value)>) -> RemoteCommand {
    let args: Arguments = args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    RemoteCommand { name, args, stdio: None, log_files: Vec::new(), observer: None, collect_stdout: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::config::{StepConfig, StepKind};
    use crate::steps::{BuildEnv, make};
    use crate::testing::plain_steps::plain_common;
    use crate::testing::scripted_context::{Answer, ScriptedContext};

    async fn run(config: FilesystemConfig, context: &ScriptedContext) -> (Results, String) {
        let config = StepConfig { common: plain_common("x"), kind: StepKind::Filesystem(config) };
        let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
        let results = make(&config, &env).run(context).await.unwrap();
        (results, context.states().last().cloned().unwrap_or_default())
    }

    fn stat(mode: i64) -> Answer {
        let mut answer = Answer::rc(0);
        answer.outcome.stat = vec![mode, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        answer
    }

    #[tokio::test]
    async fn only_a_file_exists_as_one() {
        for (answer, results, text) in [
            (stat(0o100_644), Results::Success, "File found."),
            (stat(0o040_755), Results::Failure, "Not a file. (failure)"),
            (stat(0o010_644), Results::Failure, "Not a file. (failure)"),
            (Answer::rc(2), Results::Failure, "File not found. (failure)"),
            (Answer::rc(0), Results::Failure, "File not found. (failure)"),
        ] {
            let context = ScriptedContext::new().answer("stat", answer);
            let ended = run(FilesystemConfig::FileExists { file: "out/a".into() }, &context).await;
            assert_eq!(ended, (results, text.to_owned()));
            assert_eq!(context.commands(), ["stat /w/b/out/a"], "files are below the builder's directory");
        }
    }

    #[tokio::test]
    async fn directories_are_made_removed_and_copied() {
        let context = ScriptedContext::new();
        let made = run(FilesystemConfig::MakeDirectory { dir: "a/b".into() }, &context).await;
        let removed = run(FilesystemConfig::RemoveDirectory { dir: "/abs".into() }, &context).await;
        let copy = FilesystemConfig::CopyDirectory {
            src: "a".into(),
            dest: "c".into(),
            timeout: Some(Duration::from_secs(120)),
            max_time: None,
        };
        let copied = run(copy, &context).await;
        assert_eq!(context.commands(), ["mkdir /w/b/a/b", "rmdir /abs", "cpdir /w/b/a /w/b/c"]);
        let texts = [made, removed, copied].map(|(results, text)| (results == Results::Success, text));
        assert_eq!(texts, ["Created", "Deleted", "Copied a to c"].map(|text| (true, text.to_owned())));
        assert_eq!(context.arguments(2).get("timeout"), Some(&Value::Int(120)));
        assert!(!context.arguments(2).contains_key("maxTime"));
    }

    #[tokio::test]
    async fn a_command_that_fails_says_so() {
        let context = ScriptedContext::new().answer("mkdir", Answer::rc(13)).answer("rmdir", Answer::rc(1));
        let made = run(FilesystemConfig::MakeDirectory { dir: "a".into() }, &context).await;
        assert_eq!(made, (Results::Failure, "Create failed. (failure)".to_owned()));
        let removed = run(FilesystemConfig::RemoveDirectory { dir: "a".into() }, &context).await;
        assert_eq!(removed, (Results::Failure, "Delete failed. (failure)".to_owned()));
    }

    #[tokio::test]
    async fn no_name_is_not_the_whole_builder() {
        let context = ScriptedContext::new();
        let common = plain_common("x");
        let kind = StepKind::Filesystem(FilesystemConfig::RemoveDirectory { dir: "".into() });
        let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
        let fault = make(&StepConfig { common, kind }, &env).run(&context).await.unwrap_err();
        assert!(matches!(fault, Fault::Config(_)));
        assert_eq!(context.commands(), Vec::<String>::new());
    }
}
