//! Running git and file commands in one working tree on the worker.

use std::collections::BTreeMap;

use buildbot_protocol::Value;
use buildbot_protocol::message::Arguments;

use super::patch::PATCHED;
use crate::domain::{CommandOutcome, LogId, Stream};
use crate::steps::command::seconds;
use crate::steps::config::GitConfig;
use crate::steps::context::{Fault, RemoteCommand, StepContext};

/// The end of a checkout that did not come to its end.
#[derive(Debug)]
pub enum Halt {
    Fault(Fault),
    /// A command failed; the step's result is FAILURE.
    Failed(Failure),
}

#[derive(Debug)]
pub struct Failure {
    /// Why the worker killed the command, if it did.
    pub reason: Option<String>,
    pub blame: Blame,
}

/// Where to look for the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The working tree and its repository.
    Tree,
    /// Unclear: the other repository, the network, or the tree after all.
    Transfer,
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What stands where the working tree shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// Nothing, or an empty directory.
    Empty,
    Repository {
        /// An earlier build applied a patch to it.
        patched: bool,
    },
    /// Something else, which must go first.
    Foreign,
}

/// One working tree and how commands run there.
pub struct Session<'a> {
    pub context: &'a dyn StepContext,
    pub config: &'a GitConfig,
    pub env: Value,
    pub stdio: LogId,
    /// Absolute path on the worker.
    pub tree: String,
    /// Options before every subcommand.
    pub options: Vec<String>,
}

/// Time that git has to remove its lock files before it is killed.
const SIGTERM_SECONDS: i64 = 1;

impl<'a> Session<'a> {
    /// The same for another tree.
    pub fn at(&self, tree: String) -> Session<'a> {
        Session { tree, env: self.env.clone(), options: self.options.clone(), ..*self }
    }

    /// Runs git and returns how it ended, whatever that is.
    pub async fn ask(&self, words: &[&str]) -> Result<CommandOutcome, Halt> {
        self.ask_in(&self.tree, words).await
    }

    /// The same in another directory.
    pub async fn ask_in(&self, directory: &str, words: &[&str]) -> Result<CommandOutcome, Halt> {
        let git = std::iter::once("git").chain(self.options.iter().map(String::as_str));
        let command = git.chain(words.iter().copied()).map(Value::from).collect();
        let args: [(&str, Value); 13] = [
            ("workdir", directory.into()),
            ("command", Value::Array(command)),
            ("env", self.environment(directory)),
            ("want_stdout", true.into()),
            ("want_stderr", true.into()),
            ("logfiles", Value::Map(BTreeMap::new())),
            ("timeout", seconds(self.config.timeout)),
            ("maxTime", Value::Nil),
            ("max_lines", Value::Nil),
            ("sigtermTime", Value::Int(SIGTERM_SECONDS)),
            ("usePTY", false.into()),
            ("logEnviron", self.config.log_environ.into()),
            ("initial_stdin", Value::Nil),
        ];
        self.run("shell", named(args)).await
    }

    /// Runs git, which must succeed.
    pub async fn git(&self, words: &[&str], blame: Blame) -> Result<(), Halt> {
        let outcome = self.ask(words).await?;
        demand(&outcome, blame)
    }

    /// What is there now.
    pub async fn ground(&self) -> Result<Ground, Halt> {
        if self.context.worker_command_version("listdir").is_none() {
            if !self.exists(".git").await? {
                return Ok(Ground::Foreign);
            }
            return Ok(Ground::Repository { patched: self.exists(PATCHED).await? });
        }
        let outcome = self.run("listdir", named([("path", self.tree.as_str().into())])).await?;
        let has = |wanted: &str| outcome.files.iter().any(|name| name == wanted);
        Ok(if outcome.rc != 0 || outcome.files.is_empty() {
            Ground::Empty
        } else if has(".git") {
            Ground::Repository { patched: has(PATCHED) }
        } else {
            Ground::Foreign
        })
    }

    /// Whether the tree has something of this name.
    async fn exists(&self, name: &str) -> Result<bool, Halt> {
        let path = format!("{}/{name}", self.tree);
        Ok(self.run("stat", named([("path", path.into())])).await?.rc == 0)
    }

    /// Removes the tree and everything in it.
    pub async fn remove(&self) -> Result<(), Halt> {
        self.remove_path(&self.tree).await
    }

    /// Removes what is at an absolute path.
    pub async fn remove_path(&self, path: &str) -> Result<(), Halt> {
        let paths = Value::Array(vec![path.into()]);
        let args = [
            ("paths", paths),
            ("timeout", seconds(self.config.timeout)),
            ("logEnviron", self.config.log_environ.into()),
        ];
        let outcome = self.run("rmdir", named(args)).await?;
        demand(&outcome, Blame::Tree)
    }

    /// Copies the tree to a place where nothing is.
    pub async fn copy_to(&self, to: &str) -> Result<(), Halt> {
        let args = [
            ("from_path", self.tree.as_str().into()),
            ("to_path", to.into()),
            ("timeout", seconds(self.config.timeout)),
            ("logEnviron", self.config.log_environ.into()),
        ];
        let outcome = self.run("cpdir", named(args)).await?;
        demand(&outcome, Blame::Tree)
    }

    /// Tells the reader of the log.
    pub async fn note(&self, text: &str) -> Result<(), Halt> {
        Ok(self.context.write_log(self.stdio, Stream::Header, text).await?)
    }

    /// The directory above the tree.
    pub fn parent(&self) -> &str {
        parent(&self.tree)
    }

    async fn run(&self, name: &'static str, args: Arguments) -> Result<CommandOutcome, Halt> {
        let is_question = matches!(name, "listdir" | "stat");
        let command = RemoteCommand {
            name,
            args,
            stdio: (!is_question).then_some(self.stdio),
            log_files: Vec::new(),
            observer: None,
            collect_stdout: name == "shell",
        };
        Ok(self.context.run(command).await?)
    }

    /// The configured environment; and git must not take a repository around a broken tree for the tree's own.
    fn environment(&self, directory: &str) -> Value {
        let mut variables = self.env.as_map().cloned().unwrap_or_default();
        variables.entry("GIT_CEILING_DIRECTORIES".to_owned()).or_insert_with(|| parent(directory).into());
        Value::Map(variables)
    }
}

fn parent(path: &str) -> &str {
    match path.rfind(['/', '\\']) {
        Some(0) | None => path,
        Some(at) => &path[..at],
    }
}

/// That a command ended well.
pub fn demand(outcome: &CommandOutcome, blame: Blame) -> Result<(), Halt> {
    if outcome.rc == 0 {
        return Ok(());
    }
    Err(Halt::Failed(Failure { reason: outcome.failure_reason.clone(), blame }))
}

fn named<const N: usize>(args: [(&str, Value); N]) -> Arguments {
    args.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
