//! The remote commands, one file each, and what they share.

mod arguments;
mod context;
mod copy;
mod files;
mod log_files;
mod process;
mod remove;
mod shell;

use std::future::Future;
use std::pin::Pin;

pub use buildbot_protocol::message::Arguments;

pub use self::context::CommandContext;
use crate::session::Lost;

/// The reason a command could not be carried out; a command that ran and failed says so by `rc`.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Lost(#[from] Lost),
    #[error("{0}")]
    Failed(String),
}

type Running = Pin<Box<dyn Future<Output = Result<(), CommandError>>>>;

/// One remote command.
pub struct Command {
    name: &'static str,
    /// Arguments without which it cannot start.
    required: &'static [&'static str],
    run: fn(CommandContext, Arguments) -> Running,
}

const COMMANDS: &[Command] = &[
    Command { name: "shell", required: &["workdir", "command"], run: |c, a| Box::pin(shell::run(c, a)) },
    Command { name: "mkdir", required: &["paths"], run: |c, a| Box::pin(files::mkdir(c, a)) },
    Command { name: "rmdir", required: &["paths"], run: |c, a| Box::pin(remove::rmdir(c, a)) },
    Command { name: "cpdir", required: &["from_path", "to_path"], run: |c, a| Box::pin(copy::cpdir(c, a)) },
    Command { name: "stat", required: &["path"], run: |c, a| Box::pin(files::stat(c, a)) },
    Command { name: "glob", required: &["path"], run: |c, a| Box::pin(files::glob(c, a)) },
    Command { name: "listdir", required: &["path"], run: |c, a| Box::pin(files::listdir(c, a)) },
    Command { name: "rmfile", required: &["path"], run: |c, a| Box::pin(files::rmfile(c, a)) },
];

pub fn names() -> Vec<&'static str> {
    COMMANDS.iter().map(|command| command.name).collect()
}

pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Whether all arguments are there that the command cannot do without.
pub fn check(command: &Command, args: &Arguments) -> Result<(), String> {
    match command.required.iter().find(|name| !args.contains_key(**name)) {
        Some(name) => Err(format!("{} command: argument '{name}' is missing", command.name)),
        None => Ok(()),
    }
}

/// Runs a command to its end; everything it said is sent when this returns.
pub async fn run(command: &'static Command, context: CommandContext, args: Arguments) -> Result<(), String> {
    let flush = context.clone();
    let outcome = (command.run)(context, args).await;
    let flushed = flush.flush().await.map_err(CommandError::from);
    outcome.and(flushed).map_err(|error| error.to_string())
}
