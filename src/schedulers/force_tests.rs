//! What a form may contain, and what comes of it.

use super::*;
use crate::schedulers::config::CodebaseConfig;
use crate::schedulers::fields::{default_codebase, default_priority, default_reason, default_username, text_field};

pub(super) fn field(name: &str, kind: ForceFieldKind) -> ForceField {
    ForceField { kind, ..text_field(name, name) }
}

pub(super) fn parameters(fields: Vec<ForceField>) -> Vec<ForceParameter> {
    fields.into_iter().map(ForceParameter::Field).collect()
}

pub(super) fn config() -> SchedulerConfig {
    let choices = vec!["a".to_owned(), "b".to_owned()];
    SchedulerConfig {
        name: "force".to_owned(),
        builder_names: vec!["b".to_owned()],
        properties: Properties::new(),
        priority: 0.into(),
        codebases: Vec::new(),
        kind: SchedulerKind::Force(ForceConfig {
            label: "Force it".to_owned(),
            button_name: "Go".to_owned(),
            reason: default_reason(),
            reason_string: "A build was forced by '%(owner)s': %(reason)s".to_owned(),
            username: default_username(),
            codebases: vec![default_codebase("")],
            priority: default_priority(),
            properties: parameters(vec![
                ForceField {
                    regex: Some("^[a-z]*$".to_owned()),
                    max_size: Some(5),
                    default: "dflt".into(),
                    ..text_field("sp", "Str")
                },
                ForceField { default: 3.into(), ..field("ip", ForceFieldKind::Int) },
                ForceField { default: true.into(), ..field("bp", ForceFieldKind::Bool) },
                ForceField {
                    default: "a".into(),
                    ..field("cp", ForceFieldKind::Choice { choices: choices.clone(), strict: true })
                },
                ForceField { multiple: true, ..field("mp", ForceFieldKind::Choice { choices, strict: true }) },
                ForceField { default: "fixed".into(), ..field("fx", ForceFieldKind::Fixed) },
            ]),
        }),
    }
}

pub(super) fn values(pairs: &[(&str, PropertyValue)]) -> Values {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn errors(pairs: &[(&str, PropertyValue)]) -> FieldErrors {
    validate(&config(), &values(pairs), &Inherited::new(), None).unwrap_err()
}

pub(super) fn stamp(branch: &str, revision: &str) -> StampSpec {
    StampSpec { branch: Some(branch.to_owned()), revision: Some(revision.to_owned()), ..StampSpec::default() }
}

#[test]
fn an_empty_form_has_the_defaults() {
    let input = validate(&config(), &Values::new(), &Inherited::new(), None).unwrap();
    assert_eq!(input.reason, "A build was forced by '': force build");
    assert_eq!(input.priority, 0);
    assert_eq!(input.stamps, [NewStamp::Spec(stamp("", ""))]);
    for (name, value) in [("sp", "dflt".into()), ("ip", 3.into()), ("bp", true.into()), ("fx", "fixed".into())] {
        assert_eq!(input.properties.get(name), Some(&value), "{name}");
    }
    let sources: BTreeMap<_, _> =
        input.properties.iter().map(|(name, property)| (name, property.source.as_str())).collect();
    assert_eq!(sources["sp"], "Force Build Form");
    assert_eq!(sources["owner"], "Force Build Form");
    assert_eq!(sources["scheduler"], "Scheduler");
}

#[test]
fn what_is_sent_becomes_properties_stamp_and_reason() {
    let sent = values(&[
        ("username", "Joe <joe@example.org>".into()),
        ("reason", "why not".into()),
        ("priority", "7".into()),
        ("branch", " dev ".into()),
        ("sp", "abc".into()),
        ("ip", "4".into()),
        ("bp", PropertyValue::List(vec!["false".into(), "on".into()])),
        ("mp", PropertyValue::List(vec!["a".into(), "b".into()])),
        ("fx", "other".into()),
        ("unknown", "x".into()),
    ]);
    let input = validate(&config(), &sent, &Inherited::new(), None).unwrap();
    assert_eq!(input.reason, "A build was forced by 'Joe <joe@example.org>': why not");
    assert_eq!(input.priority, 7);
    assert_eq!(input.stamps, [NewStamp::Spec(stamp("dev", ""))]);
    assert_eq!(input.properties.get("ip"), Some(&4.into()));
    assert_eq!(input.properties.get("bp"), Some(&true.into()));
    assert_eq!(input.properties.get("mp").unwrap().to_string(), "['a', 'b']");
    assert_eq!(input.properties.get("fx"), Some(&"fixed".into()));
    assert!(!input.properties.has("unknown"));
    let buildset = input.into_buildset(&config(), &[BuilderId(5)]);
    assert_eq!((buildset.scheduler.as_str(), buildset.priority), ("force", 7));
}

#[test]
fn all_errors_are_told_at_once_and_by_field() {
    let errors = errors(&[
        ("sp", "ABC!!".into()),
        ("ip", "four".into()),
        ("bp", "maybe".into()),
        ("cp", "c".into()),
        ("username", "joe".into()),
        ("priority", 5_000_000_000.into()),
    ]);
    let names: Vec<_> = errors.keys().map(String::as_str).collect();
    assert_eq!(names, ["bp", "cp", "ip", "priority", "sp", "username"]);
    assert_eq!(errors["sp"], "Str: 'ABC!!' is not of the form '^[a-z]*$'");
    assert_eq!(errors["username"], "Your name: an e-mail address is needed, as in 'Joe <joe@example.org>'");
}

#[test]
fn a_text_may_be_too_long() {
    assert_eq!(errors(&[("sp", "abcdef".into())])["sp"], "Str: 6 characters are more than the 5 allowed");
}

#[test]
fn a_required_field_must_be_sent_and_not_be_empty() {
    let mut config = config();
    let SchedulerKind::Force(force) = &mut config.kind else { panic!("no force scheduler") };
    force.reason.required = true;
    for sent in [Values::new(), values(&[("reason", " ".into())])] {
        assert_eq!(
            validate(&config, &sent, &Inherited::new(), None).unwrap_err()["reason"],
            "reason: a value is required"
        );
    }
}

#[test]
fn a_session_says_who_it_is_and_the_field_is_not_looked_at() {
    let input = validate(&config(), &values(&[("username", "joe".into())]), &Inherited::new(), Some("ann@example.org"))
        .unwrap();
    assert_eq!(input.owner, "ann@example.org");
    assert_eq!(input.properties.get("owner"), Some(&"ann@example.org".into()));
}

#[test]
fn each_codebase_has_its_own_fields() {
    let mut config = config();
    config.codebases = vec![CodebaseConfig {
        name: "lib".to_owned(),
        repository: "https://git/lib".to_owned(),
        branch: Some("stable".to_owned()),
        revision: None,
    }];
    let SchedulerKind::Force(force) = &mut config.kind else { panic!("no force scheduler") };
    force.codebases = vec![default_codebase("app"), default_codebase("lib")];
    let sent = values(&[("app_branch", "dev".into()), ("lib_revision", "abc".into())]);
    let stamps = validate(&config, &sent, &Inherited::new(), None).unwrap().stamps;
    let app = StampSpec { codebase: "app".to_owned(), ..stamp("dev", "") };
    let lib =
        StampSpec { codebase: "lib".to_owned(), repository: "https://git/lib".to_owned(), ..stamp("stable", "abc") };
    assert_eq!(stamps, [NewStamp::Spec(app), NewStamp::Spec(lib)]);
}

#[test]
fn only_a_force_scheduler_can_be_forced() {
    let mut config = config();
    config.kind = SchedulerKind::SingleBranch(crate::schedulers::config::BasicConfig::default());
    assert!(validate(&config, &Values::new(), &Inherited::new(), None).unwrap_err().contains_key("scheduler"));
}
