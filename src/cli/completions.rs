//! `buildbot completions`: what a shell needs to complete commands and options.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

/// Prints completions for a shell
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot completions bash > ~/.local/share/bash-completion/completions/buildbot
  buildbot completions zsh > ~/.zfunc/_buildbot        with ~/.zfunc in fpath
  buildbot completions fish > ~/.config/fish/completions/buildbot.fish

Exit codes: 0 printed, 2 wrong usage")]
pub(super) struct Completions {
    /// Which shell
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, mut command: Command) -> anyhow::Result<ExitCode> {
        let mut text = Vec::new();
        let name = command.get_name().to_owned();
        generate(self.shell, &mut command, name, &mut text);
        // A closed pipe is no reason to fail.
        let _ = io::stdout().write_all(&text);
        Ok(ExitCode::SUCCESS)
    }
}
