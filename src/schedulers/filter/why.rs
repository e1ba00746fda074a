//! What keeps a change from passing a filter, in words.

use std::sync::Arc;

use super::{Filter, Test, matches, value_of};
use crate::domain::{Callback, Change};
use crate::schedulers::config::ChangeAttribute;
use crate::schedulers::question::{Answers, Role};

impl Filter {
    /// The first test that the change does not pass, if answers are known for all functions.
    pub fn why_not(&self, change: &Arc<Change>, answers: &Answers) -> Option<String> {
        for (position, (attribute, test)) in self.tests.iter().enumerate() {
            let value = value_of(change, attribute);
            let answer = answers.get(change.id, Role::Attribute(position));
            if let Some(text) = failing(attribute, test, value.as_deref(), answer) {
                return Some(text);
            }
        }
        let function = self.filter_fn.as_ref()?;
        (answers.get(change.id, Role::Filter) == Some(false)).then(|| format!("{} does not want it", place(function)))
    }
}

fn failing(attribute: &ChangeAttribute, test: &Test, value: Option<&str>, answer: Option<bool>) -> Option<String> {
    let name = name_of(attribute);
    let is = value.map_or_else(|| format!("it has no {name}"), |value| format!("its {name} is '{value}'"));
    match test {
        Test::OneOf(values) if values.iter().all(|wanted| wanted.as_deref() != value) => {
            Some(format!("{is}, and only {} is wanted", listed(values)))
        }
        Test::NoneOf(values) if values.iter().any(|unwanted| unwanted.as_deref() == value) => {
            Some(format!("{is}, which is excluded"))
        }
        Test::Matches(patterns) if !value.is_some_and(|text| patterns.iter().any(|re| matches(re, text))) => {
            let patterns: Vec<String> = patterns.iter().map(|re| format!("'{re}'")).collect();
            Some(format!("{is}, and only what matches {} is wanted", patterns.join(" or ")))
        }
        Test::MatchesNot(patterns) => {
            let pattern = patterns.iter().find(|re| value.is_some_and(|text| matches(re, text)))?;
            Some(format!("{is}, and what matches '{pattern}' is excluded"))
        }
        Test::Function(function) if answer == Some(false) => {
            Some(format!("{is}, which {} does not want", place(function)))
        }
        _ => None,
    }
}

fn name_of(attribute: &ChangeAttribute) -> String {
    match attribute {
        ChangeAttribute::Project => "project".to_owned(),
        ChangeAttribute::Repository => "repository".to_owned(),
        ChangeAttribute::Branch => "branch".to_owned(),
        ChangeAttribute::Category => "category".to_owned(),
        ChangeAttribute::Codebase => "codebase".to_owned(),
        ChangeAttribute::Property(name) => format!("property {name}"),
    }
}

fn listed(values: &[Option<String>]) -> String {
    let values: Vec<String> =
        values.iter().map(|value| value.as_ref().map_or("none".to_owned(), |value| format!("'{value}'"))).collect();
    values.join(" or ")
}

fn place(function: &Callback) -> String {
    format!("{} at {}", function.0.name(), function.0.location())
}
