//! What a `Trigger` orders, and what becomes of its result.

use super::*;
use crate::domain::{BuilderId, SourceStamp, SourceStampId, Timestamp, TriggeredBuild};
use crate::testing::scripted_context::ScriptedContext;

fn text(value: &str) -> Renderable {
    Renderable::from(value)
}

fn flag(value: bool) -> Renderable {
    Renderable::Value(value.into())
}

fn config(names: &[&str]) -> TriggerConfig {
    TriggerConfig {
        scheduler_names: Renderable::List(names.iter().map(|name| text(name)).collect()),
        unimportant_names: Vec::new(),
        wait_for_finish: flag(true),
        source_stamps: None,
        update_source_stamp: flag(true),
        always_use_latest: flag(false),
        set_properties: Renderable::Value(PropertyValue::Null),
        copy_properties: Vec::new(),
        parent_relationship: text("Triggered from"),
    }
}

fn ended(results: Results) -> Result<TriggeredEnd, Fault> {
    let build =
        TriggeredBuild { builder: BuilderId(4), builder_name: "child".to_owned(), number: 7, results: Some(results) };
    Ok(TriggeredEnd { results, builds: vec![build] })
}

fn stamp(codebase: &str, revision: &str) -> SourceStamp {
    let spec = StampSpec {
        codebase: codebase.to_owned(),
        repository: "https://git/x".to_owned(),
        revision: Some(revision.to_owned()),
        ..StampSpec::default()
    };
    SourceStamp { id: SourceStampId(1), spec, created_at: Timestamp::default() }
}

async fn run(config: TriggerConfig, context: &ScriptedContext) -> Result<Ended, Fault> {
    Trigger { config }.work(context).await
}

fn map(entries: &[(&str, PropertyValue)]) -> PropertyValue {
    PropertyValue::Map(entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect())
}

#[tokio::test]
async fn the_worst_result_is_that_of_the_step_and_builds_are_linked() {
    let context = ScriptedContext::new()
        .with_triggerable("a", ended(Results::Success))
        .with_triggerable("b", ended(Results::Failure));
    let end = run(config(&["a", "b", "a"]), &context).await.unwrap();
    assert_eq!(end.results, Results::Failure);
    assert_eq!(end.description.as_deref(), Some("triggered a, b, 1 success, 1 failure"));
    let urls = context.urls();
    assert_eq!(urls.len(), 2, "a scheduler that is named twice is triggered once");
    assert!(urls.iter().any(|(name, _)| name == "failure: child #7"), "{urls:?}");
    assert!(context.orders().iter().all(|(_, order)| order.waited_for));
}

#[tokio::test]
async fn results_of_unimportant_schedulers_do_not_count() {
    let context = ScriptedContext::new()
        .with_triggerable("a", ended(Results::Warnings))
        .with_triggerable("b", ended(Results::Failure));
    let config = TriggerConfig { unimportant_names: vec!["b".to_owned()], ..config(&["a", "b"]) };
    assert_eq!(run(config, &context).await.unwrap().results, Results::Warnings);
}

#[tokio::test]
async fn without_waiting_the_step_succeeds_at_once() {
    let context = ScriptedContext::new().with_triggerable("a", ended(Results::Failure));
    let config = TriggerConfig { wait_for_finish: flag(false), ..config(&["a"]) };
    let end = run(config, &context).await.unwrap();
    assert_eq!((end.results, end.description.as_deref()), (Results::Success, Some("triggered a")));
    assert!(!context.orders()[0].1.waited_for);
}

#[tokio::test]
async fn the_revision_that_the_build_found_is_ordered_unless_told_otherwise() {
    let context = || {
        ScriptedContext::new()
            .with_stamp(stamp("fe", "asked"))
            .with_stamp(stamp("be", "asked"))
            .with_property("got_revision", map(&[("fe", "found".into())]))
            .with_triggerable("a", ended(Results::Success))
    };
    let revisions = |context: &ScriptedContext| {
        let stamps = context.orders()[0].1.stamps.clone();
        stamps.into_iter().map(|stamp| stamp.revision.unwrap()).collect::<Vec<_>>()
    };
    let updated = context();
    run(config(&["a"]), &updated).await.unwrap();
    assert_eq!(revisions(&updated), ["found", "asked"]);
    let as_asked = context();
    run(TriggerConfig { update_source_stamp: flag(false), ..config(&["a"]) }, &as_asked).await.unwrap();
    assert_eq!(revisions(&as_asked), ["asked", "asked"]);
    let latest = context();
    run(TriggerConfig { always_use_latest: flag(true), ..config(&["a"]) }, &latest).await.unwrap();
    assert_eq!(revisions(&latest), Vec::<String>::new());
}

#[tokio::test]
async fn a_source_of_its_own_is_ordered_with_its_patch() {
    let given = map(&[
        ("codebase", "fe".into()),
        ("branch", "dev".into()),
        ("patch_body", "diff".into()),
        ("patch_level", 0.into()),
    ]);
    let context = ScriptedContext::new().with_triggerable("a", ended(Results::Success));
    let config = TriggerConfig { source_stamps: Some(Renderable::Value(given)), ..config(&["a"]) };
    run(config, &context).await.unwrap();
    let [stamp] = &context.orders()[0].1.stamps[..] else { panic!("not one stamp") };
    assert_eq!((stamp.codebase.as_str(), stamp.branch.as_deref()), ("fe", Some("dev")));
    let patch = stamp.patch.as_ref().unwrap();
    assert_eq!((patch.body.as_slice(), patch.level), (&b"diff"[..], 0));
}

#[tokio::test]
async fn properties_are_set_first_and_copied_then() {
    let context = ScriptedContext::new()
        .with_property("kept", "build")
        .with_property("changed", "build")
        .with_triggerable("a", ended(Results::Success));
    let config = TriggerConfig {
        copy_properties: vec!["kept".to_owned(), "changed".to_owned(), "missing".to_owned()],
        set_properties: Renderable::Value(map(&[("changed", "step".into()), ("set", "step".into())])),
        ..config(&["a"])
    };
    run(config, &context).await.unwrap();
    let properties = &context.orders()[0].1.properties;
    assert_eq!(properties.get("kept"), Some(&"build".into()));
    assert_eq!(properties.get("changed"), Some(&"build".into()), "what is copied wins");
    assert_eq!(properties.get("set"), Some(&"step".into()));
    assert_eq!(properties.get("missing"), Some(&PropertyValue::Null));
    assert!(properties.iter().all(|(_, property)| property.source == "Trigger"));
}

#[tokio::test]
async fn what_cannot_be_ordered_is_a_fault_before_anything_is_triggered() {
    let context = || ScriptedContext::new().with_triggerable("a", ended(Results::Success));
    let text = |outcome: Result<Ended, Fault>| outcome.unwrap_err().to_string();
    let unknown = context();
    let error = text(run(config(&["a", "nobody"]), &unknown).await);
    assert_eq!(error, "there is no Triggerable scheduler named 'nobody'");
    assert!(unknown.orders().is_empty());
    assert_eq!(text(run(config(&[]), &context()).await), "schedulerNames names no scheduler");
    let twice = PropertyValue::List(vec![map(&[]), map(&[])]);
    let config = TriggerConfig { source_stamps: Some(Renderable::Value(twice)), ..config(&["a"]) };
    assert_eq!(text(run(config.clone(), &context()).await), "sourceStamps has codebase '' twice");
    let stranger = map(&[("revison", "1".into())]);
    let config = TriggerConfig { source_stamps: Some(Renderable::Value(stranger)), ..config };
    assert_eq!(text(run(config, &context()).await), "a source stamp has no 'revison'");
}

#[tokio::test]
async fn after_a_fault_the_others_are_still_waited_for() {
    let context = ScriptedContext::new()
        .with_triggerable("a", Err(Fault::Interrupted("enough".to_owned())))
        .with_triggerable("b", ended(Results::Success));
    let fault = run(config(&["a", "b"]), &context).await.unwrap_err();
    assert!(matches!(fault, Fault::Interrupted(_)));
    assert_eq!(context.urls().len(), 1, "the end of b was seen");
}
