//! What an order of a build becomes.

use super::*;
use crate::domain::{BuildId, Properties};
use crate::schedulers::config::{CodebaseConfig, TriggerableConfig};

fn config(codebases: Vec<CodebaseConfig>) -> SchedulerConfig {
    let mut properties = Properties::new();
    properties.set("kept", "scheduler", "Config");
    properties.set("overridden", "scheduler", "Config");
    SchedulerConfig {
        name: "t".to_owned(),
        builder_names: Vec::new(),
        properties,
        priority: 4.into(),
        codebases,
        kind: SchedulerKind::Triggerable(TriggerableConfig::default()),
    }
}

fn stamp(codebase: &str, revision: &str) -> StampSpec {
    StampSpec { codebase: codebase.to_owned(), revision: Some(revision.to_owned()), ..StampSpec::default() }
}

fn made(config: &SchedulerConfig, order: &TriggerOrder) -> NewBuildset {
    buildset(config, &[BuilderId(1)], order, &Memory::default())
}

fn specs(buildset: &NewBuildset) -> Vec<(&str, &str, Option<&str>)> {
    let spec = |stamp| match stamp {
        &NewStamp::Existing(_) => panic!("a stamp of a change"),
        NewStamp::Spec(spec) => (spec.codebase.as_str(), spec.repository.as_str(), spec.revision.as_deref()),
    };
    buildset.stamps.iter().map(spec).collect()
}

#[test]
fn the_order_is_built_with_its_properties_over_those_of_the_scheduler() {
    let mut properties = Properties::new();
    properties.set("overridden", "order", "Trigger");
    let order = TriggerOrder {
        stamps: vec![stamp("", "r1")],
        properties,
        waited_for: true,
        parent: Some((BuildId(7), "Triggered from".to_owned())),
        priority: None,
    };
    let buildset = made(&config(Vec::new()), &order);
    assert_eq!(specs(&buildset), [("", "", Some("r1"))]);
    assert_eq!(buildset.properties.get("kept"), Some(&"scheduler".into()));
    assert_eq!(buildset.properties.get("overridden"), Some(&"order".into()));
    assert_eq!((buildset.priority, buildset.waited_for), (4, true));
    assert_eq!(buildset.parent_build, order.parent);
    assert_eq!(buildset.reason, "The Triggerable scheduler named 't' triggered this build");
}

#[test]
fn codebases_that_were_not_ordered_have_their_default_and_foreign_ones_go_along() {
    let lib = CodebaseConfig {
        name: "lib".to_owned(),
        repository: "https://git/lib".to_owned(),
        revision: Some("l0".to_owned()),
        ..CodebaseConfig::default()
    };
    let app = CodebaseConfig { name: "app".to_owned(), repository: "https://git/app".to_owned(), ..lib.clone() };
    let order = TriggerOrder { stamps: vec![stamp("app", "a1"), stamp("other", "o1")], ..TriggerOrder::default() };
    let buildset = made(&config(vec![lib, app]), &order);
    assert_eq!(
        specs(&buildset),
        [("lib", "https://git/lib", Some("l0")), ("app", "https://git/app", Some("a1")), ("other", "", Some("o1"))]
    );
}

#[test]
fn an_order_has_its_own_priority_if_it_says_so() {
    let order = TriggerOrder { priority: Some(-3), ..TriggerOrder::default() };
    assert_eq!(made(&config(Vec::new()), &order).priority, -3);
}
