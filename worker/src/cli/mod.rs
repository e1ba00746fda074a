//! The commands of `buildbot-worker`, one file each.

mod create_worker;
mod foreground;
mod start;
mod stop;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};

use crate::base_dir::BaseDir;

/// Runs builds for a Buildbot master
#[derive(Parser)]
#[command(name = "buildbot-worker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    CreateWorker(create_worker::CreateWorker),
    Start(start::Start),
    Stop(stop::Stop),
    Restart(start::Restart),
}

/// Runs the command of the command line; what went wrong is said on stderr.
pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::CreateWorker(command) => command.run(),
        Command::Start(command) => command.run(),
        Command::Stop(command) => command.run(),
        Command::Restart(command) => command.run(),
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
