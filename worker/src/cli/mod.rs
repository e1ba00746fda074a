//! The commands of `buildbot-worker`, one file each.

mod completions;
mod create_worker;
mod foreground;
mod progress;
mod start;
mod stop;
mod upgrade_worker;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{CommandFactory, Parser, Subcommand};

use crate::base_dir::BaseDir;

/// Runs builds for a Buildbot master, on this machine
#[derive(Parser)]
#[command(
    name = "buildbot-worker",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  buildbot-worker create-worker worker build.example.org:9989 example-worker pass
  buildbot-worker start worker
  buildbot-worker help COMMAND    more about a command

Exit codes: 0 done, 1 not done, 2 wrong usage"
)]
struct Arguments {
    /// Log more than usual
    #[arg(long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    CreateWorker(create_worker::CreateWorker),
    Start(start::Start),
    Stop(stop::Stop),
    Restart(start::Restart),
    UpgradeWorker(upgrade_worker::UpgradeWorker),
    Completions(completions::Completions),
}

/// Runs the command of the command line; what went wrong is said on stderr.
pub fn run() -> ExitCode {
    let Arguments { verbose, command } = Arguments::parse();
    let level = if verbose { "debug" } else { "info" };
    let outcome = match command {
        Command::CreateWorker(command) => command.run(),
        Command::Start(command) => command.run(level),
        Command::Stop(command) => command.run(),
        Command::Restart(command) => command.run(level),
        Command::UpgradeWorker(command) => command.run(),
        Command::Completions(command) => command.run(Arguments::command()),
    };
    outcome.unwrap_or_else(|error| {
        complain(&format!("buildbot-worker: {error:#}"));
        ExitCode::FAILURE
    })
}

#[expect(clippy::print_stdout, reason = "this is what the user asked for")]
fn remark(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "this is for the user")]
fn complain(text: &str) {
    eprintln!("{text}");
}

/// The directory of a command line, which must be a worker's.
fn worker_dir(path: &Path) -> anyhow::Result<BaseDir> {
    let base_dir = BaseDir::new(path).with_context(|| format!("cannot use {}", path.display()))?;
    crate::config::read(base_dir.path())?;
    Ok(base_dir)
}

#[derive(clap::Args, Clone)]
struct Directory {
    /// The worker's directory
    #[arg(default_value = ".", value_name = "DIR")]
    path: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_of_the_manual_is_understood() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut n_calls = 0;
        let documents = ["README.md", "docs/manual/src/command-line.md", "docs/manual/src/worker.md"];
        for document in documents.into_iter().chain(["docs/manual/src/tutorial/own-project.md"]) {
            let text = std::fs::read_to_string(root.join(document)).unwrap();
            for line in text.lines().filter(|line| line.starts_with("buildbot-worker ")) {
                let call: Vec<&str> = line.split(" > ").next().unwrap_or(line).split_whitespace().collect();
                let parsed = Arguments::try_parse_from(&call);
                assert!(parsed.is_ok(), "{document}: {line}: {}", parsed.err().unwrap());
                n_calls += 1;
            }
        }
        assert!(6 < n_calls, "{n_calls}");
    }
}
