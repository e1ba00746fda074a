//! Plans for small sites, and one for a large one.

use std::collections::HashSet;

use super::fixtures::{builder, function, request, state, worker};
use super::*;
use crate::dispatch::state::BuilderState;
use crate::dispatch::{Presence, WorkerState};
use crate::domain::BuildId;
use crate::domain::lock::{LockAccess, LockItem, LockMode, LockScope, LockSpec};
use crate::locks::{self, returned};

fn now() -> Timestamp {
    Timestamp::from_secs(100)
}

fn decided(state: &State) -> Vec<Start> {
    match plan(state, now(), &Answers::default()) {
        Plan::Decide(starts) => starts,
        Plan::Ask(questions) => panic!("asked {questions:?}"),
    }
}

/// Builder, requests and worker of each start.
fn told(starts: &[Start]) -> Vec<(i64, Vec<i64>, i64)> {
    let ids = |start: &Start| start.requests.iter().map(|id| id.0).collect();
    starts.iter().map(|start| (start.builder.0, ids(start), start.worker.0)).collect()
}

/// Has all questions answered, and says how many rounds that took.
fn answered(state: &State, answer: impl Fn(&Question) -> Option<PropertyValue>) -> (Vec<Start>, usize) {
    let mut answers = Answers::default();
    for round in 0..max_rounds(state) {
        match plan(state, now(), &answers) {
            Plan::Decide(starts) => return (starts, round),
            Plan::Ask(questions) => {
                assert!(!questions.is_empty());
                for question in questions {
                    let said = answer(&question);
                    answers.add(question, said);
                }
            }
        }
    }
    panic!("no end of questions");
}

#[test]
fn the_oldest_request_of_the_greatest_priority_goes_first() {
    let mut urgent = request(3, 2);
    urgent.priority = 1;
    let state =
        state(vec![builder(1, &[1]), builder(2, &[1])], vec![worker(1)], vec![request(2, 2), request(1, 1), urgent]);
    assert_eq!(told(&decided(&state)), [(2, vec![3], 1)]);
}

#[test]
fn a_builder_with_many_requests_leaves_room_for_the_others() {
    let waiting = vec![request(1, 1), request(3, 1), request(4, 1), request(2, 2)];
    let both = [1, 2];
    let state = state(vec![builder(1, &both), builder(2, &both)], vec![worker(1), worker(2)], waiting);
    let started: Vec<_> =
        told(&decided(&state)).into_iter().map(|(builder, requests, _)| (builder, requests)).collect();
    assert_eq!(started, [(1, vec![1]), (2, vec![2])]);
}

#[test]
fn a_builder_builds_at_most_once_on_a_worker() {
    let mut roomy = worker(1);
    roomy.max_builds = None;
    let mut state = state(vec![builder(1, &[1])], vec![roomy], vec![request(1, 1), request(2, 1)]);
    assert_eq!(told(&decided(&state)), [(1, vec![1], 1)]);
    state.workers[0].running_builders.push(BuilderId(1));
    state.workers[0].running = 1;
    assert!(decided(&state).is_empty());
}

#[test]
fn a_worker_that_is_away_or_full_gets_nothing() {
    let away = WorkerState { presence: Presence::Missing, ..worker(1) };
    let full = WorkerState { running: 1, ..worker(2) };
    let state = state(vec![builder(1, &[1, 2])], vec![away, full], vec![request(1, 1)]);
    assert!(decided(&state).is_empty());
}

#[test]
fn the_least_loaded_worker_is_taken_and_equals_take_turns() {
    let load = |id, running| WorkerState { running, max_builds: None, ..worker(id) };
    let all = [1, 2, 3];
    let busy = state(vec![builder(1, &all)], vec![load(1, 2), load(2, 1), load(3, 2)], vec![request(1, 1)]);
    assert_eq!(decided(&busy)[0].worker.0, 2);
    let takers: HashSet<i64> = (1..=3)
        .map(|id| {
            let idle = state(vec![builder(1, &all)], vec![load(1, 0), load(2, 0), load(3, 0)], vec![request(id, 1)]);
            decided(&idle)[0].worker.0
        })
        .collect();
    assert_eq!(takers.len(), 3);
}

#[test]
fn compatible_requests_share_a_build() {
    let mut state = state(
        vec![BuilderState { collapse: CollapseRule::Compatible, ..builder(1, &[1, 2]) }],
        vec![worker(1), worker(2)],
        vec![request(1, 1), request(2, 1), request(3, 1)],
    );
    let mut other = request(2, 1);
    other.source_stamps[0].1.branch = Some("dev".to_owned());
    state.waiting[1] = Arc::new(other);
    let merged: Vec<_> = decided(&state).into_iter().map(|start| start.requests).collect();
    assert_eq!(merged, [vec![BuildRequestId(1), BuildRequestId(3)], vec![BuildRequestId(2)]]);
}

#[test]
fn requests_are_merged_only_where_the_function_agrees() {
    let rule = CollapseRule::Function(function("collapse"));
    let mut state = state(
        vec![BuilderState { collapse: rule, ..builder(1, &[1]) }],
        vec![worker(1)],
        (1..=4).map(|id| request(id, 1)).collect(),
    );
    let mut foreign = request(4, 1);
    foreign.source_stamps[0].1.branch = None;
    state.waiting[3] = Arc::new(foreign);
    let (starts, rounds) = answered(&state, |question| {
        assert_eq!(question.arguments().len(), 4);
        let Key::Collapse(_, _, other) = question.key else { panic!("{question:?}") };
        assert_ne!(other.0, 4, "an incompatible request is not asked about");
        Some((other.0 == 3).into())
    });
    assert_eq!((told(&starts), rounds), (vec![(1, vec![1, 3], 1)], 1));
    let (starts, _) = answered(&state, |_| None);
    assert_eq!(starts[0].requests.len(), 3, "a function that fails leaves the default rule");
    assert!(starts[0].notes.iter().any(|note| note.contains("collapse (master.cfg:1) failed")), "{starts:?}");
}

#[test]
fn next_build_may_choose_or_refuse() {
    let with = BuilderState { next_build: Some(function("next")), ..builder(1, &[1]) };
    let state = state(vec![with], vec![worker(1)], vec![request(1, 1), request(2, 1)]);
    assert_eq!(told(&answered(&state, |_| Some(2.into())).0), [(1, vec![2], 1)]);
    assert!(answered(&state, |_| Some(PropertyValue::Null)).0.is_empty());
    assert_eq!(told(&answered(&state, |_| Some(99.into())).0), [(1, vec![1], 1)]);
    assert_eq!(told(&answered(&state, |_| None).0), [(1, vec![1], 1)]);
}

#[test]
fn next_worker_chooses_among_those_that_can_start_the_build() {
    let with = BuilderState {
        next_worker: Some(function("next_worker")),
        can_start_build: Some(function("can_start")),
        ..builder(1, &[1, 2, 3])
    };
    let state = state(vec![with], vec![worker(1), worker(2), worker(3)], vec![request(1, 1)]);
    let answer = |wanted: &'static str| {
        move |question: &Question| match question.key {
            Key::CanStartBuild(_, worker, _) => Some((worker.0 != 2).into()),
            _ => Some(wanted.into()),
        }
    };
    assert_eq!(told(&answered(&state, answer("w3")).0), [(1, vec![1], 3)]);
    assert_ne!(answered(&state, answer("w2")).0[0].worker.0, 2);
    assert!(answered(&state, |_| Some(false.into())).0.is_empty());
}

#[test]
fn a_request_that_may_start_nowhere_holds_up_nobody() {
    let with = BuilderState { can_start_build: Some(function("can_start")), ..builder(1, &[1, 2]) };
    let mut state = state(vec![with], vec![worker(1), worker(2)], (1..=3).map(|id| request(id, 1)).collect());
    let only = |wanted: i64| {
        move |question: &Question| match question.key {
            Key::CanStartBuild(_, worker, request) => Some((request.0 == wanted && worker.0 == 2).into()),
            _ => None,
        }
    };
    assert_eq!(told(&answered(&state, only(2)).0), [(1, vec![2], 2)]);
    assert_eq!(told(&answered(&state, only(3)).0), [(1, vec![3], 2)]);
    assert!(answered(&state, only(9)).0.is_empty());
    state.builders[0].collapse = CollapseRule::Compatible;
    assert_eq!(told(&answered(&state, only(2)).0), [(1, vec![2, 3], 2)], "one that was refused does not go along");
}

#[test]
fn a_builder_asks_when_those_before_it_can_start_nothing() {
    let with = |id| BuilderState { can_start_build: Some(function("can_start")), ..builder(id, &[1]) };
    let state = state(vec![with(1), with(2), with(3)], vec![worker(1)], (1..=3).map(|id| request(id, id)).collect());
    let (starts, rounds) = answered(&state, |question| match question.key {
        Key::CanStartBuild(_, _, request) => Some((request.0 == 3).into()),
        _ => None,
    });
    assert_eq!((told(&starts), rounds), (vec![(3, vec![3], 1)], 3));
}

#[test]
fn a_request_that_may_start_nowhere_gives_its_place_to_nobody() {
    let with = BuilderState { can_start_build: Some(function("can_start")), ..builder(1, &[1]) };
    let waiting = vec![request(1, 1), request(2, 2), request(3, 1)];
    let state = state(vec![with, builder(2, &[1])], vec![worker(1)], waiting);
    let (starts, _) = answered(&state, |question| match question.key {
        Key::CanStartBuild(_, _, request) => Some((request.0 != 1).into()),
        _ => None,
    });
    assert_eq!(told(&starts), [(2, vec![2], 1)], "request 3 came later than that of the other builder");
}

#[test]
fn a_long_queue_of_which_nothing_may_start_costs_a_few_rounds() {
    let with = BuilderState { can_start_build: Some(function("can_start")), ..builder(1, &[1]) };
    let state = state(vec![with], vec![worker(1)], (1..=1500).map(|id| request(id, 1)).collect());
    let only = |wanted: i64| {
        move |question: &Question| match question.key {
            Key::CanStartBuild(_, _, request) => Some((request.0 == wanted).into()),
            _ => None,
        }
    };
    let (starts, rounds) = answered(&state, only(900));
    assert_eq!((told(&starts), rounds), (vec![(1, vec![900], 1)], 4));
    assert!(answered(&state, only(1400)).0.is_empty(), "so many are not asked about in one plan");
}

#[test]
fn next_build_is_asked_again_without_those_that_may_start_nowhere() {
    let with = BuilderState {
        next_build: Some(function("next")),
        can_start_build: Some(function("can_start")),
        ..builder(1, &[1])
    };
    let state = state(vec![with], vec![worker(1)], (1..=40).map(|id| request(id, 1)).collect());
    let newest_first = |wanted: i64| {
        move |question: &Question| match question.key {
            Key::CanStartBuild(_, _, request) => Some((request.0 == wanted).into()),
            Key::NextBuild(_, n_passed) => Some((40 - i64::try_from(n_passed).unwrap()).into()),
            _ => None,
        }
    };
    let (starts, rounds) = answered(&state, newest_first(35));
    assert_eq!((told(&starts), rounds), (vec![(1, vec![35], 1)], 12));
    let (starts, rounds) = answered(&state, newest_first(1));
    assert!(starts.is_empty() && rounds < MAX_ROUNDS, "{rounds} rounds");
}

#[test]
fn builders_are_ordered_by_the_function_and_may_be_left_out() {
    let mut state = state(
        vec![builder(1, &[1]), builder(2, &[1]), builder(3, &[2])],
        vec![worker(1), worker(2)],
        vec![request(1, 1), request(2, 2), request(3, 3)],
    );
    state.prioritize_builders = Some(function("prioritize"));
    let order = || Some(PropertyValue::List(vec!["b2".into(), "b1".into()]));
    assert_eq!(told(&answered(&state, |_| order()).0), [(2, vec![2], 1)]);
    assert_eq!(told(&answered(&state, |_| None).0), [(1, vec![1], 1), (3, vec![3], 2)]);
}

#[test]
fn what_needs_no_function_starts_before_one_is_asked() {
    let with = BuilderState { next_build: Some(function("next")), ..builder(1, &[1]) };
    let state = state(vec![with, builder(2, &[2])], vec![worker(1), worker(2)], vec![request(1, 1), request(2, 2)]);
    assert_eq!(told(&decided(&state)), [(2, vec![2], 2)]);
}

#[test]
fn nobody_takes_the_worker_of_a_builder_that_waits_for_an_answer() {
    let with = BuilderState { next_build: Some(function("next")), ..builder(1, &[1]) };
    let state = state(vec![with, builder(2, &[1])], vec![worker(1)], vec![request(1, 1), request(2, 2)]);
    let (starts, rounds) = answered(&state, |_| Some(1.into()));
    assert_eq!((told(&starts), rounds), (vec![(1, vec![1], 1)], 1));
}

#[test]
fn a_chain_of_builders_with_functions_ends_after_five_rounds() {
    let with = |id| BuilderState {
        next_build: Some(function("next")),
        next_worker: Some(function("next_worker")),
        can_start_build: Some(function("can_start")),
        collapse: CollapseRule::Function(function("collapse")),
        ..builder(id, &[1, 2])
    };
    let mut state = state(
        (1..=20).map(with).collect(),
        vec![worker(1), worker(2)],
        (1..=40).map(|id| request(id, 1 + id % 20)).collect(),
    );
    state.prioritize_builders = Some(function("prioritize"));
    let (starts, rounds) = answered(&state, |_| None);
    assert!(!starts.is_empty());
    assert!(rounds <= 5, "{rounds} rounds");
    assert_eq!(plan_without_questions(&state, now(), &Answers::default()).len(), 2);
}

#[test]
fn functions_are_asked_about_a_thousand_pairs_at_most() {
    let rule = CollapseRule::Function(function("collapse"));
    let state = state(
        vec![BuilderState { collapse: rule, ..builder(1, &[1]) }],
        vec![worker(1)],
        (1..=1500).map(|id| request(id, 1)).collect(),
    );
    let Plan::Ask(questions) = plan(&state, now(), &Answers::default()) else { panic!("nothing asked") };
    assert_eq!(questions.len(), MAX_FUNCTION_PAIRS);
    let (starts, rounds) = answered(&state, |_| Some(true.into()));
    assert_eq!((starts[0].requests.len(), rounds), (MAX_FUNCTION_PAIRS + 1, 1));
}

/// A random world of a few builders, workers and requests.
fn random(rng: &mut fastrand::Rng) -> State {
    let workers: Vec<_> = (1..=rng.i64(1..5))
        .map(|id| WorkerState {
            presence: if rng.u8(0..4) == 0 { Presence::Paused } else { Presence::Ready },
            running: rng.u32(0..3),
            max_builds: *rng.choice(&[None, Some(1), Some(2), Some(3)]).unwrap(),
            running_builders: (1..4).map(BuilderId).filter(|_| rng.u8(0..4) == 0).collect(),
            ..worker(id)
        })
        .collect();
    let builders = (1..=rng.i64(1..5))
        .map(|id| {
            let own: Vec<i64> = (1..5).filter(|_| rng.bool()).collect();
            let rule = [CollapseRule::Compatible, CollapseRule::Never, CollapseRule::Function(function("collapse"))];
            let mut maybe = |name| rng.bool().then(|| function(name));
            let (next_build, next_worker, can_start_build) = (maybe("next"), maybe("worker"), maybe("can"));
            let collapse = rng.choice(&rule).unwrap().clone();
            BuilderState { collapse, next_build, next_worker, can_start_build, ..builder(id, &own) }
        })
        .collect();
    let waiting = (1..=rng.i64(0..12))
        .map(|id| {
            let mut request = request(id, rng.i64(1..6));
            request.priority = rng.i32(0..2);
            request.has_changes = rng.bool();
            request.waited_for = rng.u8(0..5) == 0;
            request
        })
        .collect();
    state(builders, workers, waiting)
}

fn check(state: &State, starts: &[Start], seed: u64) {
    let mut seen = HashSet::new();
    let mut slots = HashSet::new();
    for start in starts {
        let builder = state.builders.iter().find(|builder| builder.id == start.builder).unwrap();
        let worker = state.workers.iter().find(|worker| worker.id == start.worker).unwrap();
        assert!(worker.presence == Presence::Ready && builder.workers.contains(&worker.id), "seed {seed}");
        assert!(!worker.running_builders.contains(&builder.id), "seed {seed}");
        assert!(slots.insert((start.builder, start.worker)), "twice on one worker, seed {seed}");
        for id in &start.requests {
            assert!(seen.insert(*id), "request {id} starts twice, seed {seed}");
            assert!(state.waiting.iter().any(|request| request.id == *id && request.builder_id == builder.id));
        }
    }
    for worker in &state.workers {
        let n_starts = starts.iter().filter(|start| start.worker == worker.id).count();
        let running = worker.running + u32::try_from(n_starts).unwrap();
        assert!(n_starts == 0 || worker.max_builds.is_none_or(|max| running <= max), "seed {seed}");
    }
}

#[test]
fn no_random_plan_breaks_a_rule() {
    for seed in 0..3000 {
        let mut rng = fastrand::Rng::with_seed(seed);
        let state = random(&mut rng);
        let yes = rng.bool();
        let (starts, rounds) = answered(&state, |question| match question.key {
            Key::CanStartBuild(..) | Key::Collapse(..) => Some(yes.into()),
            _ => None,
        });
        check(&state, &starts, seed);
        assert!(rounds < max_rounds(&state), "seed {seed}");
        let all = plan_without_questions(&state, now(), &Answers::default());
        check(&state, &all, seed);
    }
}

#[test]
fn three_thousand_builders_with_ten_thousand_requests_are_planned() {
    let workers: Vec<i64> = (1..=200).collect();
    let state = state(
        (1..=3000).map(|id| BuilderState { collapse: CollapseRule::Compatible, ..builder(id, &workers) }).collect(),
        workers.iter().map(|id| WorkerState { max_builds: Some(2), ..worker(*id) }).collect(),
        (1..=10_000).map(|id| request(id, 1 + id % 3000)).collect(),
    );
    assert_eq!(decided(&state).len(), 400);
}

/// The only one that may have the lock of this name.
fn exclusive(name: &str) -> LockAccess {
    let lock =
        LockSpec { name: name.to_owned(), scope: LockScope::Master, max_count: 1, max_count_for_worker: Vec::new() };
    LockAccess { lock, mode: LockMode::Exclusive, count: 1 }
}

#[test]
fn a_request_whose_named_lock_is_taken_leaves_the_worker_to_the_next_one() {
    let with = BuilderState { locks: vec![LockItem::Function(function("locks"))], ..builder(1, &[1]) };
    let mut state = state(vec![with], vec![worker(1)], vec![request(1, 1), request(2, 1)]);
    let taken = locks::wishes([&exclusive("db")], (WorkerId(1), "w1"));
    state.locks.hold(LockOwner::Build(BuildId(9)), &taken);
    let (starts, _) = answered(&state, |question| {
        let name = if question.about()?.request.0 == 1 { "db" } else { "net" };
        Some(returned::to_value(&exclusive(name)))
    });
    assert_eq!(told(&starts), [(1, vec![2], 1)]);
    let (starts, _) = answered(&state, |_| Some(returned::to_value(&exclusive("db"))));
    assert!(starts.is_empty());
}

#[test]
fn a_lock_that_a_function_names_is_taken_with_the_build() {
    let access = exclusive("db");
    let with = |id: i64| BuilderState { locks: vec![LockItem::Function(function("locks"))], ..builder(id, &[id]) };
    let state = state(vec![with(1), with(2)], vec![worker(1), worker(2)], vec![request(1, 1), request(2, 2)]);
    let (starts, rounds) = answered(&state, |question| {
        assert!(question.about().is_some_and(|build| build.worker.0 == build.builder.0), "{question:?}");
        Some(returned::to_value(&access))
    });
    assert_eq!((told(&starts), rounds), (vec![(1, vec![1], 1)], 1), "the second waits for the first");
    assert_eq!(starts[0].locks[0].key.name, "db");
    assert!(answered(&state, |_| None).0.is_empty(), "no build starts without locks that nobody could name");
    assert!(plan_without_questions(&state, now(), &Answers::default()).is_empty());
}
