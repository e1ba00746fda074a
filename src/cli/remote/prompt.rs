//! Asks for a password on the terminal, without showing it.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};

use anyhow::Context;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// Reads a line of the terminal with its echo off.
pub(in crate::cli) fn password(question: &str) -> anyhow::Result<String> {
    let mut terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/tty")
        .context("a password is needed, and there is no terminal to ask for it")?;
    write!(terminal, "{question}")?;
    let before = tcgetattr(&terminal).context("cannot switch off the echo of the terminal")?;
    let mut silent: Termios = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).context("cannot switch off the echo of the terminal")?;
    let mut line = String::new();
    let read = BufReader::new(&terminal).read_line(&mut line);
    tcsetattr(&terminal, SetArg::TCSAFLUSH, &before).context("cannot switch on the echo of the terminal")?;
    writeln!(terminal)?;
    read.context("cannot read the password")?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}
