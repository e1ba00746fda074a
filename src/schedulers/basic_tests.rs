//! Histories of changes, some told and many random, against a naive model.

use jiff::tz::TimeZone;

use super::*;
use crate::domain::buildset::NewStamp;
use crate::domain::script::{ScriptFunction, ScriptLimits};
use crate::domain::{Callback, ChangeId, Properties, PropertyValue, ScriptError, ScriptValue, SourceStampId};
use crate::schedulers::config::{
    AttributeTest, ChangeAttribute, ChangeFilter, CodebaseConfig, SchedulerKind, WatchConfig,
};
use crate::schedulers::{Prospect, Rules, decide_ahead};

const BUILDER: [BuilderId; 1] = [BuilderId(1)];

/// `fileIsImportant` of the tests: the tests answer it by the change's comments.
struct Importance;

impl ScriptFunction for Importance {
    fn call(&self, _: &[ScriptValue], _: ScriptLimits) -> Result<PropertyValue, ScriptError> {
        Ok(PropertyValue::Null)
    }

    fn name(&self) -> &str {
        "important"
    }

    fn location(&self) -> &str {
        "master.cfg:1"
    }

    fn digest(&self) -> &str {
        "important"
    }
}

fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(secs)
}

fn change(id: i64, branch: &str, comments: &str) -> Arc<Change> {
    Arc::new(Change {
        id: ChangeId(id),
        source_stamp_id: SourceStampId(100 + id),
        parent_ids: Vec::new(),
        author: "A <a@x>".to_owned(),
        committer: None,
        comments: comments.to_owned(),
        files: Vec::new(),
        revision: Some(format!("r{id}")),
        branch: Some(branch.to_owned()),
        category: None,
        revlink: None,
        repository: String::new(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: at(0),
    })
}

fn config(timer: Option<u64>, only_important: bool) -> SchedulerConfig {
    SchedulerConfig {
        name: "x".to_owned(),
        builder_names: vec!["b".to_owned()],
        properties: Properties::new(),
        priority: 3.into(),
        codebases: Vec::new(),
        kind: SchedulerKind::SingleBranch(BasicConfig {
            watch: WatchConfig {
                filter: ChangeFilter {
                    filter_fn: None,
                    tests: vec![(ChangeAttribute::Branch, AttributeTest::OneOf(vec![Some("main".to_owned())]))],
                },
                file_is_important: Some(Callback(Arc::new(Importance))),
                only_important,
            },
            tree_stable_timer: timer.map(Duration::from_secs),
            reason: None,
            absolute_source_stamps: false,
        }),
    }
}

/// The same for every branch by itself.
fn any_branch(timer: Option<u64>, only_important: bool) -> SchedulerConfig {
    let mut config = config(timer, only_important);
    let SchedulerKind::SingleBranch(mut basic) = config.kind else { panic!("not a single branch") };
    basic.watch.filter = ChangeFilter::default();
    config.kind = SchedulerKind::AnyBranch(basic);
    config
}

fn rules(config: &SchedulerConfig) -> Rules {
    Rules::new(config, &TimeZone::UTC).unwrap()
}

fn decide(rules: &Rules, state: &Facts, answers: &Answers, now: i64) -> Outcome {
    rules.decide(&BUILDER, state, answers, at(now))
}

/// The database, the clock and the actor of a scheduler, in small.
struct World {
    rules: Rules,
    now: i64,
    changes: Vec<Arc<Change>>,
    state: Facts,
    wake_at: Option<Timestamp>,
    /// When each buildset came, and its changes.
    fired: Vec<(i64, Vec<i64>)>,
    rng: fastrand::Rng,
}

impl World {
    fn new(config: &SchedulerConfig, seed: u64) -> Self {
        Self {
            rules: rules(config),
            now: 0,
            changes: Vec::new(),
            state: Facts { enabled: true, ..Facts::default() },
            wake_at: None,
            fired: Vec::new(),
            rng: fastrand::Rng::with_seed(seed),
        }
    }

    fn push(&mut self, branch: &str, comments: &str) {
        let id = 1 + i64::try_from(self.changes.len()).unwrap();
        self.changes.push(change(id, branch, comments));
        self.settle();
    }

    fn enable(&mut self, enabled: bool) {
        self.state.enabled = enabled;
        self.settle();
    }

    fn branch_of(&self, id: i64) -> &str {
        self.changes.iter().find(|change| change.id.0 == id).unwrap().branch.as_deref().unwrap()
    }

    /// Goes on to this moment, waking at the times that decisions named.
    fn go_to(&mut self, to: i64) {
        while let Some(wake_at) = self.wake_at.filter(|wake_at| wake_at.secs() <= to) {
            self.now = wake_at.secs();
            self.settle();
        }
        self.now = to;
    }

    fn settle(&mut self) {
        let mut answers = Answers::default();
        for _ in 0..1000 {
            let limit = self.rng.usize(1..4);
            let new = self.changes.iter().filter(|change| self.state.last_change < change.id);
            self.state.new_changes = new.take(limit).map(Arc::clone).collect();
            let outcome = decide(&self.rules, &self.state, &answers, self.now);
            match outcome {
                Outcome::Ask(questions) => {
                    for question in questions {
                        let [ScriptValue::Change(change)] = &question.arguments()[..] else { panic!("no change") };
                        let answer = PropertyValue::Bool(change.comments == "important");
                        answers.add(question, Some(answer));
                    }
                }
                Outcome::Decide(_) if self.rng.bool() => {
                    let state = self.state.clone();
                    let Prospect::Decide(decisions) =
                        decide_ahead(&self.rules, &BUILDER, state, &answers, at(self.now))
                    else {
                        panic!("asked again")
                    };
                    decisions.into_iter().for_each(|decision| self.store(decision));
                }
                Outcome::Decide(decision) => {
                    let Outcome::Decide(again) = decide(&self.rules, &self.state, &answers, self.now) else {
                        panic!("asked again")
                    };
                    assert_eq!(again, decision, "the same state gives the same decision");
                    self.wake_at = decision.wake_at;
                    if decision.is_empty() {
                        return;
                    }
                    self.store(decision);
                }
            }
        }
        panic!("no end of decisions");
    }

    /// What `fire_scheduler` does.
    fn store(&mut self, decision: Decision) {
        for (id, important) in decision.classified {
            assert!(self.state.last_change < id, "{id} is classified twice");
            let change = self.changes.iter().find(|change| change.id == id).map(Arc::clone).unwrap();
            self.state.waiting.push(Waiting { change, important, classified_at: at(self.now) });
        }
        self.state.waiting.retain(|waiting| !decision.consumed.contains(&waiting.change.id));
        if let Some(last) = decision.last_change {
            assert!(self.state.last_change < last);
            self.state.last_change = last;
        }
        if let Some(buildset) = decision.buildset {
            self.fired.push((self.now, buildset.changes.iter().map(|id| id.0).collect()));
        }
    }
}

/// The rules once more, written down as a story over time.
#[derive(Default)]
struct Model {
    timer: Option<i64>,
    only_important: bool,
    disabled: bool,
    missed: Vec<(i64, bool)>,
    pending: Vec<(i64, bool)>,
    due: Option<i64>,
    fired: Vec<(i64, Vec<i64>)>,
}

impl Model {
    fn fire(&mut self, now: i64) {
        let changes = self.pending.drain(..).map(|(id, _)| id).collect();
        self.fired.push((now, changes));
        self.due = None;
    }

    fn go_to(&mut self, to: i64) {
        if let Some(due) = self.due.filter(|due| *due <= to && !self.disabled) {
            self.fire(due);
        }
    }

    fn push(&mut self, now: i64, id: i64, important: bool) {
        if self.only_important && !important {
            return;
        }
        if self.disabled {
            self.missed.push((id, important));
            return;
        }
        self.pending.push((id, important));
        let anything_important = self.pending.iter().any(|(_, important)| *important);
        match self.timer {
            None if important => self.fire(now),
            Some(timer) if anything_important => self.due = Some(now + timer),
            _ => {}
        }
    }

    fn enable(&mut self, now: i64, enabled: bool) {
        self.disabled = !enabled;
        if enabled {
            for (id, important) in std::mem::take(&mut self.missed) {
                self.push(now, id, important);
            }
            if self.due.is_some_and(|due| due <= now) {
                self.fire(now);
            }
        }
    }
}

/// Tells both the world and a model for each branch a random story, and compares what they built.
fn tell(seed: u64, by_branch: bool) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let timer = *rng.choice(&[None, Some(5), Some(1)]).unwrap();
    let only_important = rng.bool();
    let config = if by_branch { any_branch(timer, only_important) } else { config(timer, only_important) };
    let mut world = World::new(&config, seed);
    let model = || Model { timer: timer.map(i64::try_from).map(Result::unwrap), only_important, ..Model::default() };
    let branches: &[&str] = if by_branch { &["main", "other"] } else { &["main"] };
    let mut models: BTreeMap<&str, Model> = branches.iter().map(|branch| (*branch, model())).collect();
    let mut now = 0;
    let mut enabled = true;
    for _ in 0..20 {
        match rng.u8(0..8) {
            0..4 => {
                let branch = *rng.choice(&["main", "main", "other"]).unwrap();
                let important = rng.bool();
                world.push(branch, if important { "important" } else { "trifle" });
                if let Some(model) = models.get_mut(branch) {
                    model.push(now, i64::try_from(world.changes.len()).unwrap(), important);
                }
            }
            4..7 => {
                now += rng.i64(1..8);
                world.go_to(now);
                models.values_mut().for_each(|model| model.go_to(now));
            }
            _ => {
                enabled = !enabled;
                world.enable(enabled);
                models.values_mut().for_each(|model| model.enable(now, enabled));
            }
        }
    }
    for (branch, model) in models {
        let of_branch = |(_, changes): &&(i64, Vec<i64>)| world.branch_of(changes[0]) == branch;
        let fired: Vec<_> = world.fired.iter().filter(of_branch).cloned().collect();
        assert_eq!(fired, model.fired, "seed {seed}, branch {branch}");
    }
}

#[test]
fn random_histories_go_as_the_model_says() {
    for seed in 0..3000 {
        tell(seed, false);
    }
}

#[test]
fn every_branch_goes_as_if_it_were_alone() {
    for seed in 0..3000 {
        tell(seed, true);
    }
}

#[test]
fn branches_of_one_name_in_two_repositories_are_two_branches() {
    let mut world = World::new(&any_branch(Some(60), false), 1);
    for (id, repository) in [(1, "one"), (2, "two"), (3, "one")] {
        let change = Change { repository: repository.to_owned(), ..(*change(id, "main", "important")).clone() };
        world.changes.push(Arc::new(change));
    }
    world.settle();
    world.go_to(60);
    assert_eq!(world.fired, [(60, vec![1, 3]), (60, vec![2])]);
}

#[test]
fn without_a_timer_each_important_change_is_built_and_trifles_go_along() {
    let mut world = World::new(&config(None, false), 1);
    world.push("main", "trifle");
    assert!(world.fired.is_empty());
    world.push("main", "important");
    world.push("other", "important");
    world.push("main", "important");
    assert_eq!(world.fired, [(0, vec![1, 2]), (0, vec![4])]);
}

#[test]
fn a_timer_waits_for_quiet() {
    let mut world = World::new(&config(Some(60), false), 1);
    world.push("main", "important");
    world.go_to(59);
    world.push("main", "trifle");
    world.go_to(118);
    assert!(world.fired.is_empty());
    world.go_to(200);
    assert_eq!(world.fired, [(119, vec![1, 2])]);
}

#[test]
fn a_switched_off_scheduler_forgets_nothing() {
    let mut world = World::new(&config(None, false), 1);
    world.enable(false);
    world.push("main", "important");
    assert!(world.fired.is_empty());
    world.enable(true);
    assert_eq!(world.fired, [(0, vec![1])]);
}

#[test]
fn the_buildset_says_who_made_it_and_from_what() {
    let mut config = config(None, false);
    config.properties.set("p", 1, "Config");
    config.codebases = vec![
        CodebaseConfig::default(),
        CodebaseConfig {
            name: "lib".to_owned(),
            repository: "https://git/lib".to_owned(),
            branch: Some("stable".to_owned()),
            revision: None,
        },
    ];
    let rules = rules(&config);
    let mut answers = Answers::default();
    let state = Facts {
        enabled: true,
        last_change: ChangeId(4),
        new_changes: vec![change(5, "main", "important")],
        ..Facts::default()
    };
    let Outcome::Ask(questions) = decide(&rules, &state, &answers, 0) else { panic!("nothing asked") };
    for question in questions {
        answers.add(question, None);
    }
    let Outcome::Decide(decision) = decide(&rules, &state, &answers, 0) else { panic!("asked again") };
    let buildset = decision.buildset.unwrap();
    assert_eq!(buildset.reason, "The SingleBranchScheduler scheduler named 'x' triggered this build");
    assert_eq!(buildset.stamps[0], NewStamp::Existing(SourceStampId(105)));
    let NewStamp::Spec(spec) = &buildset.stamps[1] else { panic!("a stamp without a change") };
    assert_eq!((spec.codebase.as_str(), spec.branch.as_deref()), ("lib", Some("stable")));
    assert_eq!(buildset.properties.get("scheduler"), Some(&"x".into()));
    assert!(buildset.properties.iter().all(|(_, property)| property.source == "Scheduler"));
    assert_eq!((buildset.priority, buildset.waited_for), (3, false));
}

#[test]
fn properties_of_the_newest_change_are_over_those_of_the_scheduler() {
    let mut config = config(None, false);
    config.properties.set("p", 1, "Config");
    config.properties.set("q", 1, "Config");
    let with = |id: i64, name: &str| {
        let mut properties = Properties::new();
        properties.set(name, id, "Change");
        Arc::new(Change { properties, ..(*change(id, "main", "important")).clone() })
    };
    let changes = [with(5, "q"), with(6, "p")];
    let buildset = buildset::of_changes(&config, &BUILDER, &changes, &Default::default());
    assert_eq!((buildset.properties.get("p"), buildset.properties.get("q")), (Some(&6.into()), Some(&1.into())));
}

#[test]
fn a_change_of_a_foreign_codebase_is_passed_over() {
    let mut foreign = change(1, "main", "important").as_ref().clone();
    foreign.codebase = "elsewhere".to_owned();
    let state = Facts { enabled: true, new_changes: vec![Arc::new(foreign)], ..Facts::default() };
    let rules = rules(&config(None, false));
    let Outcome::Decide(decision) = decide(&rules, &state, &Answers::default(), 0) else { panic!("asked about it") };
    assert_eq!(decision, Decision { last_change: Some(ChangeId(1)), ..Decision::default() });
}
