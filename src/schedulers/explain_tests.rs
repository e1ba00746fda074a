//! What schedulers say of changes that they did not build.

use jiff::tz::TimeZone;

use super::*;
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{Callback, Properties, PropertyValue, ScriptError, ScriptValue, SourceStampId};
use crate::schedulers::config::{
    AttributeTest, BasicConfig, ChangeAttribute, ChangeFilter, SchedulerConfig, SchedulerKind, TriggerableConfig,
    WatchConfig,
};

struct Named;

impl ScriptFunction for Named {
    fn call(&self, _: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        Ok(PropertyValue::Null)
    }

    fn name(&self) -> &str {
        "is_code"
    }

    fn location(&self) -> &str {
        "master.cfg:7"
    }

    fn digest(&self) -> &str {
        "is_code"
    }
}

fn function() -> Callback {
    Callback(Arc::new(Named))
}

fn change() -> Arc<Change> {
    Arc::new(Change {
        id: ChangeId(5),
        source_stamp_id: SourceStampId(1),
        parent_ids: Vec::new(),
        author: "ada".to_owned(),
        committer: None,
        comments: String::new(),
        files: Vec::new(),
        revision: None,
        branch: Some("dev".to_owned()),
        category: None,
        revlink: None,
        repository: String::new(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: Timestamp::from_secs(1),
    })
}

fn facts() -> ChangeFacts {
    ChangeFacts { enabled: true, has_builders: true, last_change: ChangeId(9), ..ChangeFacts::default() }
}

/// What a scheduler with this filter says once its functions have answered no.
fn told(watch: WatchConfig, facts: &ChangeFacts) -> (&'static str, String) {
    let basic = BasicConfig { watch, ..BasicConfig::default() };
    of_kind(SchedulerKind::SingleBranch(basic), facts)
}

fn of_kind(kind: SchedulerKind, facts: &ChangeFacts) -> (&'static str, String) {
    let config = SchedulerConfig {
        name: "s".to_owned(),
        builder_names: vec!["b".to_owned()],
        properties: Properties::new(),
        priority: 0.into(),
        codebases: Vec::new(),
        kind,
    };
    let rules = Rules::new(&config, &TimeZone::UTC).unwrap();
    let mut answers = Answers::default();
    loop {
        match rules.explain(facts, &change(), &answers) {
            Ok(stance) => return (stance.word(), stance.to_string()),
            Err(questions) => questions.into_iter().for_each(|one| answers.add(one, Some(false.into()))),
        }
    }
}

fn filter(attribute: ChangeAttribute, test: AttributeTest) -> WatchConfig {
    let filter = ChangeFilter { tests: vec![(attribute, test)], filter_fn: None };
    WatchConfig { filter, ..WatchConfig::default() }
}

fn one_of(values: &[&str]) -> AttributeTest {
    AttributeTest::OneOf(values.iter().map(|value| Some((*value).to_owned())).collect())
}

#[test]
fn a_filter_says_which_attribute_it_does_not_like() {
    let ignored = |text: &str| ("ignored", format!("ignored it: {text}"));
    let branch = || ChangeAttribute::Branch;
    assert_eq!(
        told(filter(branch(), one_of(&["main", "next"])), &facts()),
        ignored("its branch is 'dev', and only 'main' or 'next' is wanted")
    );
    assert_eq!(
        told(filter(ChangeAttribute::Category, one_of(&["x"])), &facts()),
        ignored("it has no category, and only 'x' is wanted")
    );
    let excluded = AttributeTest::NoneOf(vec![Some("dev".to_owned())]);
    assert_eq!(told(filter(branch(), excluded), &facts()), ignored("its branch is 'dev', which is excluded"));
    let pattern = AttributeTest::Matches(vec!["rel.*".to_owned()]);
    assert_eq!(
        told(filter(branch(), pattern), &facts()),
        ignored("its branch is 'dev', and only what matches 'rel.*' is wanted")
    );
    let pattern = AttributeTest::MatchesNot(vec!["d".to_owned()]);
    assert_eq!(
        told(filter(branch(), pattern), &facts()),
        ignored("its branch is 'dev', and what matches 'd' is excluded")
    );
    let by_function = AttributeTest::Function(function());
    assert_eq!(
        told(filter(branch(), by_function), &facts()),
        ignored("its branch is 'dev', which is_code at master.cfg:7 does not want")
    );
    let filter = ChangeFilter { tests: Vec::new(), filter_fn: Some(function()) };
    let watch = WatchConfig { filter, ..WatchConfig::default() };
    assert_eq!(told(watch, &facts()), ignored("is_code at master.cfg:7 does not want it"));
}

#[test]
fn an_unimportant_change_waits_or_is_dropped() {
    let watch =
        |only_important| WatchConfig { file_is_important: Some(function()), only_important, ..WatchConfig::default() };
    let dropped = "ignored it: fileIsImportant at master.cfg:7 finds it unimportant, and onlyImportant is set";
    assert_eq!(told(watch(true), &facts()), ("ignored", dropped.to_owned()));
    let waiting = ChangeFacts { waiting: Some((false, Timestamp::from_secs(2))), ..facts() };
    let waits = "waits for an important change: fileIsImportant at master.cfg:7 finds this one unimportant";
    assert_eq!(told(watch(false), &waiting), ("waiting", waits.to_owned()));
}

#[test]
fn what_is_stored_comes_before_what_would_be_decided_now() {
    let strict = || filter(ChangeAttribute::Branch, one_of(&["main"]));
    let built = ChangeFacts { buildsets: vec![BuildsetId(3), BuildsetId(8)], ..facts() };
    assert_eq!(told(strict(), &built), ("built", "built it: buildset 3, 8".to_owned()));
    let waiting = ChangeFacts { waiting: Some((true, Timestamp::from_secs(2))), ..facts() };
    assert_eq!(told(strict(), &waiting), ("waiting", "waits until it is time to build".to_owned()));
}

#[test]
fn a_change_that_nobody_has_looked_at_says_why() {
    let new = ChangeFacts { last_change: ChangeId(4), ..facts() };
    let open = WatchConfig::default;
    assert_eq!(told(open(), &new).1, "is about to look at it");
    let off = ChangeFacts { enabled: false, ..new.clone() };
    assert_eq!(told(open(), &off).1, "is switched off, and will look at the change when it is switched on");
    let idle = ChangeFacts { has_builders: false, ..new };
    assert_eq!(told(open(), &idle).1, "starts no builders, and keeps the change for when it does");
    assert_eq!(told(open(), &facts()).0, "unknown");
}

#[test]
fn who_does_not_go_by_changes_says_what_it_is() {
    let kind = SchedulerKind::Triggerable(TriggerableConfig::default());
    let text = "does not go by changes: it is a Triggerable";
    assert_eq!(of_kind(kind, &facts()), ("ignored", text.to_owned()));
}
