//! `Sphinx`: whether documentation was made, and with how many warnings.

use super::{Exit, Reading, Verdict};
use crate::domain::Results;

/// What a line with a warning holds.
const SIGNS: [&str; 3] = ["WARNING", "ERROR", "SEVERE"];

/// The line after this one is the warning.
const TREATED_AS_ERROR: &str = "Warning, treated as error:";

/// Bytes of warnings that are kept for the log; all of them count.
const MAX_BYTES: usize = 1 << 20;

#[derive(Default)]
pub struct Sphinx {
    is_made: bool,
    is_next: bool,
    n_warnings: u64,
    warnings: String,
}

impl Reading for Sphinx {
    fn line(&mut self, line: &str) {
        if line.starts_with("build succeeded") || line.starts_with("no targets are out of date.") {
            self.is_made = true;
        } else if line.starts_with(TREATED_AS_ERROR) {
            self.is_next = true;
        } else if std::mem::take(&mut self.is_next) || SIGNS.iter().any(|sign| line.contains(sign)) {
            self.n_warnings += 1;
            if self.warnings.len() + line.len() < MAX_BYTES {
                self.warnings.push_str(line);
                self.warnings.push('\n');
            }
        }
    }

    fn verdict(&mut self, _: Exit) -> Verdict {
        let results = match (self.is_made, self.n_warnings) {
            (true, 0) => Results::Success,
            (true, _) => Results::Warnings,
            (false, _) => Results::Failure,
        };
        let logs = match self.n_warnings {
            0 => Vec::new(),
            _ => vec![("warnings".to_owned(), std::mem::take(&mut self.warnings))],
        };
        let words = Some(format!("{} warnings", self.n_warnings));
        Verdict { words, logs, ..Verdict::with(results) }
    }
}
