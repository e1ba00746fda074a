//! `SourceStampFilter`: which sources a canceller is about (manual section "SourceStampFilter").

use fancy_regex::Regex;

use super::config::{AttributeTest, StampAttribute, StampFilter};
use super::filter::{FilterError, compile, matches};
use crate::domain::{Callback, StampSpec};

/// A filter with its regular expressions compiled.
#[derive(Clone, Debug)]
pub struct StampMatcher {
    tests: Vec<(StampAttribute, Test)>,
    /// Asked about sources that pass all tests.
    filter_fn: Option<Callback>,
}

#[derive(Clone, Debug)]
struct Test {
    /// Values, or none.
    values: Vec<Option<String>>,
    patterns: Vec<Regex>,
    /// Whether something has to fit, or nothing may.
    wants: bool,
}

/// What a filter says of a source.
#[derive(Clone, Debug)]
pub enum StampVerdict {
    Passes,
    Fails,
    /// It depends on this function.
    Ask(Callback),
}

impl StampMatcher {
    /// Compiles a filter. The configuration calls this to refuse a pattern that this program cannot use.
    pub fn new(config: &StampFilter) -> Result<Self, FilterError> {
        let mut tests = Vec::new();
        for (attribute, test) in &config.tests {
            let (values, patterns, wants) = match test {
                AttributeTest::OneOf(values) => (values.clone(), [].as_slice(), true),
                AttributeTest::NoneOf(values) => (values.clone(), [].as_slice(), false),
                AttributeTest::Matches(patterns) => (Vec::new(), patterns.as_slice(), true),
                AttributeTest::MatchesNot(patterns) => (Vec::new(), patterns.as_slice(), false),
                // The table has no such argument.
                AttributeTest::Function(_) => continue,
            };
            let patterns = patterns.iter().map(|pattern| compile(pattern)).collect::<Result<_, _>>()?;
            tests.push((*attribute, Test { values, patterns, wants }));
        }
        Ok(Self { tests, filter_fn: config.filter_fn.clone() })
    }

    pub fn judge(&self, stamp: &StampSpec) -> StampVerdict {
        if !self.tests.iter().all(|(attribute, test)| test.passes(value_of(stamp, *attribute))) {
            return StampVerdict::Fails;
        }
        match &self.filter_fn {
            Some(function) => StampVerdict::Ask(function.clone()),
            None => StampVerdict::Passes,
        }
    }
}

impl Test {
    fn passes(&self, value: Option<&str>) -> bool {
        let fits = self.values.iter().any(|wanted| wanted.as_deref() == value)
            || value.is_some_and(|text| self.patterns.iter().any(|pattern| matches(pattern, text)));
        fits == self.wants
    }
}

fn value_of(stamp: &StampSpec, attribute: StampAttribute) -> Option<&str> {
    match attribute {
        StampAttribute::Project => Some(&stamp.project),
        StampAttribute::Repository => Some(&stamp.repository),
        StampAttribute::Branch => stamp.branch.as_deref(),
        StampAttribute::Codebase => Some(&stamp.codebase),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(attribute: StampAttribute, test: AttributeTest, stamp: &StampSpec) -> bool {
        let config = StampFilter { filter_fn: None, tests: vec![(attribute, test)] };
        matches!(StampMatcher::new(&config).unwrap().judge(stamp), StampVerdict::Passes)
    }

    fn stamp() -> StampSpec {
        StampSpec {
            project: "p".into(),
            repository: "r".into(),
            branch: Some("feature/x".into()),
            ..StampSpec::default()
        }
    }

    #[test]
    fn each_kind_of_test_says_yes_and_no() {
        let texts = |text: &str| vec![text.to_owned()];
        let values = |text: &str| vec![Some(text.to_owned())];
        for (text, expected) in [("feature/x", true), ("x", false)] {
            assert_eq!(verdict(StampAttribute::Branch, AttributeTest::OneOf(values(text)), &stamp()), expected);
            assert_eq!(verdict(StampAttribute::Branch, AttributeTest::NoneOf(values(text)), &stamp()), !expected);
            assert_eq!(verdict(StampAttribute::Branch, AttributeTest::Matches(texts(text)), &stamp()), expected);
            assert_eq!(verdict(StampAttribute::Branch, AttributeTest::MatchesNot(texts(text)), &stamp()), !expected);
        }
        assert!(verdict(StampAttribute::Project, AttributeTest::OneOf(values("p")), &stamp()));
        assert!(verdict(StampAttribute::Repository, AttributeTest::OneOf(values("r")), &stamp()));
        assert!(verdict(StampAttribute::Codebase, AttributeTest::OneOf(values("")), &stamp()));
    }

    #[test]
    fn no_branch_is_a_value_that_no_pattern_matches() {
        let none = StampSpec { branch: None, ..stamp() };
        assert!(verdict(StampAttribute::Branch, AttributeTest::OneOf(vec![None]), &none));
        assert!(!verdict(StampAttribute::Branch, AttributeTest::Matches(vec![".*".into()]), &none));
        assert!(verdict(StampAttribute::Branch, AttributeTest::MatchesNot(vec![".*".into()]), &none));
    }
}
