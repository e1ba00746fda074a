//! Counting warnings in the output of a compiler.

pub mod suppression;

pub use self::suppression::SuppressionError;
use self::suppression::{Suppression, parse_file};
use super::config::{WarningCountingConfig, WarningExtractor};
use super::patterns::Pattern;
pub use super::patterns::PatternError;
use crate::domain::Stream;
use crate::domain::log::LineObserver;

/// What `warningPattern` is if the configuration does not say: the word, then a colon or a blank, anywhere in the line.
pub const DEFAULT_WARNING_PATTERN: &str = r"(?i).*warning(?: |:)";
/// What make prints when it descends, in its English forms of all ages.
pub const DEFAULT_DIRECTORY_ENTER_PATTERN: &str = r#"\S*make\S*: Entering directory ["'`’](.+)["'`’]"#;
/// What make prints when it comes back.
pub const DEFAULT_DIRECTORY_LEAVE_PATTERN: &str = r#"\S*make\S*: Leaving directory ["'`’](.+)["'`’]"#;

/// Text of warnings beyond this is counted but not kept.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// What is a warning, and where.
#[derive(Debug)]
pub struct WarningRules {
    warning: Pattern,
    enter: Option<Pattern>,
    leave: Option<Pattern>,
    suppressions: Vec<Suppression>,
    extraction: Extraction,
}

/// How lines that match are taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extraction {
    Groups,
    WholeLine,
    /// By somebody else, afterwards.
    Later,
}

/// A line that matched, for somebody else to take apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub line: String,
    /// What the pattern matched, and what its groups did.
    pub groups: Vec<Option<String>>,
    /// Where make was.
    directory: String,
}

impl WarningRules {
    /// Compiles the expressions of a configuration.
    pub fn new(config: &WarningCountingConfig) -> Result<Self, PatternError> {
        let optional = |pattern: &Option<String>| pattern.as_deref().map(Pattern::new).transpose();
        let suppressions = config.suppression_list.iter().map(Suppression::new).collect::<Result<_, _>>()?;
        Ok(Self {
            warning: Pattern::new(&config.warning_pattern)?,
            enter: optional(&config.directory_enter_pattern)?,
            leave: optional(&config.directory_leave_pattern)?,
            suppressions,
            extraction: match config.extractor {
                WarningExtractor::Groups => Extraction::Groups,
                WarningExtractor::WholeLine => Extraction::WholeLine,
                WarningExtractor::Function(_) => Extraction::Later,
            },
        })
    }

    /// Adds the suppressions that a file lists.
    pub fn suppress_by_file(&mut self, text: &str) -> Result<(), SuppressionError> {
        self.suppressions.extend(parse_file(text)?);
        Ok(())
    }
}

/// A line that is a warning, taken apart as far as the pattern's groups allow.
#[derive(Debug, PartialEq)]
pub struct Warning<'t> {
    pub file: Option<String>,
    pub line: Option<i64>,
    pub text: &'t str,
}

/// Sees the output and counts.
pub struct WarningCounter {
    rules: WarningRules,
    /// Where make is; absolute ones replace those outside.
    directories: Vec<String>,
    count: i64,
    kept: String,
    seen: Vec<Seen>,
    /// Bytes of lines in `seen`.
    n_seen: usize,
}

impl WarningCounter {
    pub fn new(rules: WarningRules) -> Self {
        Self { rules, directories: Vec::new(), count: 0, kept: String::new(), seen: Vec::new(), n_seen: 0 }
    }

    /// Lines that wait to be taken apart: at most 16 MiB of them; further ones are counted as they are.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        self.n_seen = 0;
        std::mem::take(&mut self.seen)
    }

    /// Takes account of a line that somebody took apart into file, number of the line, and text.
    pub fn judge(&mut self, seen: &Seen, file: Option<&str>, line: Option<i64>, text: &str) {
        let file = file.map(|file| join(&seen.directory, file));
        let warning = Warning { file, line, text };
        if !self.rules.suppressions.iter().any(|suppression| suppression.covers(&warning)) {
            self.count(&seen.line);
        }
    }

    fn count(&mut self, line: &str) {
        self.count = self.count.saturating_add(1);
        if self.kept.len() + line.len() < MAX_KEPT_BYTES {
            self.kept.push_str(line);
            self.kept.push('\n');
        }
    }

    /// The number of warnings and their lines.
    pub fn take(&mut self) -> (i64, String) {
        (std::mem::take(&mut self.count), std::mem::take(&mut self.kept))
    }

    fn follow_directories(&mut self, line: &str) -> bool {
        let named = |pattern: &Option<Pattern>| {
            let captures = pattern.as_ref()?.at_start(line)?;
            Some(captures.get(1).map_or("", |name| name.as_str()).to_owned())
        };
        if let Some(directory) = named(&self.rules.enter) {
            self.directories.push(directory);
            true
        } else if named(&self.rules.leave).is_some() {
            self.directories.pop();
            true
        } else {
            false
        }
    }

    fn is_suppressed(&self, line: &str) -> Option<bool> {
        let captures = self.rules.warning.at_start(line)?;
        let group = |number| captures.get(number).map(|group| group.as_str());
        let warning = match (group(1), group(2), group(3)) {
            (Some(file), Some(number), Some(text)) if self.rules.extraction != Extraction::WholeLine => {
                Warning { file: Some(join(&self.directory(), file)), line: number.parse().ok(), text }
            }
            _ => Warning { file: None, line: None, text: line },
        };
        Some(self.rules.suppressions.iter().any(|suppression| suppression.covers(&warning)))
    }

    /// Keeps a line that matches for later; `false` if it does not, or there is no room.
    fn keep_for_later(&mut self, line: &str) -> bool {
        if self.rules.extraction != Extraction::Later || MAX_KEPT_BYTES < self.n_seen + line.len() {
            return false;
        }
        let Some(captures) = self.rules.warning.at_start(line) else { return false };
        let groups = captures.iter().map(|group| group.map(|group| group.as_str().to_owned())).collect();
        self.n_seen += line.len();
        let seen = Seen { line: line.to_owned(), groups, directory: self.directory() };
        self.seen.push(seen);
        true
    }

    /// The directory that make is in.
    fn directory(&self) -> String {
        let is_absolute = |path: &String| path.starts_with('/');
        let from = self.directories.iter().rposition(is_absolute).unwrap_or(0);
        let inner = self.directories.iter().skip(from).map(String::as_str);
        inner.filter(|directory| !directory.is_empty()).collect::<Vec<_>>().join("/")
    }
}

/// A file below a directory.
fn join(directory: &str, file: &str) -> String {
    if file.is_empty() || file.starts_with('/') || directory.is_empty() {
        return file.to_owned();
    }
    format!("{directory}/{file}")
}

impl LineObserver for WarningCounter {
    fn line(&mut self, stream: Stream, line: &str) {
        if stream == Stream::Header || self.follow_directories(line) || self.keep_for_later(line) {
            return;
        }
        if self.is_suppressed(line) == Some(false) {
            self.count(line);
        }
    }
}

#[cfg(test)]
mod tests;
