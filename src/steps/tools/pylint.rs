//! `PyLint`: what pylint finds in Python files, in its own form of output or in the one called parseable. Errors are a
//! failure, all else are warnings.

use regex::Regex;

use super::findings::Findings;
use super::{Exit, Reading, Verdict};
use crate::domain::Results;

/// Letters of the kinds, in the order of their names.
const KINDS: [(&str, &str); 6] =
    [("C", "convention"), ("E", "error"), ("F", "fatal"), ("I", "info"), ("R", "refactor"), ("W", "warning")];

/// `path:line:column: C0114: text`, `path:line: [C0114(name), object] text` and, before pylint 2, `C:  1, 0: text`.
const FORMS: [&str; 3] = [
    r"^[^:]+:\d+:\d+: *([CEFIRW])\d*:.",
    r"^[^:]+:\d+: \[([CEFIRW])\d*(?:\([a-z-]+\))?[,\]] .",
    r"^([CEFIRW])\d*: *\d+(?:, *\d+)?:.",
];

/// Bits of the exit code: fatal, error, wrong usage.
const BAD: i64 = 1 | 2 | 32;

pub struct PyLint {
    findings: Findings,
    forms: Vec<Regex>,
}

impl Default for PyLint {
    fn default() -> Self {
        let forms = FORMS.iter().map(|form| Regex::new(form).expect("these patterns are tested"));
        Self { findings: Findings::of(&KINDS.map(|(_, kind)| kind)), forms: forms.collect() }
    }
}

impl Reading for PyLint {
    fn line(&mut self, line: &str) {
        let Some(found) = self.forms.iter().find_map(|form| form.captures(line)) else { return };
        if let Some((_, kind)) = KINDS.iter().find(|(letter, _)| *letter == &found[1]) {
            self.findings.add(kind, line);
        }
    }

    fn verdict(&mut self, exit: Exit) -> Verdict {
        let is_bad = exit.rc < 0 || exit.rc & BAD != 0;
        let results = if is_bad || self.findings.count("fatal") != 0 || self.findings.count("error") != 0 {
            Results::Failure
        } else if self.findings.total() != 0 {
            Results::Warnings
        } else {
            Results::Success
        };
        let (words, properties) = (self.findings.words(), self.findings.properties("pylint"));
        Verdict { results, words, properties, source: "Pylint", logs: self.findings.logs() }
    }
}
