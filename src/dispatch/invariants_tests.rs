//! What must hold for every site and everything that happens to it, with the rules that no function changes; of the
//! functions, `canStartBuild` takes part.
//!
//! - Every request is built once: none is lost, none is in two builds, one that was merged has the build of its lead.
//! - No lock is over its count, and an exclusive holder is alone.
//! - No worker builds more than it may, nor twice at once for a builder.
//! - Fair: a worker that could take a request starts at most one later request of equal priority before it. "Could
//!   take" means, at the moment of that start: it has room, does not build for the request's builder, and the locks of
//!   a build there are free and wanted by nobody who came before, and `canStartBuild` allows it. What needs no function
//!   may start while one is asked, if room is kept for whoever asks.
//! - Busy: when a plan has nothing to start, no worker could take a request that waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::plan::fixtures::{builder, function, request, worker};
use super::plan::known_wishes;
use super::question::Key;
use super::{Answers, BuilderState, CollapseRule, Plan, Presence, Start, State, WorkerState, max_rounds, plan};
use crate::domain::lock::{LockAccess, LockItem, LockMode, LockScope, LockSpec};
use crate::domain::{BuildId, BuildRequest, BuildRequestId, BuilderId, Timestamp, WorkerId};
use crate::locks::{LockBook, LockKey, LockOwner, LockWish};

const N_BUILDERS: usize = 4;
const N_WORKERS: usize = 3;

/// Something that happens; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Move {
    Submit {
        builder: usize,
        from_change: bool,
        priority: i32,
    },
    Finish(usize),
    /// A worker comes or goes; what it built is given back and waits again.
    Toggle(usize),
}

/// What the configuration says.
#[derive(Clone, Debug)]
struct Config {
    builders: Vec<BuilderState>,
    workers: Vec<WorkerState>,
    /// Of each builder with `canStartBuild`: which requests it refuses everywhere until the end, by their ids' last bits.
    refused: Vec<Option<i64>>,
}

impl Config {
    /// What `canStartBuild` says of a request on a worker.
    fn allows(&self, builder: BuilderId, worker: WorkerId, request: BuildRequestId) -> bool {
        let Some(Some(refused)) = usize::try_from(builder.0 - 1).ok().and_then(|index| self.refused.get(index)) else {
            return true;
        };
        // Some are refused everywhere, others on one worker.
        request.0 % 4 != refused % 4 && (request.0 + worker.0) % 3 != 0
    }
}

fn lock() -> impl Strategy<Value = LockAccess> {
    (0..3usize, any::<bool>(), 1..=2u32).prop_map(|(which, exclusive, count)| {
        let (name, scope, max_count) =
            [("db", LockScope::Master, 1), ("net", LockScope::Master, 2), ("cpu", LockScope::Worker, 2)][which];
        let lock = LockSpec { name: name.to_owned(), scope, max_count, max_count_for_worker: Vec::new() };
        let mode = if exclusive { LockMode::Exclusive } else { LockMode::Counting };
        // Two wishes of one builder for one lock are added up.
        LockAccess { lock, mode, count: if exclusive { 1 } else { count.min(max_count) } }
    })
}

fn config() -> impl Strategy<Value = Config> {
    let own = prop::collection::vec(any::<bool>(), N_WORKERS);
    let of_builder = (own, any::<bool>(), prop::option::of(lock()));
    let of_worker = (prop::option::of(1..3u32), prop::option::of(lock()));
    let builders = prop::collection::vec(of_builder, N_BUILDERS);
    let refused = prop::collection::vec(prop::option::of(0..4i64), N_BUILDERS);
    (builders, prop::collection::vec(of_worker, N_WORKERS), refused).prop_map(|(builders, workers, refused)| Config {
        builders: (1..)
            .zip(builders)
            .zip(&refused)
            .map(|((id, (own, merges, lock)), refused)| BuilderState {
                can_start_build: refused.map(|_| function("can_start")),
                ..made(id, &own, merges, lock)
            })
            .collect(),
        refused,
        workers: (1..)
            .zip(workers)
            .map(|(id, (max_builds, lock))| WorkerState {
                max_builds,
                // A lock that a builder takes as well could be wanted more often than it holds.
                locks: lock.into_iter().filter(|lock| lock.lock.name == "cpu" && lock.count == 1).collect(),
                ..worker(id)
            })
            .collect(),
    })
}

fn made(id: i64, own: &[bool], merges: bool, lock: Option<LockAccess>) -> BuilderState {
    let mut workers: Vec<i64> = (1..).zip(own).filter(|(_, own)| **own).map(|(id, _)| id).collect();
    if workers.is_empty() {
        workers.push(1);
    }
    let lock = lock.filter(|lock| lock.lock.name != "cpu" || lock.count == 1);
    BuilderState {
        collapse: if merges { CollapseRule::Compatible } else { CollapseRule::Never },
        locks: lock.into_iter().map(LockItem::Access).collect(),
        ..builder(id, &workers)
    }
}

fn moves(priorities: std::ops::Range<i32>) -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        4 => (any::<usize>(), any::<bool>(), priorities)
            .prop_map(|(builder, from_change, priority)| Move::Submit { builder, from_change, priority }),
        3 => any::<usize>().prop_map(Move::Finish),
        1 => any::<usize>().prop_map(Move::Toggle),
    ];
    prop::collection::vec(one, 1..40)
}

/// A build that runs.
#[derive(Clone, Debug)]
struct Running {
    id: BuildId,
    start: Start,
}

/// A master without anything but its plans.
#[derive(Debug)]
struct World {
    config: Config,
    waiting: BTreeMap<BuildRequestId, Arc<BuildRequest>>,
    running: Vec<Running>,
    /// How often a request was part of a build that ended well.
    built: HashMap<BuildRequestId, usize>,
    n_submitted: i64,
    n_builds: i64,
    /// Later requests that a worker started although it could have taken this one.
    overtaken: HashMap<(BuildRequestId, WorkerId), usize>,
}

impl World {
    fn new(config: Config) -> Self {
        Self {
            config,
            waiting: BTreeMap::new(),
            running: Vec::new(),
            built: HashMap::new(),
            n_submitted: 0,
            n_builds: 0,
            overtaken: HashMap::new(),
        }
    }

    fn make(&mut self, one: &Move) {
        match *one {
            Move::Submit { builder, from_change, priority } => {
                self.n_submitted += 1;
                let builder = self.config.builders[builder % N_BUILDERS].id;
                let request =
                    BuildRequest { has_changes: from_change, priority, ..request(self.n_submitted, builder.0) };
                self.waiting.insert(request.id, Arc::new(request));
            }
            Move::Finish(number) => {
                if !self.running.is_empty() {
                    let ended = self.running.remove(number % self.running.len());
                    for request in ended.start.requests {
                        *self.built.entry(request).or_default() += 1;
                    }
                }
            }
            Move::Toggle(number) => self.toggle(number % N_WORKERS),
        }
    }

    fn toggle(&mut self, number: usize) {
        let worker = &mut self.config.workers[number];
        if worker.presence == Presence::Missing {
            worker.presence = Presence::Ready;
            return;
        }
        worker.presence = Presence::Missing;
        let id = worker.id;
        let (lost, kept): (Vec<_>, Vec<_>) = self.running.drain(..).partition(|build| build.start.worker == id);
        self.running = kept;
        for build in lost {
            for id in build.start.requests {
                self.waiting.insert(id, Arc::new(request(id.0, build.start.builder.0)));
            }
        }
    }

    fn state(&self) -> State {
        let mut locks = LockBook::default();
        for build in &self.running {
            locks.hold(LockOwner::Build(build.id), &build.start.locks);
        }
        let on = |worker: WorkerId| self.running.iter().filter(move |build| build.start.worker == worker);
        let workers = self.config.workers.iter().map(|worker| WorkerState {
            running: u32::try_from(on(worker.id).count()).unwrap(),
            running_builders: on(worker.id).map(|build| build.start.builder).collect(),
            ..worker.clone()
        });
        State {
            workers: workers.collect(),
            builders: self.config.builders.clone(),
            waiting: self.waiting.values().cloned().collect(),
            locks,
            prioritize_builders: None,
        }
    }

    /// Plans until there is nothing to start.
    fn plan(&mut self) -> Result<(), TestCaseError> {
        loop {
            let starts = self.decide()?;
            if starts.is_empty() {
                return self.check_busy();
            }
            for start in starts {
                self.start(start)?;
            }
        }
    }

    /// Has questions answered until there is a plan.
    fn decide(&self) -> Result<Vec<Start>, TestCaseError> {
        let (state, mut answers) = (self.state(), Answers::default());
        for _ in 0..max_rounds(&state) {
            let questions = match plan(&state, Timestamp::from_secs(1_000), &answers) {
                Plan::Decide(starts) => return Ok(starts),
                Plan::Ask(questions) => questions,
            };
            prop_assert!(!questions.is_empty());
            for question in questions {
                let Key::CanStartBuild(builder, worker, request) = question.key else {
                    return Err(TestCaseError::fail(format!("there is no such function: {question:?}")));
                };
                answers.add(question, Some(self.config.allows(builder, worker, request).into()));
            }
        }
        Err(TestCaseError::fail("no end of questions"))
    }

    fn start(&mut self, start: Start) -> Result<(), TestCaseError> {
        let (builder, lead) = (start.builder, start.requests[0]);
        prop_assert!(self.config.allows(builder, start.worker, lead), "{lead} was refused");
        self.note_overtaken(&start);
        let mut requests = Vec::new();
        for id in &start.requests {
            let request = self.waiting.remove(id);
            requests.push(request.ok_or_else(|| TestCaseError::fail(format!("{id} does not wait, or starts twice")))?);
        }
        prop_assert!(requests.iter().all(|request| request.builder_id == start.builder));
        self.n_builds += 1;
        self.running.push(Running { id: BuildId(self.n_builds), start });
        self.check_workers()?;
        self.check_locks()
    }

    /// Those that the worker could have taken instead of a later request.
    fn note_overtaken(&mut self, start: &Start) {
        let Some(lead) = start.requests.first().and_then(|id| self.waiting.get(id)) else { return };
        let state = self.state();
        let earlier = self.waiting.values().filter(|request| {
            request.id < lead.id && request.priority == lead.priority && !start.requests.contains(&request.id)
        });
        let allowed = earlier.filter(|one| self.config.allows(one.builder_id, start.worker, one.id));
        let allowed = allowed.filter(|one| !keeps_room(&state, start.worker, one.builder_id));
        let could: Vec<_> = allowed.filter(|one| could_take(&state, start.worker, one.builder_id)).collect();
        for request in could {
            *self.overtaken.entry((request.id, start.worker)).or_default() += 1;
        }
    }

    fn check_workers(&self) -> Result<(), TestCaseError> {
        for worker in &self.config.workers {
            let on: Vec<_> = self.running.iter().filter(|build| build.start.worker == worker.id).collect();
            let builders: BTreeSet<BuilderId> = on.iter().map(|build| build.start.builder).collect();
            prop_assert_eq!(builders.len(), on.len(), "a builder builds twice on a worker");
            prop_assert!(worker.max_builds.is_none_or(|max| on.len() <= usize::try_from(max).unwrap()));
            prop_assert!(on.is_empty() || worker.presence == Presence::Ready);
        }
        Ok(())
    }

    fn check_locks(&self) -> Result<(), TestCaseError> {
        let mut held: BTreeMap<&LockKey, Vec<&LockWish>> = BTreeMap::new();
        for wish in self.running.iter().flat_map(|build| &build.start.locks) {
            held.entry(&wish.key).or_default().push(wish);
        }
        for (key, wishes) in held {
            let exclusive = wishes.iter().any(|wish| wish.mode == LockMode::Exclusive);
            prop_assert!(!exclusive || wishes.len() == 1, "{key} has an exclusive holder and another");
            let count: u32 = wishes.iter().filter(|_| !exclusive).map(|wish| wish.count).sum();
            prop_assert!(count <= wishes[0].max_count, "{key} is held {count} times");
        }
        Ok(())
    }

    /// No worker could take a request that waits, unless a lock that another waits for stands between.
    fn check_busy(&self) -> Result<(), TestCaseError> {
        let state = self.state();
        // Those who wait keep their places in the queues of locks, in the order in which a plan looks at them.
        let mut order: Vec<_> = self.waiting.values().collect();
        order.sort_by_key(|request| super::priority::order_of(request));
        let mut wanted: BTreeSet<LockKey> = BTreeSet::new();
        for request in order {
            let builder = state.builders.iter().find(|builder| builder.id == request.builder_id).unwrap();
            for worker in builder.workers.iter().filter(|worker| has_room(&state, **worker, builder.id)) {
                let worker = state.workers.iter().find(|one| one.id == *worker).unwrap();
                let wishes = known_wishes(builder, worker);
                let is_free = state.locks.has_room_for(&wishes);
                let blocked = !is_free || wishes.iter().any(|wish| wanted.contains(&wish.key));
                let refused = !self.config.allows(builder.id, worker.id, request.id);
                prop_assert!(blocked || refused, "{} could be built on {}", request.id, worker.name);
                // One that is refused is known to be so only where its locks are free.
                wanted.extend(wishes.into_iter().filter(|_| blocked).map(|wish| wish.key));
            }
        }
        Ok(())
    }
}

fn has_room(state: &State, worker: WorkerId, builder: BuilderId) -> bool {
    state.workers.iter().any(|one| {
        one.id == worker
            && one.presence == Presence::Ready
            && one.max_builds.is_none_or(|max| one.running < max)
            && !one.running_builders.contains(&builder)
    })
}

/// Whether one more build can start there, and room is left for a builder that waits for its function's answer.
fn keeps_room(state: &State, worker: WorkerId, builder: BuilderId) -> bool {
    let builder = state.builders.iter().find(|one| one.id == builder).unwrap();
    let worker = state.workers.iter().find(|one| one.id == worker).unwrap();
    builder.can_start_build.is_some() && worker.max_builds.is_none_or(|max| worker.running + 1 < max)
}

fn could_take(state: &State, worker: WorkerId, builder: BuilderId) -> bool {
    let builder = state.builders.iter().find(|one| one.id == builder).unwrap();
    let place = state.workers.iter().find(|one| one.id == worker).unwrap();
    builder.workers.contains(&worker)
        && has_room(state, worker, builder.id)
        && state.locks.has_room_for(&known_wishes(builder, place))
}

/// Everything that happens, and then whatever is needed until nothing waits.
fn run(config: Config, moves: &[Move]) -> Result<World, TestCaseError> {
    let mut world = World::new(config);
    for one in moves {
        world.make(one);
        world.plan()?;
    }
    for number in 0..N_WORKERS {
        if world.config.workers[number].presence == Presence::Missing {
            world.make(&Move::Toggle(number));
        }
    }
    world.config.refused = Vec::new();
    world.plan()?;
    while !world.running.is_empty() {
        world.make(&Move::Finish(0));
        world.plan()?;
    }
    Ok(world)
}

fn cases() -> ProptestConfig {
    ProptestConfig { cases: 1000, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_request_is_built_once_and_no_lock_or_worker_is_over_its_count(
        config in config(),
        moves in moves(0..3),
    ) {
        let world = run(config, &moves)?;
        prop_assert!(world.waiting.is_empty(), "{:?} are never built", world.waiting.keys());
        for id in (1..=world.n_submitted).map(BuildRequestId) {
            prop_assert_eq!(world.built.get(&id), Some(&1), "{}", id);
        }
    }

    #[test]
    fn a_worker_starts_at_most_one_later_request_before_one_that_it_could_take(
        config in config(),
        moves in moves(0..1),
    ) {
        let world = run(config, &moves)?;
        for ((request, worker), n_later) in &world.overtaken {
            prop_assert!(*n_later <= 1, "{n_later} later requests started on worker {worker} before {request}");
        }
    }
}
