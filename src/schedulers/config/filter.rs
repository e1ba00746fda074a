//! What the configuration says of changes that concern a scheduler.

use crate::domain::Callback;

/// `util.ChangeFilter`: a change passes if every test does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeFilter {
    pub filter_fn: Option<Callback>,
    pub tests: Vec<(ChangeAttribute, AttributeTest)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeAttribute {
    Project,
    Repository,
    Branch,
    Category,
    Codebase,
    /// A property of the change; as no value if the change does not have it.
    Property(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum AttributeTest {
    /// One of these values; `None` stands for "no value", as in a change without a branch.
    OneOf(Vec<Option<String>>),
    /// None of these values.
    NoneOf(Vec<Option<String>>),
    /// Any of these regular expressions matches at the start.
    Matches(Vec<String>),
    /// None of these regular expressions matches at the start.
    MatchesNot(Vec<String>),
    Function(Callback),
}
