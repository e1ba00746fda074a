//! Delivers a job over ssh: `buildbot tryserver` on the master's host gets it on its standard input.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use super::arguments::Wishes;

/// Runs the program for ssh, with the connections, keys and names that its own configuration knows.
pub(super) fn over_ssh(wishes: &Wishes, job: &[u8]) -> anyhow::Result<()> {
    let (Some(host), Some(jobdir)) = (&wishes.host, &wishes.jobdir) else {
        bail!("for ssh, --host=HOST and --jobdir=DIR are needed");
    };
    let words = words(wishes.ssh.as_deref().unwrap_or("ssh"))?;
    let Some((program, first)) = words.split_first() else { bail!("--ssh names no program") };
    let mut command = Command::new(program);
    command.args(first);
    if let Some(user) = &wishes.username {
        command.args(["-l", user]);
    }
    if let Some(port) = wishes.port {
        command.args(["-p", &port.to_string()]);
    }
    // What follows the host is put together again and read by a shell over there.
    command.args([host, &quoted(&wishes.buildbotbin), "tryserver", "--jobdir", &quoted(jobdir)]);
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

/// As a shell reads it; `~/` at the beginning stays what it is.
fn quoted(text: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "/._-~+=:@%".contains(character);
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
    fn what_a_shell_would_change_is_quoted() {
        assert_eq!(quoted("/srv/try"), "/srv/try");
        assert_eq!(quoted("~/try"), "~/try");
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted(""), "''");
    }
}
