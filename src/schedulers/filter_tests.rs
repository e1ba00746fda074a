//! Which changes pass a filter.

use super::*;
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{ChangeId, Properties, ScriptError, SourceStampId, Timestamp};

/// A function that nobody calls: tests answer for it.
struct Named(&'static str);

impl ScriptFunction for Named {
    fn call(&self, _: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        Ok(PropertyValue::Null)
    }

    fn name(&self) -> &str {
        self.0
    }

    fn location(&self) -> &str {
        "master.cfg:1"
    }

    fn digest(&self) -> &str {
        self.0
    }
}

fn change(branch: Option<&str>) -> Arc<Change> {
    Arc::new(Change {
        id: ChangeId(1),
        source_stamp_id: SourceStampId(1),
        parent_ids: Vec::new(),
        author: String::new(),
        committer: None,
        comments: String::new(),
        files: Vec::new(),
        revision: None,
        branch: branch.map(str::to_owned),
        category: None,
        revlink: None,
        repository: "https://git/x".to_owned(),
        project: "x".to_owned(),
        codebase: String::new(),
        properties: Properties::new(),
        when: Timestamp::default(),
    })
}

fn filter(attribute: ChangeAttribute, test: AttributeTest) -> Filter {
    Filter::new(&ChangeFilter { filter_fn: None, tests: vec![(attribute, test)] }).unwrap()
}

fn passes(filter: &Filter, branch: Option<&str>) -> bool {
    matches!(filter.judge(&change(branch), &Answers::default()), Verdict::Passes)
}

#[test]
fn no_branch_is_a_value_of_its_own() {
    let filter = filter(ChangeAttribute::Branch, AttributeTest::OneOf(vec![None, Some("main".to_owned())]));
    assert!(passes(&filter, None));
    assert!(passes(&filter, Some("main")));
    assert!(!passes(&filter, Some("")));
    assert!(!passes(&filter, Some("mainline")));
}

#[test]
fn a_pattern_matches_at_the_start_only() {
    let filter = filter(ChangeAttribute::Branch, AttributeTest::Matches(vec!["rel|x-rel".to_owned()]));
    assert!(passes(&filter, Some("release/1")));
    assert!(passes(&filter, Some("x-rel")));
    assert!(!passes(&filter, Some("my-rel")));
    assert!(!passes(&filter, None));
}

#[test]
fn a_pattern_that_cannot_be_used_is_named() {
    let config = ChangeFilter {
        filter_fn: None,
        tests: vec![(ChangeAttribute::Branch, AttributeTest::Matches(vec!["(x".to_owned()]))],
    };
    let error = Filter::new(&config).unwrap_err();
    assert_eq!(error.pattern, "(x");
    assert!(!error.why.is_empty(), "{error}");
}

#[test]
fn a_pattern_may_look_around() {
    let filter = filter(ChangeAttribute::Branch, AttributeTest::Matches(vec!["(?!main$|stable$)".to_owned()]));
    assert!(passes(&filter, Some("maintenance")));
    assert!(!passes(&filter, Some("stable")));
}

#[test]
fn a_pattern_that_would_take_for_ever_matches_nothing() {
    let slow = AttributeTest::Matches(vec![r"(?=(a+)+$)\1b".to_owned(), r"(a|a)*(?=c)".to_owned()]);
    let filter = filter(ChangeAttribute::Branch, slow);
    assert!(!passes(&filter, Some(&"a".repeat(60))));
}

#[test]
fn every_attribute_must_pass() {
    let config = ChangeFilter {
        filter_fn: None,
        tests: vec![
            (ChangeAttribute::Branch, AttributeTest::OneOf(vec![Some("main".to_owned())])),
            (ChangeAttribute::Project, AttributeTest::OneOf(vec![Some("y".to_owned())])),
        ],
    };
    assert!(!passes(&Filter::new(&config).unwrap(), Some("main")));
}

#[test]
fn functions_are_asked_attributes_first() {
    let config = ChangeFilter {
        filter_fn: Some(Callback(Arc::new(Named("whole")))),
        tests: vec![(ChangeAttribute::Branch, AttributeTest::Function(Callback(Arc::new(Named("branch")))))],
    };
    let filter = Filter::new(&config).unwrap();
    let change = change(Some("main"));
    let mut answers = Answers::default();
    let Verdict::Ask(questions) = filter.judge(&change, &answers) else { panic!("nothing asked") };
    assert_eq!(questions.iter().map(|question| question.function.0.name()).collect::<Vec<_>>(), ["branch"]);
    assert!(matches!(&questions[0].arguments()[..], [ScriptValue::Data(PropertyValue::Str(text))] if text == "main"));
    for question in questions {
        answers.add(question, Some(PropertyValue::Int(1)));
    }
    let Verdict::Ask(questions) = filter.judge(&change, &answers) else { panic!("nothing asked") };
    assert!(matches!(&questions[0].arguments()[..], [ScriptValue::Change(_)]));
    for question in questions {
        answers.add(question, Some(PropertyValue::Bool(false)));
    }
    assert!(matches!(filter.judge(&change, &answers), Verdict::Fails));
}

#[test]
fn a_function_that_fails_lets_the_change_pass() {
    let config = ChangeFilter { filter_fn: Some(Callback(Arc::new(Named("whole")))), tests: Vec::new() };
    let filter = Filter::new(&config).unwrap();
    let change = change(None);
    let mut answers = Answers::default();
    let Verdict::Ask(questions) = filter.judge(&change, &answers) else { panic!("nothing asked") };
    for question in questions {
        answers.add(question, None);
    }
    assert!(matches!(filter.judge(&change, &answers), Verdict::Passes));
}
