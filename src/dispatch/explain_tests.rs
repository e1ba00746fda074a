//! Each reason, and what it says.

use super::*;
use crate::dispatch::plan::fixtures::{builder, function, request, state, worker};
use crate::dispatch::{Plan, plan};
use crate::domain::lock::{LockAccess, LockItem, LockMode, LockScope, LockSpec};

fn now() -> Timestamp {
    Timestamp::from_secs(100)
}

/// What is said of a request, once functions have answered what they are asked.
fn told(state: &State, id: i64, answer: impl Fn(&str) -> Option<PropertyValue>) -> Vec<String> {
    let mut answers = Answers::default();
    while let Plan::Ask(questions) = plan(state, now(), &answers) {
        for question in questions {
            let said = answer(question.function.0.name());
            answers.add(question, said);
        }
    }
    let id = BuildRequestId(id);
    let explained = explain(state, &answers, now(), &[id]).remove(&id).expect("it waits");
    let label = |build: BuildId| (build, format!("build {build} of full, about 4 min left"));
    explained.texts(&explained.builds().map(label).collect())
}

fn of_first(change: impl FnOnce(&mut State)) -> Vec<String> {
    let mut state = state(vec![builder(1, &[1, 2])], vec![worker(1), worker(2)], vec![request(1, 1)]);
    change(&mut state);
    told(&state, 1, |_| None)
}

fn access(name: &str, max_count: u32) -> LockAccess {
    let lock =
        LockSpec { name: name.to_owned(), scope: LockScope::Master, max_count, max_count_for_worker: Vec::new() };
    LockAccess { lock, mode: LockMode::Counting, count: 1 }
}

/// Held by build 12, and wanted by one other.
fn with_lock(state: &mut State) {
    let lock = access("db", 1);
    let wishes = locks::wishes([&lock], (WorkerId(1), "w1"));
    state.locks.hold(LockOwner::Build(BuildId(12)), &wishes);
    state.locks.request(LockOwner::Request(BuildRequestId(90)), &wishes);
    state.builders[0].locks = vec![LockItem::Access(lock)];
}

#[test]
fn a_request_that_nothing_holds_is_about_to_start() {
    assert_eq!(of_first(|_| {}), ["is about to start"]);
}

#[test]
fn a_builder_without_workers_or_without_configuration_is_told_apart() {
    assert_eq!(of_first(|state| state.builders.clear()), ["the configuration has no such builder"]);
    assert_eq!(of_first(|state| state.workers.clear()), ["no worker of the configuration may build this"]);
}

#[test]
fn every_worker_says_why_it_does_not_build() {
    let found = of_first(|state| {
        state.workers[0].presence = Presence::Missing;
        state.workers[1].running = 1;
    });
    assert_eq!(found, ["worker w1 is not connected", "worker w2 is busy"]);
    let found = of_first(|state| {
        state.workers[0].running_builders.push(BuilderId(1));
        state.workers[1].presence = Presence::Paused;
    });
    assert_eq!(found, ["worker w1 is busy with another build of this builder", "worker w2 is paused"]);
}

#[test]
fn of_many_workers_only_numbers_are_told() {
    let found = of_first(|state| {
        state.workers = (1..=9).map(|id| WorkerState { running: 1, ..worker(id) }).collect();
        state.workers[8].presence = Presence::Leaving;
        state.builders[0].workers = (1..=9).map(WorkerId).collect();
    });
    assert_eq!(found, ["1 of its 9 workers is about to leave", "8 of its 9 workers are busy"]);
}

#[test]
fn a_lock_is_named_with_its_holder_and_those_who_come_first() {
    let expected = "waits for lock db (held by build 12 of full, about 4 min left; one other waits before it)";
    assert_eq!(of_first(with_lock), [expected]);
    let busy = of_first(|state| {
        with_lock(state);
        state.workers[0].running = 1;
    });
    assert_eq!(busy, [expected, "worker w1 is busy"]);
}

#[test]
fn a_lock_that_is_too_small_is_told() {
    let found = of_first(|state| state.builders[0].locks = vec![LockItem::Access(access("db", 0))]);
    assert_eq!(found, ["lock db never has as much room as is wanted of it"]);
}

#[test]
fn functions_that_hold_a_request_are_named_with_their_place() {
    let one = |change: fn(&mut State)| {
        let mut state = state(vec![builder(1, &[1, 2])], vec![worker(1), worker(2)], vec![request(1, 1)]);
        change(&mut state);
        state
    };
    let refused = one(|state| {
        state.builders[0].can_start_build = Some(function("can"));
        state.workers[0].running = 1;
    });
    let expected = ["worker w1 is busy", "worker w2 is refused by canStartBuild at master.cfg:1"];
    assert_eq!(told(&refused, 1, |_| Some(false.into())), expected);
    let next = one(|state| state.builders[0].next_build = Some(function("next")));
    assert_eq!(told(&next, 1, |_| Some(PropertyValue::Null)), ["nextBuild at master.cfg:1 chose no request"]);
    let worker = one(|state| state.builders[0].next_worker = Some(function("next")));
    assert_eq!(told(&worker, 1, |_| Some(PropertyValue::Null)), ["nextWorker at master.cfg:1 chose no worker"]);
    let order = one(|state| state.prioritize_builders = Some(function("order")));
    let nobody = |_: &str| Some(PropertyValue::List(Vec::new()));
    assert_eq!(told(&order, 1, nobody), ["prioritizeBuilders at master.cfg:1 left the builder out"]);
    let locks = one(|state| state.builders[0].locks = vec![LockItem::Function(function("locks"))]);
    let expected = ["locks at master.cfg:1 did not name the locks of its build"];
    assert_eq!(told(&locks, 1, |_| Some("db".into())), expected);
    assert_eq!(told(&locks, 1, |_| None), expected, "nor does one that fails let the build start");
    assert_eq!(told(&locks, 1, |_| Some(PropertyValue::Null)), ["is about to start"]);
}

#[test]
fn a_request_stands_behind_others_of_its_builder_or_goes_along_with_them() {
    let waiting = || vec![request(3, 1), request(1, 1), request(2, 1)];
    let mut queue = state(vec![builder(1, &[1])], vec![worker(1)], waiting());
    queue.workers[0].running = 1;
    let expected = ["2 requests of the same builder come first, the next of them is request 1", "worker w1 is busy"];
    assert_eq!(told(&queue, 3, |_| None), expected);
    queue.builders[0].collapse = CollapseRule::Compatible;
    let expected = ["is built together with request 1, which comes first", "worker w1 is busy"];
    assert_eq!(told(&queue, 3, |_| None), expected);
    queue.workers[0].running = 0;
    assert_eq!(told(&queue, 3, |_| None), ["is about to start"]);
}

#[test]
fn one_that_functions_keep_back_is_in_nobodys_way() {
    let mut queue = state(vec![builder(1, &[1])], vec![worker(1)], vec![request(1, 1), request(2, 1)]);
    queue.builders[0].can_start_build = Some(function("can"));
    let refused = ["worker w1 is refused by canStartBuild at master.cfg:1"];
    assert_eq!(told(&queue, 1, |_| Some(false.into())), refused);
    assert_eq!(told(&queue, 2, |_| Some(false.into())), refused);
}

#[test]
fn the_lock_that_an_earlier_request_is_about_to_take_is_in_the_way() {
    let mut two = state(vec![builder(1, &[1]), builder(2, &[2])], vec![worker(1), worker(2)], Vec::new());
    two.waiting = vec![Arc::new(request(1, 1)), Arc::new(request(2, 2))];
    for builder in &mut two.builders {
        builder.locks = vec![LockItem::Access(access("db", 1))];
    }
    let expected = "waits for lock db (held by request 1, which is about to start or keeps its place)";
    assert_eq!(told(&two, 2, |_| None), [expected]);
}
