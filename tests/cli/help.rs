//! What both programs say of themselves: the help of every command against `help.txt`, and completions.
//!
//! `UPDATE_GOLDENS=1 cargo test --test cli` writes the file anew; look at the difference before you keep it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const PROGRAMS: [&str; 2] = ["buildbot", "buildbot-worker"];

/// A program, built beside this test.
fn program(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_buildbot")).with_file_name(name);
    assert!(path.exists(), "{} is not built: run `cargo build --workspace` first", path.display());
    path
}

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(program(name)).args(arguments).env_remove("COLUMNS").stdin(Stdio::null()).output().unwrap()
}

fn text(name: &str, arguments: &[&str]) -> String {
    let output = run(name, arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name} {arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn every_command_has_a_help_with_an_example_and_exit_codes() {
    let mut found = String::new();
    for name in PROGRAMS {
        let help = text(name, &["--help"]);
        let commands = commands(&help);
        found += &format!("$ {name} --help\n{help}\n");
        for command in commands.iter().filter(|command| *command != "help") {
            let help = text(name, &[command, "--help"]);
            assert!(help.contains("\nExamples:\n") && help.contains("Exit codes: 0 "), "{name} {command}: {help}");
            found += &format!("$ {name} {command} --help\n{help}\n");
        }
    }
    let found: String = found.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    for line in found.lines() {
        assert!(line.chars().count() <= 112, "too long for a terminal: {line}");
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    let expected = fs::read_to_string(&golden).unwrap_or_default();
    assert!(found == expected, "tests/cli/help.txt is not what is said now:\n{found}");
}

#[test]
fn both_programs_say_their_version() {
    for name in PROGRAMS {
        assert_eq!(text(name, &["--version"]), format!("{name} {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn completions_know_every_command() {
    for name in PROGRAMS {
        let commands = commands(&text(name, &["--help"]));
        for shell in ["bash", "zsh", "fish"] {
            let script = text(name, &["completions", shell]);
            for command in &commands {
                assert!(script.contains(command.as_str()), "{shell}'s completions of {name} lack {command}");
            }
        }
    }
}

#[test]
fn a_wrong_command_is_answered_with_a_hint_and_code_2() {
    for name in PROGRAMS {
        let output = run(name, &["strat"]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains("start") && stderr.contains("--help"), "{stderr}");
    }
}
