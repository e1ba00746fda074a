//! The command line: one file per subcommand. Errors end here and are shown to a person.

mod checkconfig;
mod cleanupdb;
mod completions;
mod config_access;
mod create_master;
mod dataspec;
mod demo;
mod explain;
mod foreground;
mod log_tail;
mod migrate;
mod output;
mod paint;
mod pid_file;
mod progress;
mod reconfig;
mod remote;
mod rest;
mod restart;
mod sendchange;
mod shell;
mod start;
mod status;
mod statuslog;
mod stop;
mod table;
mod tail;
mod try_job;
mod tryserver;
mod user;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser, Subcommand};

use crate::config::MASTER_CFG;
use crate::control::client;
use crate::control::{Request, Response};

/// The master of a continuous-integration installation: it notices commits, runs builds on workers, and shows them
#[derive(Debug, Parser)]
#[command(
    name = "buildbot",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  buildbot demo                   see what this is: a whole installation, gone with Ctrl-C
  buildbot create-master master   begin with one of your own
  buildbot help COMMAND           more about a command

Exit codes: 0 done, 1 not done, 2 wrong usage; 'tail --follow' ends with the result of a build"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    CreateMaster(create_master::CreateMaster),
    Start(start::Start),
    Stop(stop::Stop),
    Restart(restart::Restart),
    #[command(alias = "sighup")]
    Reconfig(reconfig::Reconfig),
    Checkconfig(checkconfig::Checkconfig),
    Migrate(migrate::Migrate),
    Dataspec(dataspec::Dataspec),
    Cleanupdb(cleanupdb::Cleanupdb),
    Status(status::ShowStatus),
    Shell(shell::Shell),
    Explain(explain::Explain),
    Tail(tail::Tail),
    Sendchange(sendchange::Sendchange),
    Try(try_job::Try),
    Tryserver(tryserver::Tryserver),
    User(user::User),
    Statuslog(statuslog::Statuslog),
    Completions(completions::Completions),
}

/// Parses the arguments of this process and does what they say.
pub fn run() -> ExitCode {
    let outcome = match CommandLine::parse().command {
        Command::Demo(arguments) => arguments.run(),
        Command::CreateMaster(arguments) => arguments.run(),
        Command::Start(arguments) => arguments.run(),
        Command::Stop(arguments) => arguments.run(),
        Command::Restart(arguments) => arguments.run(),
        Command::Reconfig(arguments) => arguments.run(),
        Command::Checkconfig(arguments) => arguments.run(),
        Command::Migrate(arguments) => arguments.run(),
        Command::Dataspec(arguments) => arguments.run(),
        Command::Cleanupdb(arguments) => arguments.run(),
        Command::Status(arguments) => arguments.run(),
        Command::Shell(arguments) => arguments.run(),
        Command::Explain(arguments) => arguments.run(),
        Command::Tail(arguments) => arguments.run(),
        Command::Sendchange(arguments) => arguments.run(),
        Command::Try(arguments) => arguments.run(),
        Command::Tryserver(arguments) => arguments.run(),
        Command::User(arguments) => arguments.run(),
        Command::Statuslog(arguments) => arguments.run(),
        Command::Completions(arguments) => arguments.run(CommandLine::command()),
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

    /// Lines of shell blocks in a document that call this program, as its arguments.
    fn calls(document: &str) -> Vec<Vec<String>> {
        let blocks = document.split("\n```").skip(1).step_by(2).filter(|block| block.starts_with("sh"));
        let lines = blocks.flat_map(|block| block.lines().skip(1)).filter(|line| !line.starts_with('#'));
        let calls = lines.filter_map(|line| {
            let line = line.split(" > ").next().and_then(|line| line.split(" #").next()).unwrap_or(line);
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            words.first().is_some_and(|program| program.rsplit('/').next() == Some("buildbot")).then_some(words)
        });
        calls.collect()
    }

    #[test]
    fn every_command_of_the_manual_is_understood() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let chapters = [
            "chats",
            "clients",
            "quick-start",
            "tutorial/first-run",
            "tutorial/tour",
            "tutorial/own-project",
            "command-line",
            "lifetime",
        ];
        let manual = chapters.map(|chapter| format!("docs/manual/src/{chapter}.md"));
        let mut n_calls = 0;
        for document in manual.into_iter().chain(["README.md".to_owned(), "docs/manual/src/operating.md".to_owned()]) {
            for call in calls(&std::fs::read_to_string(root.join(&document)).unwrap()) {
                let parsed = CommandLine::try_parse_from(&call);
                assert!(parsed.is_ok(), "{document}: {call:?}: {}", parsed.unwrap_err());
                n_calls += 1;
            }
        }
        assert!(20 < n_calls, "{n_calls}");
    }
}
