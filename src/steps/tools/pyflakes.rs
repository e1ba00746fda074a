//! `PyFlakes`: what pyflakes finds in Python files. Undefined names are a failure, all else are warnings.

use super::findings::Findings;
use super::{Exit, Reading, Verdict};
use crate::domain::Results;

const KINDS: [&str; 5] = ["unused", "undefined", "redefs", "import*", "misc"];

/// What a line says, and its kind; lines that say nothing of this are `misc`.
const SIGNS: [(&str, &str); 4] = [
    ("imported but unused", "unused"),
    ("*' used; unable to detect undefined names", "import*"),
    ("undefined name", "undefined"),
    ("redefinition of unused", "redefs"),
];

pub struct PyFlakes {
    findings: Findings,
    /// `make` echoes its commands, which have no colon, before the first finding, which has.
    has_begun: bool,
    has_syntax_error: bool,
}

impl Default for PyFlakes {
    fn default() -> Self {
        Self { findings: Findings::of(&KINDS), has_begun: false, has_syntax_error: false }
    }
}

impl Reading for PyFlakes {
    fn line(&mut self, line: &str) {
        self.has_begun |= line.contains(':');
        if !self.has_begun {
            return;
        }
        self.has_syntax_error |= line.contains("invalid syntax");
        let kind = SIGNS.iter().find(|(sign, _)| line.contains(sign)).map_or("misc", |(_, kind)| kind);
        self.findings.add(kind, line);
    }

    fn verdict(&mut self, exit: Exit) -> Verdict {
        let results = match exit.rc {
            _ if self.has_syntax_error || self.findings.count("undefined") != 0 => Results::Failure,
            0 | 1 if self.findings.total() != 0 => Results::Warnings,
            0 => Results::Success,
            // It ends with 1 for whatever it found.
            1 => Results::Warnings,
            _ => Results::Failure,
        };
        let words = self.findings.words();
        if self.has_syntax_error {
            let text = self.findings.logs().into_iter().map(|(_, text)| text).collect();
            return Verdict { words, logs: vec![("syntax-error".to_owned(), text)], ..Verdict::with(results) };
        }
        let properties = self.findings.properties("pyflakes");
        Verdict { results, words, properties, source: "pyflakes", logs: self.findings.logs() }
    }
}
