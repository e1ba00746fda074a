//! Delivers a job over ssh: `buildbot tryserver` on the master's host gets it on its standard input.
//!
//! The connection is our own. Whoever names a program by `--ssh`, such as `ssh` itself or `plink`, gets that one
//! started, with the arguments that Buildbot gives it.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::arguments::Wishes;
use super::ssh::{self, Destination, Wanted};
use crate::cli::output::complain;
use crate::cli::paint::harmless;

/// Puts the job into the directory of a `Try_Jobdir`.
pub(super) fn over_ssh(wishes: &Wishes, job: &[u8]) -> anyhow::Result<()> {
    let (Some(host), Some(jobdir)) = (&wishes.host, &wishes.jobdir) else {
        bail!("for ssh, --host=HOST and --jobdir=DIR are needed");
    };
    let there = tryserver(&wishes.buildbotbin, jobdir);
    match &wishes.ssh {
        Some(program) => by_program(program, wishes, (host, &there), job),
        None => {
            let wanted = Wanted { host, port: wishes.port, user: wishes.username.as_deref() };
            by_ourselves(wanted, &there.join(" "), job)
        }
    }
}

/// The command for the shell over there, which reads the name of the program as it was given: it may be several words.
fn tryserver(buildbotbin: &str, jobdir: &str) -> [String; 4] {
    [buildbotbin.to_owned(), "tryserver".to_owned(), "--jobdir".to_owned(), quoted(jobdir)]
}

fn by_ourselves(wanted: Wanted<'_>, command: &str, job: &[u8]) -> anyhow::Result<()> {
    let ended = ssh::run(&Destination::find(wanted)?, command, job).context("the job was not delivered")?;
    String::from_utf8_lossy(&ended.output).lines().for_each(|line| complain(harmless(line)));
    if ended.status != 0 {
        bail!("the job was not delivered: '{command}' ended with {} on {}", ended.status, wanted.host);
    }
    Ok(())
}

/// Runs a program for ssh, with the connections, keys and names that its own configuration knows.
fn by_program(program: &str, wishes: &Wishes, there: (&str, &[String]), job: &[u8]) -> anyhow::Result<()> {
    let words = words(program)?;
    let Some((program, first)) = words.split_first() else { bail!("--ssh names no program") };
    let mut command = Command::new(program);
    command.args(first);
    if let Some(user) = &wishes.username {
        command.args(["-l", user]);
    }
    if let Some(port) = wishes.port {
        command.args(["-p", &port.to_string()]);
    }
    let (host, words) = there;
    command.arg(host).args(words);
    let mut child = command.stdin(Stdio::piped()).spawn().with_context(|| format!("cannot run {program}"))?;
    let mut stdin = child.stdin.take().context("the program for ssh has no standard input")?;
    let written = stdin.write_all(job);
    drop(stdin);
    let status = child.wait().context("cannot wait for the program for ssh")?;
    if !status.success() {
        bail!("the job was not delivered: '{program}' ended with {status}");
    }
    written.context("the job was not delivered")
}

/// Splits a command at white space, as a shell does: quotes keep words together.
fn words(command: &str) -> anyhow::Result<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut quote = None;
    let mut within = false;
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        let next = match (quote, character) {
            (Some(open), close) if open == close => {
                quote = None;
                continue;
            }
            (None, '\'' | '"') => {
                quote = Some(character);
                None
            }
            (None, space) if space.is_whitespace() => {
                within = false;
                continue;
            }
            (None | Some('"'), '\\') => characters.next(),
            (_, other) => Some(other),
        };
        if !within {
            words.push(String::new());
            within = true;
        }
        words.last_mut().into_iter().for_each(|word| word.extend(next));
    }
    if quote.is_some() {
        bail!("a quote in --ssh is not closed");
    }
    Ok(words)
}

/// One word for a shell, which still expands `~/` and variables: they mean something over there.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-~+=:@%${}".contains(character);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        let split = |command: &str| words(command).unwrap();
        assert_eq!(split("ssh -i 'my key' -o\\ x"), ["ssh", "-i", "my key", "-o x"]);
        assert_eq!(split("\"a b\"c ''"), ["a bc", ""]);
        assert_eq!(split("  "), Vec::<String>::new());
        assert!(words("ssh 'x").is_err());
    }

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        assert_eq!(quoted("/srv/try"), "/srv/try");
        assert_eq!(quoted("~/try"), "~/try");
        assert_eq!(quoted("$HOME/try"), "$HOME/try");
        assert_eq!(quoted("it's here"), r"'it'\''s here'");
        assert_eq!(quoted("a;b"), "'a;b'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_program_over_there_may_be_several_words() {
        let command = tryserver("nice ~/bin/buildbot", "my jobs");
        assert_eq!(command.join(" "), "nice ~/bin/buildbot tryserver --jobdir 'my jobs'");
    }
}
