//! Regular expressions of the configuration, with the two ways in which Python applies them.

use regex::{Captures, Regex};

/// The reason a regular expression cannot be used. Look-around and back-references are not supported.
#[derive(Debug, thiserror::Error)]
#[error("invalid regular expression {pattern:?}: {message}")]
pub struct PatternError {
    pub pattern: String,
    pub message: String,
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        Regex::new(pattern).map(Self).map_err(|error| PatternError {
            pattern: pattern.to_owned(),
            // The last line says what is wrong; those above draw the place with carets.
            message: error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
        })
    }

    /// As Python's `match`: the expression begins where the text does.
    pub fn at_start<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        // Of all matches the engine reports the leftmost, so one at the start is found if there is one.
        self.0.captures(text).filter(|captures| captures.get(0).is_some_and(|whole| whole.start() == 0))
    }

    /// As Python's `search`: anywhere.
    pub fn anywhere(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matching_begins_at_the_start_and_searching_anywhere() {
        let pattern = Pattern::new("b|ab").unwrap();
        assert!(pattern.at_start("ab").is_some());
        assert!(pattern.at_start("xab").is_none());
        assert!(pattern.anywhere("xab"));
    }

    #[test]
    fn an_invalid_expression_is_named() {
        let error = Pattern::new("(?=x)").unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid regular expression \"(?=x)\": look-around, including look-ahead and look-behind, is not supported"
        );
    }
}
