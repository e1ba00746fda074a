//! `util.ChangeFilter`.

use super::fields::Fields;
use super::values;
use crate::config::script::Raw;
use crate::config::table;
use crate::schedulers::config::{AttributeTest, ChangeAttribute, ChangeFilter};

pub fn change_filter(fields: &Fields<'_>) -> ChangeFilter {
    let mut filter = ChangeFilter { filter_fn: fields.callback("filter_fn"), tests: Vec::new() };
    let attributes = [
        (ChangeAttribute::Project, "project"),
        (ChangeAttribute::Repository, "repository"),
        (ChangeAttribute::Branch, "branch"),
        (ChangeAttribute::Category, "category"),
        (ChangeAttribute::Codebase, "codebase"),
    ];
    for (attribute, name) in attributes {
        let tests = tests_of(fields, name).into_iter().map(|test| (attribute.clone(), test));
        filter.tests.extend(tests);
    }
    let mut of_properties = |name: &str, test: fn(&Raw) -> AttributeTest| {
        let value = fields.value(name);
        let tests = values::named(&value).map(|(name, value)| (ChangeAttribute::Property(name), test(&value)));
        filter.tests.extend(tests);
    };
    of_properties("property_eq", one_of);
    of_properties("property_not_eq", |value| AttributeTest::NoneOf(texts(value)));
    of_properties("property_re", |value| AttributeTest::Matches(patterns(value)));
    of_properties("property_not_re", |value| AttributeTest::MatchesNot(patterns(value)));
    filter
}

fn tests_of(fields: &Fields<'_>, name: &str) -> Vec<AttributeTest> {
    let mut tests = named_tests(fields, name, name);
    if let Some(callback) = fields.callback(&format!("{name}_fn")) {
        tests.push(AttributeTest::Function(callback));
    }
    tests
}

/// The tests of an attribute; `equal` is the argument that says what it must be.
pub fn named_tests(fields: &Fields<'_>, name: &str, equal: &str) -> Vec<AttributeTest> {
    let mut tests = Vec::new();
    // None is a value for the branch only: a change without a branch.
    let was_named =
        |argument: &str| fields.was_given(argument) || (name == "branch" && fields.object.argument(argument).is_some());
    if was_named(equal) {
        tests.push(one_of(&fields.value(equal)));
    }
    let not_equal = format!("{name}_not_eq");
    if was_named(&not_equal) {
        tests.push(AttributeTest::NoneOf(texts(&fields.value(&not_equal))));
    }
    if let Some(value) = fields.optional(&format!("{name}_re")) {
        tests.push(AttributeTest::Matches(patterns(&value)));
    }
    if let Some(value) = fields.optional(&format!("{name}_not_re")) {
        tests.push(AttributeTest::MatchesNot(patterns(&value)));
    }
    tests
}

pub fn one_of(value: &Raw) -> AttributeTest {
    AttributeTest::OneOf(texts(value))
}

fn texts(value: &Raw) -> Vec<Option<String>> {
    let text = |value: &Raw| match value {
        Raw::Text(text) => Some(text.clone()),
        Raw::None => None,
        other => other.to_plain().map(|plain| plain.to_string()),
    };
    match value {
        Raw::List(items) => items.iter().map(text).collect(),
        other => vec![text(other)],
    }
}

fn patterns(value: &Raw) -> Vec<String> {
    match value {
        Raw::List(items) => items.iter().filter_map(table::pattern).collect(),
        other => table::pattern(other).into_iter().collect(),
    }
}
