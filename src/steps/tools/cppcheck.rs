//! `Cppcheck`: what Cppcheck finds, in its old form of output. Errors are a failure, all else are warnings.

use regex::Regex;

use super::findings::Findings;
use super::{Exit, Reading, Verdict};
use crate::domain::Results;

const KINDS: [&str; 6] = ["error", "warning", "style", "performance", "portability", "information"];

/// `[file:line]: (kind) text`, of which the place may be missing.
const FORM: &str = r"^(?:\[.+\]: )?\(([a-z]+)\) .";

pub struct Cppcheck {
    findings: Findings,
    form: Regex,
}

impl Default for Cppcheck {
    fn default() -> Self {
        Self { findings: Findings::of(&KINDS), form: Regex::new(FORM).expect("this pattern is tested") }
    }
}

impl Reading for Cppcheck {
    fn line(&mut self, line: &str) {
        if let Some(found) = self.form.captures(line) {
            self.findings.add(&found[1], line);
        }
    }

    fn verdict(&mut self, exit: Exit) -> Verdict {
        let results = match exit.results {
            Results::Success if self.findings.count("error") != 0 => Results::Failure,
            Results::Success if self.findings.total() != 0 => Results::Warnings,
            other => other,
        };
        let (words, properties) = (self.findings.words(), self.findings.properties("cppcheck"));
        Verdict { results, words, properties, source: "Cppcheck", logs: self.findings.logs() }
    }
}
