//! Counting warnings in the output of a compiler.

pub mod suppression;

pub use self::suppression::SuppressionError;
use self::suppression::{Suppression, parse_file};
use super::config::WarningCountingConfig;
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
}

impl WarningCounter {
    pub fn new(rules: WarningRules) -> Self {
        Self { rules, directories: Vec::new(), count: 0, kept: String::new() }
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
            (Some(file), Some(number), Some(text)) => {
                Warning { file: Some(self.locate(file)), line: number.parse().ok(), text }
            }
            _ => Warning { file: None, line: None, text: line },
        };
        Some(self.rules.suppressions.iter().any(|suppression| suppression.covers(&warning)))
    }

    /// A file below the directory make is in.
    fn locate(&self, file: &str) -> String {
        let is_absolute = |path: &str| path.starts_with('/');
        if file.is_empty() || is_absolute(file) {
            return file.to_owned();
        }
        let from = self.directories.iter().rposition(|directory| is_absolute(directory)).unwrap_or(0);
        let inner = self.directories.iter().skip(from).map(String::as_str);
        inner.filter(|directory| !directory.is_empty()).chain([file]).collect::<Vec<_>>().join("/")
    }
}

impl LineObserver for WarningCounter {
    fn line(&mut self, stream: Stream, line: &str) {
        if stream == Stream::Header || self.follow_directories(line) {
            return;
        }
        if self.is_suppressed(line) == Some(false) {
            self.count = self.count.saturating_add(1);
            if self.kept.len() + line.len() < MAX_KEPT_BYTES {
                self.kept.push_str(line);
                self.kept.push('\n');
            }
        }
    }
}

#[cfg(test)]
mod tests;
