//! The remote commands, one file each, and what they share.

mod arguments;
mod context;
mod copy;
mod files;
mod glob;
mod log_files;
mod process;
mod remove;
mod shell;
mod transfer;

use std::future::Future;
use std::pin::Pin;

pub use buildbot_protocol::message::Arguments;

pub use self::context::CommandContext;
use crate::session::{Lost, StartError};

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
    /// What other masters call it.
    alias: Option<&'static str>,
    /// Arguments without which it cannot start.
    required: &'static [&'static str],
    /// Arguments that are paths which `--confine` keeps below the worker's directory.
    paths: &'static [&'static str],
    run: fn(CommandContext, Arguments) -> Running,
}

impl Command {
    /// A command about files, all of whose required arguments are paths.
    const fn of_files(
        name: &'static str,
        paths: &'static [&'static str],
        run: fn(CommandContext, Arguments) -> Running,
    ) -> Self {
        Self { name, alias: None, required: paths, paths, run }
    }

    const fn also(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }
}

const COMMANDS: &[Command] = &[
    Command {
        name: "shell",
        alias: None,
        required: &["workdir", "command"],
        paths: &[],
        run: |c, a| Box::pin(shell::run(c, a)),
    },
    Command::of_files("upload_file", &["path"], |c, a| Box::pin(transfer::upload_file(c, a))).also("uploadFile"),
    Command::of_files("upload_directory", &["path"], |c, a| Box::pin(transfer::upload_directory(c, a)))
        .also("uploadDirectory"),
    Command::of_files("download_file", &["path"], |c, a| Box::pin(transfer::download_file(c, a))).also("downloadFile"),
    Command::of_files("mkdir", &["paths"], |c, a| Box::pin(files::mkdir(c, a))),
    Command::of_files("rmdir", &["paths"], |c, a| Box::pin(remove::rmdir(c, a))),
    Command::of_files("cpdir", &["from_path", "to_path"], |c, a| Box::pin(copy::cpdir(c, a))),
    Command::of_files("stat", &["path"], |c, a| Box::pin(files::stat(c, a))),
    Command::of_files("glob", &["path"], |c, a| Box::pin(glob::glob(c, a))),
    Command::of_files("listdir", &["path"], |c, a| Box::pin(files::listdir(c, a))),
    Command::of_files("rmfile", &["path"], |c, a| Box::pin(files::rmfile(c, a))),
];

/// Every name by which a command can be started.
pub fn names() -> Vec<&'static str> {
    COMMANDS.iter().flat_map(|command| [Some(command.name), command.alias]).flatten().collect()
}

pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name || command.alias == Some(name))
}

/// Whether all arguments are there that the command cannot do without.
pub fn check(command: &Command, args: &Arguments) -> Result<(), StartError> {
    let missing: Vec<&str> = command.required.iter().filter(|name| !args.contains_key(**name)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(StartError::Missing { command: command.name, args: missing.join(", ") })
}

/// Runs a command to its end; everything it said is sent when this returns.
pub async fn run(command: &'static Command, context: CommandContext, args: Arguments) -> Result<(), String> {
    let flush = context.clone();
    let outcome = match outside(command, &context, &args) {
        Some(refusal) => refuse(&context, &refusal).await,
        None => (command.run)(context, args).await,
    };
    let flushed = flush.flush().await.map_err(CommandError::from);
    outcome.and(flushed).map_err(|error| error.to_string())
}

/// What the worker has against a path of the arguments.
fn outside(command: &Command, context: &CommandContext, args: &Arguments) -> Option<String> {
    let paths = command.paths.iter().filter_map(|name| arguments::texts(args, name).ok()).flatten();
    paths.filter_map(|path| context.session.confined(&path).err()).map(|error| error.to_string()).next()
}

async fn refuse(context: &CommandContext, refusal: &str) -> Result<(), CommandError> {
    context.stderr(refusal).await?;
    Ok(context.rc(i64::from(nix::libc::EACCES)).await?)
}
