//! Wrong configurations and what is said about them: place, text, carets.

use std::fs;
use std::path::Path;

use super::{BASE, LINES, load};
use crate::config::MasterConfig;

/// Errors of the base with more lines; the lines are numbered as if they were the whole file.
fn errors(more: &str) -> String {
    let errors = match load(&format!("{BASE}{more}")) {
        Ok(config) => return warnings(&config),
        Err(errors) => errors,
    };
    let lines = errors.iter().map(|error| {
        let mut error = error.clone();
        error.line = error.line.saturating_sub(LINES);
        error.to_string()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What a configuration without errors is warned of, and what keeps a master from starting with it.
fn warnings(config: &MasterConfig) -> String {
    let notes = config.not_available.iter().map(|note| format!("note: {}", note.message));
    let warnings = config.warnings.iter().map(|warning| {
        let place = warning.split(": ").next().unwrap_or_default();
        format!("warning: {}", warning.trim_start_matches(place).trim_start_matches(": "))
    });
    let all: Vec<String> = warnings.chain(notes).collect();
    if all.is_empty() { "nothing is wrong".to_owned() } else { all.join("\n") }
}

/// Cases of `errors.txt`: name, lines, what is said about them.
fn cases(text: &str) -> Vec<(&str, &str, &str)> {
    fn case(text: &str) -> Option<(&str, &str, &str)> {
        let (name, rest) = text.split_once('\n')?;
        let (lines, expected) = rest.split_once("\n--\n")?;
        Some((name, lines, expected.trim_end()))
    }
    text.split("\n== ").skip(1).map(|text| case(text).expect("a case has three parts")).collect()
}

#[test]
fn wrong_configurations_say_what_and_where() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/tests/errors.txt");
    let before = fs::read_to_string(&path).unwrap();
    let cases = cases(&before);
    assert!(100 <= cases.len());
    let (mut wrong, mut all) = (Vec::new(), String::new());
    for (name, text, expected) in cases {
        let found = errors(text);
        all += &format!("== {name}\n{text}\n--\n{found}\n");
        if found != expected {
            wrong.push(format!("== {name}\n{text}\n--\n{found}"));
        }
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        let head = before.split("== ").next().unwrap_or_default();
        fs::write(path, format!("{head}{all}")).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "what is said has changed:\n{}", wrong.join("\n"));
}

#[test]
fn all_errors_of_a_file_are_reported_together() {
    let found = errors(
        "c['titel'] = 1\nc['workers'].append(worker.Worker('w1', 7))\nf.addStep(steps.ShellCommand(comand='x'))\n",
    );
    assert_eq!(found.matches("^\n").count() + 1, 5, "{found}");
}

#[test]
fn a_file_without_a_configuration_is_refused() {
    assert_eq!(load("x = 1\n").unwrap_err().to_string(), "master.cfg: the file does not set 'BuildmasterConfig'");
    let found = load("c = BuildmasterConfig = {}\n").unwrap_err().to_string();
    assert!(found.contains("master.cfg:1:5: no workers are configured"), "{found}");
    assert!(found.contains("no builders are configured"), "{found}");
}
