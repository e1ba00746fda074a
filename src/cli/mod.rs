//! The command line: one file per subcommand. Errors end here and are shown to a person.

mod checkconfig;
mod create_master;
mod foreground;
mod log_tail;
mod output;
mod pid_file;
mod reconfig;
mod restart;
mod start;
mod status;
mod stop;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};

use crate::control::client;
use crate::control::{Request, Response};

/// The configuration's name below the base directory.
const MASTER_CFG: &str = "master.cfg";

/// A continuous-integration master.
#[derive(Debug, Parser)]
#[command(name = "buildbot", version, about)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    CreateMaster(create_master::CreateMaster),
    Start(start::Start),
    Stop(stop::Stop),
    Restart(restart::Restart),
    #[command(alias = "sighup")]
    Reconfig(reconfig::Reconfig),
    Checkconfig(checkconfig::Checkconfig),
    Status(status::ShowStatus),
}

/// Parses the arguments of this process and does what they say.
pub fn run() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::CreateMaster(arguments) => arguments.run(),
        Command::Start(arguments) => arguments.run(),
        Command::Stop(arguments) => arguments.run(),
        Command::Restart(arguments) => arguments.run(),
        Command::Reconfig(arguments) => arguments.run(),
        Command::Checkconfig(arguments) => arguments.run(),
        Command::Status(arguments) => arguments.run(),
    };
    outcome.unwrap_or_else(|error| {
        output::complain(format_args!("buildbot: {error:#}"));
        ExitCode::FAILURE
    })
}

/// The absolute path of a base directory, which has to exist.
fn base_dir(argument: &Path) -> anyhow::Result<PathBuf> {
    let base_dir = argument.canonicalize().with_context(|| format!("no base directory {}", argument.display()))?;
    if !base_dir.is_dir() {
        bail!("{} is not a directory", base_dir.display());
    }
    Ok(base_dir)
}

/// Runs a command that waits for something, without keeping a thread busy.
fn block_on<T>(command: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(command)
}

/// Asks the running master of a base directory. What it could not do is an error.
async fn ask_master(base_dir: &Path, request: Request, patience: Duration) -> anyhow::Result<Response> {
    match client::ask(base_dir, request, patience).await.with_context(|| base_dir.display().to_string())? {
        Response::Failed { reason } => bail!("the master says: {reason}"),
        response => Ok(response),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn sighup_is_another_name_of_reconfig() {
        let parsed = CommandLine::try_parse_from(["buildbot", "sighup", "/srv/master"]).unwrap();
        assert!(matches!(parsed.command, Command::Reconfig(_)));
    }
}
