//! `ChangeFilter`: which changes concern a scheduler (manual section "ChangeFilter").

mod why;

use std::borrow::Cow;
use std::sync::Arc;

use fancy_regex::{Regex, RegexBuilder};

use super::config::{AttributeTest, ChangeAttribute, ChangeFilter};
use super::question::{Answers, Question, Role};
use crate::domain::{Callback, Change, PropertyValue, ScriptValue};

/// The reason a filter cannot work.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("invalid regular expression '{pattern}': {why}")]
pub struct FilterError {
    pub pattern: String,
    pub why: String,
}

/// A filter with its regular expressions compiled.
#[derive(Clone, Debug)]
pub struct Filter {
    tests: Vec<(ChangeAttribute, Test)>,
    filter_fn: Option<Callback>,
}

#[derive(Clone, Debug)]
enum Test {
    OneOf(Vec<Option<String>>),
    NoneOf(Vec<Option<String>>),
    Matches(Vec<Regex>),
    MatchesNot(Vec<Regex>),
    Function(Callback),
}

/// What a filter says of a change.
#[derive(Clone, Debug)]
pub enum Verdict {
    Passes,
    Fails,
    /// It depends on these.
    Ask(Vec<Question>),
}

impl Filter {
    /// Compiles a filter. The configuration calls this to refuse a pattern that this program cannot use.
    pub fn new(config: &ChangeFilter) -> Result<Self, FilterError> {
        let tests = config
            .tests
            .iter()
            .map(|(attribute, test)| Ok((attribute.clone(), Test::new(test)?)))
            .collect::<Result<_, _>>()?;
        Ok(Self { tests, filter_fn: config.filter_fn.clone() })
    }

    /// All attributes must pass, then `filter_fn`, which is asked only about changes that got so far.
    pub fn judge(&self, change: &Arc<Change>, answers: &Answers) -> Verdict {
        let mut questions = Vec::new();
        for (position, (attribute, test)) in self.tests.iter().enumerate() {
            let value = value_of(change, attribute);
            let value = value.as_deref();
            let passes = match test {
                Test::OneOf(values) => values.iter().any(|wanted| wanted.as_deref() == value),
                Test::NoneOf(values) => values.iter().all(|unwanted| unwanted.as_deref() != value),
                Test::Matches(patterns) => value.is_some_and(|text| patterns.iter().any(|re| matches(re, text))),
                // No value is matched by nothing.
                Test::MatchesNot(patterns) => !value.is_some_and(|text| patterns.iter().any(|re| matches(re, text))),
                Test::Function(function) => match answers.get(change.id, Role::Attribute(position)) {
                    Some(answer) => answer,
                    None => {
                        let argument = ScriptValue::Data(PropertyValue::from(value.map(str::to_owned)));
                        questions.push(Question::new(function, change.id, Role::Attribute(position), argument));
                        true
                    }
                },
            };
            if !passes {
                return Verdict::Fails;
            }
        }
        if !questions.is_empty() {
            return Verdict::Ask(questions);
        }
        let Some(function) = &self.filter_fn else { return Verdict::Passes };
        match answers.get(change.id, Role::Filter) {
            Some(true) => Verdict::Passes,
            Some(false) => Verdict::Fails,
            None => {
                let argument = ScriptValue::Change(Arc::clone(change));
                Verdict::Ask(vec![Question::new(function, change.id, Role::Filter, argument)])
            }
        }
    }
}

impl Test {
    fn new(test: &AttributeTest) -> Result<Self, FilterError> {
        let compiled =
            |patterns: &[String]| patterns.iter().map(|pattern| compile(pattern)).collect::<Result<_, FilterError>>();
        Ok(match test {
            AttributeTest::OneOf(values) => Self::OneOf(values.clone()),
            AttributeTest::NoneOf(values) => Self::NoneOf(values.clone()),
            AttributeTest::Function(function) => Self::Function(function.clone()),
            AttributeTest::Matches(patterns) => Self::Matches(compiled(patterns)?),
            AttributeTest::MatchesNot(patterns) => Self::MatchesNot(compiled(patterns)?),
        })
    }
}

/// Steps back that a pattern may take in one text. Only one that looks around or back takes any, and it would hold up
/// all decisions meanwhile.
const MAX_BACKTRACKS: usize = 20_000;

/// Compiles one regular expression of the configuration.
pub fn compile(pattern: &str) -> Result<Regex, FilterError> {
    RegexBuilder::new(pattern).backtrack_limit(MAX_BACKTRACKS).build().map_err(|error| {
        let why = error.to_string();
        let why = why.lines().last().unwrap_or_default().trim().to_owned();
        FilterError { pattern: pattern.to_owned(), why }
    })
}

/// Whether the pattern matches at the start of the text, as Python's `re.match` has it. One that takes too long does not.
pub fn matches(pattern: &Regex, text: &str) -> bool {
    matches!(pattern.find(text), Ok(Some(found)) if found.start() == 0)
}

fn value_of<'change>(change: &'change Change, attribute: &ChangeAttribute) -> Option<Cow<'change, str>> {
    let text = match attribute {
        ChangeAttribute::Project => Some(change.project.as_str()),
        ChangeAttribute::Repository => Some(change.repository.as_str()),
        ChangeAttribute::Branch => change.branch.as_deref(),
        ChangeAttribute::Category => change.category.as_deref(),
        ChangeAttribute::Codebase => Some(change.codebase.as_str()),
        ChangeAttribute::Property(name) => {
            return match change.properties.get(name)? {
                PropertyValue::Null => None,
                PropertyValue::Str(text) => Some(Cow::Borrowed(text)),
                other => Some(Cow::Owned(other.to_string())),
            };
        }
    };
    text.map(Cow::Borrowed)
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
