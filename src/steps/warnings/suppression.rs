//! Warnings that are not counted: by file, by text and by line.

use super::Warning;
use crate::steps::config::SuppressionConfig;
use crate::steps::patterns::{Pattern, PatternError};

/// The reason a suppression file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SuppressionError {
    #[error("line {line} of the suppression file is not `file : text` or `file : text : from-to`")]
    Form { line: usize },
    #[error("line {line} of the suppression file")]
    Pattern { line: usize, source: PatternError },
}

/// One rule; what it does not say holds for all.
#[derive(Debug)]
pub struct Suppression {
    file: Option<Pattern>,
    text: Option<Pattern>,
    lines: Option<(i64, i64)>,
}

impl Suppression {
    pub fn new(config: &SuppressionConfig) -> Result<Self, PatternError> {
        Ok(Self {
            file: config.file.as_deref().map(Pattern::new).transpose()?,
            text: config.text.as_deref().map(Pattern::new).transpose()?,
            lines: config.lines,
        })
    }

    /// Whether the warning is not counted. A rule for files covers a warning whose file is not known.
    pub fn covers(&self, warning: &Warning<'_>) -> bool {
        let by_file = match (&self.file, &warning.file) {
            (Some(pattern), Some(file)) => pattern.at_start(file).is_some(),
            _ => true,
        };
        let by_line = match (self.lines, warning.line) {
            (Some((first, last)), Some(line)) => (first..=last).contains(&line),
            (Some(_), None) => false,
            (None, _) => true,
        };
        by_file && by_line && self.text.as_ref().is_none_or(|pattern| pattern.anywhere(warning.text))
    }
}

/// Reads a suppression file: `file : text` or `file : text : from-to`, with empty lines and `#` comments.
pub fn parse_file(text: &str) -> Result<Vec<Suppression>, SuppressionError> {
    let mut suppressions = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let config = parse_line(trimmed).ok_or(SuppressionError::Form { line: number })?;
        let suppression = Suppression::new(&config);
        suppressions.push(suppression.map_err(|source| SuppressionError::Pattern { line: number, source })?);
    }
    Ok(suppressions)
}

fn parse_line(line: &str) -> Option<SuppressionConfig> {
    let (file, rest) = line.split_once(':')?;
    let (text, lines) = match rest.rsplit_once(':') {
        Some((text, range)) => match parse_range(range.trim()) {
            Some(lines) => (text, Some(lines)),
            None => (rest, None),
        },
        None => (rest, None),
    };
    let (file, text) = (file.trim(), text.trim());
    if file.is_empty() || text.is_empty() {
        return None;
    }
    Some(SuppressionConfig { file: Some(file.to_owned()), text: Some(text.to_owned()), lines })
}

fn parse_range(text: &str) -> Option<(i64, i64)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warning(file: Option<&str>, line: Option<i64>) -> Warning<'static> {
        Warning { file: file.map(str::to_owned), line, text: "unused x" }
    }

    fn rule(file: Option<&str>, text: Option<&str>, lines: Option<(i64, i64)>) -> Suppression {
        let config = SuppressionConfig { file: file.map(str::to_owned), text: text.map(str::to_owned), lines };
        Suppression::new(&config).unwrap()
    }

    #[test]
    fn a_rule_covers_what_all_its_parts_match() {
        let known = warning(Some("d/a.c"), Some(5));
        assert!(rule(Some("d/a.c"), None, None).covers(&known));
        assert!(!rule(Some("a.c"), None, None).covers(&known));
        assert!(rule(None, Some("x$"), None).covers(&known));
        assert!(rule(Some("d/"), Some("unused"), Some((5, 5))).covers(&known));
        assert!(!rule(Some("d/"), Some("unused"), Some((6, 9))).covers(&known));
    }

    #[test]
    fn a_warning_without_a_place_is_covered_by_file_but_not_by_line() {
        let unknown = warning(None, None);
        assert!(rule(Some("b.c"), None, None).covers(&unknown));
        assert!(!rule(None, None, Some((1, 9))).covers(&unknown));
    }

    #[test]
    fn a_file_lists_rules_and_comments() {
        let rules = parse_file("# comment\n\n a.c : unused\nb.c : std::x : 3-7 \nc.c:y:4\n").unwrap();
        assert_eq!(rules.iter().map(|rule| rule.lines).collect::<Vec<_>>(), [None, Some((3, 7)), Some((4, 4))]);
        assert!(rules[1].text.as_ref().unwrap().anywhere("std::x"));
        assert!(matches!(parse_file("\nnonsense\n"), Err(SuppressionError::Form { line: 2 })));
        assert!(matches!(parse_file("a : ("), Err(SuppressionError::Pattern { line: 1, .. })));
    }
}
