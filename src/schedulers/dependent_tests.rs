//! What follows from the ends of upstream's buildsets.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{BuilderId, ChangeId, Properties, SourceStampId, Timestamp};
use crate::schedulers::config::{DependentConfig, SchedulerConfig, SchedulerKind};

const BUILDER: [BuilderId; 1] = [BuilderId(1)];

fn config() -> SchedulerConfig {
    SchedulerConfig {
        name: "down".to_owned(),
        builder_names: vec!["b".to_owned()],
        properties: Properties::new(),
        priority: 2.into(),
        codebases: Vec::new(),
        kind: SchedulerKind::Dependent(DependentConfig { upstream: "up".to_owned() }),
    }
}

fn upstream(id: i64, results: Option<Results>) -> UpstreamBuildset {
    UpstreamBuildset {
        id: BuildsetId(id),
        results,
        stamps: vec![SourceStampId(10 + id)],
        changes: vec![ChangeId(100 + id)],
        change_properties: Properties::new(),
    }
}

fn step(facts: &Facts) -> Decision {
    decide(&Base { config: &config(), builders: &BUILDER, now: Timestamp::default() }, facts)
}

#[test]
fn a_good_end_is_built_again_from_the_same_source() {
    let facts = Facts { enabled: true, upstream: vec![upstream(1, Some(Results::Success))], ..Facts::default() };
    let buildset = step(&facts).buildset.unwrap();
    assert_eq!((buildset.reason.as_str(), buildset.priority), ("downstream", 2));
    assert_eq!(buildset.stamps, [NewStamp::Existing(SourceStampId(11))]);
    assert_eq!(buildset.changes, [ChangeId(101)]);
    assert_eq!(buildset.properties.get("scheduler"), Some(&"down".into()));
}

#[test]
fn properties_of_its_changes_are_over_those_of_the_scheduler() {
    let mut config = config();
    config.properties.set("p", "scheduler", "Config");
    config.properties.set("own", "scheduler", "Config");
    let mut good = upstream(1, Some(Results::Success));
    good.change_properties.set("p", "change", "Change");
    let facts = Facts { enabled: true, upstream: vec![good], ..Facts::default() };
    let base = Base { config: &config, builders: &BUILDER, now: Timestamp::default() };
    let properties = decide(&base, &facts).buildset.unwrap().properties;
    assert_eq!((properties.get("p"), properties.get("own")), (Some(&"change".into()), Some(&"scheduler".into())));
}

#[test]
fn a_bad_end_starts_nothing_and_is_not_looked_at_again() {
    let facts = Facts { enabled: true, upstream: vec![upstream(1, Some(Results::Failure))], ..Facts::default() };
    let decision = step(&facts);
    assert_eq!(decision.buildset, None);
    let memory = decision.memory.unwrap();
    assert_eq!(memory.upstream, Some(UpstreamMemory { seen: BuildsetId(1), open: Vec::new() }));
    assert!(step(&Facts { memory, ..facts }).is_empty());
}

#[test]
fn a_switched_off_one_looks_at_nothing() {
    let facts = Facts { enabled: false, upstream: vec![upstream(1, Some(Results::Success))], ..Facts::default() };
    assert!(step(&facts).is_empty());
}

/// Buildsets come and end in any order, are looked at in any rhythm, a decision may be lost: each good one is built
/// once.
#[test]
fn every_good_end_is_built_once_whatever_the_order() {
    for seed in 0..500 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut all: BTreeMap<i64, Option<Results>> = BTreeMap::new();
        let mut memory = Memory::default();
        let mut built = Vec::new();
        for _ in 0..60 {
            match rng.u8(0..3) {
                0 => drop(all.insert(1 + i64::try_from(all.len()).unwrap(), None)),
                1 => {
                    let open: Vec<i64> = all.iter().filter(|(_, end)| end.is_none()).map(|(id, _)| *id).collect();
                    if let Some(id) = rng.choice(&open) {
                        let end = *rng.choice(&[Results::Success, Results::Warnings, Results::Failure]).unwrap();
                        all.insert(*id, Some(end));
                    }
                }
                _ => look_at_all(&all, &mut memory, &mut built, rng.bool()),
            }
        }
        look_at_all(&all, &mut memory, &mut built, false);
        let is_good = |(_, end): &(&i64, &Option<Results>)| matches!(end, Some(Results::Success | Results::Warnings));
        let good: Vec<i64> = all.iter().filter(is_good).map(|(id, _)| 10 + id).collect();
        built.sort_unstable();
        assert_eq!(built, good, "seed {seed}");
    }
}

/// Decides until nothing is left to do; if `lose`, the first decision is not stored.
fn look_at_all(all: &BTreeMap<i64, Option<Results>>, memory: &mut Memory, built: &mut Vec<i64>, lose: bool) {
    let mut lose = lose;
    for _ in 0..1000 {
        let known = memory.upstream.clone().unwrap_or_default();
        let found = all.iter().filter(|(id, end)| {
            let id = BuildsetId(**id);
            known.seen < id || (known.open.contains(&id) && end.is_some())
        });
        let facts = Facts {
            enabled: true,
            upstream: found.map(|(id, end)| upstream(*id, *end)).collect(),
            memory: memory.clone(),
            ..Facts::default()
        };
        let decision = step(&facts);
        if decision.is_empty() {
            return;
        }
        if std::mem::take(&mut lose) {
            continue;
        }
        *memory = decision.memory.unwrap_or_else(|| memory.clone());
        if let Some(buildset) = decision.buildset {
            let [NewStamp::Existing(stamp)] = &buildset.stamps[..] else { panic!("no stamp") };
            built.push(stamp.0);
        }
    }
    panic!("no end of decisions");
}
