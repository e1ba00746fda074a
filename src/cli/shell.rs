//! `buildbot shell`: the commands of chats, in a terminal.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use nix::unistd::{User, geteuid};

use super::output::{complain, say};
use super::paint::harmless;
use super::{base_dir, block_on};
use crate::control::client;
use crate::control::{Request, Response};

const PATIENCE: Duration = Duration::from_secs(90);

/// Takes the commands that people also give in chats
///
/// Lines are read until the end of the input or 'exit'; a command behind the options is carried out by itself. Asks the
/// running master through its control socket, so everything is allowed that the master's own user may do.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  buildbot shell
  buildbot shell status all
  buildbot shell --dir /srv/buildbot/master force build --branch=main unit-tests
  echo 'stop build unit-tests it hangs' | buildbot shell

'help' lists the commands, 'help COMMAND' says more about one.
Exit codes: 0 all was carried out, 1 something was not, or no master answers, 2 wrong usage")]
pub(super) struct Shell {
    /// The master's base directory
    #[arg(long, default_value = ".", value_name = "DIR")]
    dir: PathBuf,
    /// What to do; without it, lines of the input
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    command: Vec<String>,
}

impl Shell {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let base_dir = base_dir(&self.dir)?;
        if !self.command.is_empty() {
            return Ok(exit_code(carry_out(&base_dir, joined(&self.command))?));
        }
        let is_asked = io::stdin().is_terminal();
        if is_asked {
            say("'help' lists the commands; 'exit' leaves.");
        }
        let mut all_done = true;
        let mut lines = io::stdin().lock().lines();
        loop {
            if is_asked {
                prompt();
            }
            let Some(line) = lines.next().transpose()? else { return Ok(exit_code(all_done)) };
            match line.trim() {
                "" => {}
                "exit" | "quit" => return Ok(exit_code(all_done)),
                line => all_done &= carry_out(&base_dir, line.to_owned())?,
            }
        }
    }
}

fn prompt() {
    let mut out = io::stdout();
    // A terminal that is gone shows as the end of the input.
    let _ = write!(out, "buildbot> ").and_then(|()| out.flush());
}

fn exit_code(all_done: bool) -> ExitCode {
    if all_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Arguments as a line that is split into the same words.
fn joined(words: &[String]) -> String {
    let quoted = |word: &String| {
        let is_plain =
            !word.is_empty() && !word.contains(|letter: char| letter.is_whitespace() || "\"'\\".contains(letter));
        if is_plain { word.clone() } else { format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")) }
    };
    words.iter().map(quoted).collect::<Vec<String>>().join(" ")
}

/// Says what a line is answered, and whether it was carried out.
fn carry_out(base_dir: &Path, line: String) -> anyhow::Result<bool> {
    let user = User::from_uid(geteuid()).ok().flatten().map_or_else(|| "somebody".to_owned(), |user| user.name);
    let request = Request::Command { line, asker: format!("{user} in a terminal") };
    match block_on(async { Ok(client::ask(base_dir, request, PATIENCE).await) })? {
        Ok(Response::Said { lines }) => {
            lines.iter().map(|line| harmless(line)).for_each(say);
            Ok(true)
        }
        Ok(Response::Failed { reason }) => {
            complain(harmless(&reason));
            Ok(false)
        }
        Ok(_) => bail!("the master is of another version; restart it to ask it this"),
        Err(error) => bail!("{}: {error}", base_dir.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_arrive_as_the_words_they_were() {
        let words = ["force", "build", "--props=a=b c", "it's", "\"x\\", ""].map(str::to_owned);
        assert_eq!(joined(&words), r#"force build "--props=a=b c" "it's" "\"x\\" """#);
    }
}
