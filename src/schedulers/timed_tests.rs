//! Days in the life of schedulers that go by the clock.

use std::sync::Arc;

use super::*;
use crate::domain::{BuildId, BuilderId, Change, ChangeId, Properties, SourceStampId, StampSpec, TriggerOrder};
use crate::schedulers::config::{CodebaseConfig, SchedulerKind};
use crate::schedulers::cron::Cron;
use crate::schedulers::facts::Waiting;
use crate::schedulers::{Decision, Facts, Rules};

const BUILDER: [BuilderId; 1] = [BuilderId(1)];
const HOUR: i64 = 3600;

fn config(kind: SchedulerKind) -> SchedulerConfig {
    SchedulerConfig {
        name: "x".to_owned(),
        builder_names: vec!["b".to_owned()],
        properties: Properties::new(),
        priority: 0.into(),
        codebases: Vec::new(),
        kind,
    }
}

/// At half past every hour in UTC; forced at noon.
fn nightly() -> NightlyConfig {
    NightlyConfig {
        at: Cron::parse(["30", "*", "*", "*", "*"]).unwrap(),
        force_at: Some(Cron::parse(["30", "12", "*", "*", "*"]).unwrap()),
    }
}

fn only_if_changed() -> TimedConfig {
    TimedConfig { only_if_changed: true, ..TimedConfig::default() }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn change(id: i64, branch: &str) -> Arc<Change> {
    Arc::new(Change {
        id: ChangeId(id),
        source_stamp_id: SourceStampId(100 + id),
        parent_ids: Vec::new(),
        author: String::new(),
        committer: None,
        comments: String::new(),
        files: Vec::new(),
        revision: Some(format!("r{id}")),
        branch: Some(branch.to_owned()),
        category: None,
        revlink: None,
        repository: "https://git/x".to_owned(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: at(0),
    })
}

/// The row of a scheduler, the clock, and what it built.
struct World {
    rules: Rules,
    now: i64,
    facts: Facts,
    changes: Vec<Arc<Change>>,
    wake_at: Option<Timestamp>,
    built: Vec<(i64, NewBuildset)>,
}

impl World {
    fn new(kind: SchedulerKind, now: i64) -> Self {
        let rules = Rules::new(&config(kind), &TimeZone::UTC).unwrap();
        let facts = Facts { enabled: true, ..Facts::default() };
        let mut world = Self { rules, now, facts, changes: Vec::new(), wake_at: None, built: Vec::new() };
        world.settle();
        world
    }

    fn settle(&mut self) {
        for _ in 0..100 {
            self.facts.new_changes =
                self.changes.iter().filter(|change| self.facts.last_change < change.id).cloned().collect();
            let outcome = self.rules.decide(&BUILDER, &self.facts, &Answers::default(), at(self.now));
            let Outcome::Decide(decision) = outcome else { panic!("nobody to ask") };
            self.wake_at = decision.wake_at;
            if decision.is_empty() {
                return;
            }
            self.store(decision);
        }
        panic!("no end of decisions");
    }

    fn store(&mut self, decision: Decision) {
        for (id, important) in decision.classified {
            let change = self.changes.iter().find(|change| change.id == id).map(Arc::clone).unwrap();
            self.facts.waiting.push(Waiting { change, important, classified_at: at(self.now) });
        }
        self.facts.waiting.retain(|waiting| !decision.consumed.contains(&waiting.change.id));
        self.facts.last_change = decision.last_change.unwrap_or(self.facts.last_change);
        self.facts.memory = decision.memory.unwrap_or_else(|| self.facts.memory.clone());
        self.built.extend(decision.buildset.map(|buildset| (self.now, buildset)));
    }

    fn push(&mut self, branch: &str) {
        let id = 1 + i64::try_from(self.changes.len()).unwrap();
        self.changes.push(change(id, branch));
        if self.rules.looks_at_changes() {
            self.settle();
        }
    }

    fn go_to(&mut self, to: i64) {
        while let Some(wake_at) = self.wake_at.filter(|wake_at| wake_at.secs() <= to) {
            self.now = wake_at.secs();
            self.settle();
        }
        self.now = to;
    }

    fn times(&self) -> Vec<i64> {
        self.built.iter().map(|(when, _)| *when).collect()
    }

    fn changes_built(&self) -> Vec<Vec<i64>> {
        self.built.iter().map(|(_, buildset)| buildset.changes.iter().map(|change| change.0).collect()).collect()
    }
}

#[test]
fn a_periodic_one_builds_at_once_and_then_by_its_interval() {
    let mut world = World::new(SchedulerKind::Periodic(TimedConfig::default(), Duration::from_secs(60)), 1000);
    world.go_to(1130);
    assert_eq!(world.times(), [1000, 1060, 1120]);
    assert_eq!(world.built[0].1.reason, "The Periodic scheduler named 'x' triggered this build");
}

#[test]
fn a_nightly_one_waits_for_its_time() {
    let mut world = World::new(SchedulerKind::Nightly(TimedConfig::default(), nightly()), 0);
    assert!(world.built.is_empty());
    world.go_to(3 * HOUR);
    assert_eq!(world.times(), [1800, 1800 + HOUR, 1800 + 2 * HOUR]);
}

#[test]
fn times_missed_while_the_master_was_down_come_once() {
    let mut world = World::new(SchedulerKind::Nightly(TimedConfig::default(), nightly()), 0);
    world.now = 10 * HOUR;
    world.settle();
    world.go_to(11 * HOUR);
    assert_eq!(world.times(), [10 * HOUR, 10 * HOUR + 1800]);
}

#[test]
fn without_a_change_nothing_is_built_but_at_the_forced_time() {
    let mut world = World::new(SchedulerKind::Nightly(only_if_changed(), nightly()), 0);
    world.go_to(2 * HOUR);
    assert!(world.built.is_empty());
    world.push("main");
    world.push("main");
    world.go_to(4 * HOUR);
    assert_eq!(world.times(), [2 * HOUR + 1800]);
    assert_eq!(world.changes_built(), [vec![1, 2]]);
    world.go_to(13 * HOUR);
    assert_eq!(world.times().last(), Some(&(12 * HOUR + 1800)));
    assert_eq!(world.built.len(), 2);
}

#[test]
fn only_changes_of_the_branch_count_and_it_is_what_is_built_without_any() {
    let kind = TimedConfig { branch: Some(Some("stable".to_owned())), ..only_if_changed() };
    let mut world = World::new(SchedulerKind::Nightly(kind.clone(), nightly()), 0);
    world.push("main");
    world.go_to(HOUR);
    assert!(world.built.is_empty());
    world.push("stable");
    world.go_to(2 * HOUR);
    assert_eq!(world.changes_built(), [vec![2]]);
    let always = TimedConfig { only_if_changed: false, ..kind };
    let mut world = World::new(SchedulerKind::Nightly(always, nightly()), 0);
    world.go_to(HOUR);
    let [NewStamp::Spec(stamp)] = &world.built[0].1.stamps[..] else { panic!("no stamp of its own") };
    assert_eq!(stamp.branch.as_deref(), Some("stable"));
}

#[test]
fn the_newest_revision_is_remembered_if_it_is_to_be() {
    let kind = TimedConfig { absolute_source_stamps: true, ..TimedConfig::default() };
    let mut world = World::new(SchedulerKind::Nightly(kind, nightly()), 0);
    world.push("main");
    world.push("main");
    world.go_to(2 * HOUR);
    assert_eq!(world.changes_built(), [vec![1, 2], vec![]]);
    let [NewStamp::Spec(stamp)] = &world.built[1].1.stamps[..] else { panic!("no stamp of its own") };
    assert_eq!((stamp.revision.as_deref(), stamp.branch.as_deref()), (Some("r2"), Some("main")));
}

#[test]
fn a_switched_off_one_lets_its_times_pass_and_keeps_its_changes() {
    let mut world = World::new(SchedulerKind::Nightly(only_if_changed(), nightly()), 0);
    world.facts.enabled = false;
    world.push("main");
    world.go_to(2 * HOUR);
    world.facts.enabled = true;
    world.settle();
    assert!(world.built.is_empty(), "the time that passed is not made up for");
    world.go_to(3 * HOUR);
    assert_eq!(world.changes_built(), [vec![1]]);
}

#[test]
fn what_was_triggered_last_is_built_once_at_the_time() {
    let order = |branch: &str| TriggerOrder {
        stamps: vec![StampSpec { branch: Some(branch.to_owned()), ..StampSpec::default() }],
        parent: Some((BuildId(5), "Triggered from".to_owned())),
        ..TriggerOrder::default()
    };
    let mut world = World::new(SchedulerKind::NightlyTriggerable(TimedConfig::default(), nightly()), 0);
    world.go_to(HOUR);
    assert!(world.built.is_empty());
    world.facts.memory.trigger = Some(order("old"));
    world.facts.memory.trigger = Some(order("new"));
    world.go_to(3 * HOUR);
    assert_eq!(world.times(), [HOUR + 1800]);
    let buildset = &world.built[0].1;
    assert_eq!(buildset.parent_build, Some((BuildId(5), "Triggered from".to_owned())));
    assert!(matches!(&buildset.stamps[..], [NewStamp::Spec(stamp)] if stamp.branch.as_deref() == Some("new")));
}

#[test]
fn every_codebase_without_a_change_has_its_default() {
    let mut config = config(SchedulerKind::Nightly(only_if_changed(), nightly()));
    config.codebases = vec![
        CodebaseConfig::default(),
        CodebaseConfig { name: "lib".to_owned(), branch: Some("stable".to_owned()), ..CodebaseConfig::default() },
    ];
    let mut world = World::new(SchedulerKind::Nightly(only_if_changed(), nightly()), 0);
    world.rules = Rules::new(&config, &TimeZone::UTC).unwrap();
    world.push("main");
    world.go_to(HOUR);
    let [NewStamp::Existing(of_change), NewStamp::Spec(default)] = &world.built[0].1.stamps[..] else {
        panic!("not one stamp for each codebase")
    };
    assert_eq!((*of_change, default.branch.as_deref()), (SourceStampId(101), Some("stable")));
}
