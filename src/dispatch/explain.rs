//! Why requests wait, as plain data for `explain` and the pages.
//!
//! A plan is made once more, with the answers that functions gave to the last one and without asking them again. What it
//! leaves of workers and locks is what keeps the requests waiting that it does not start.

use std::collections::HashMap;
use std::sync::Arc;

use super::collapse::compatibility_key;
use super::plan::{Leftovers, known_wishes, leftovers};
use super::priority::{order_of, rank};
use super::question::{Answers, Key, PossibleBuild};
use super::state::{BuilderState, CollapseRule, Presence, State, WorkerState};
use crate::domain::lock::{known_accesses, lock_functions};
use crate::domain::{BuildId, BuildRequest, BuildRequestId, BuilderId, Callback, PropertyValue, Timestamp, WorkerId};
use crate::locks::{self, LockOwner, LockWish, Taken, returned};

/// Why one request waits: what comes first counts most.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    pub reasons: Vec<Reason>,
}

/// One thing that keeps a request waiting, or says that nothing does.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// The configuration does not have the builder.
    UnknownBuilder,
    NoWorkers,
    /// The master is to end and starts nothing.
    MasterEnds,
    /// It is built together with this request, which comes first.
    Along {
        with: BuildRequestId,
    },
    /// Requests of the same builder that come first.
    Behind {
        n: usize,
        first: BuildRequestId,
    },
    Lock {
        name: String,
        holders: Vec<Holder>,
        n_before: usize,
    },
    /// The lock never has as much room as the builder wants.
    LockTooSmall {
        name: String,
    },
    Worker {
        name: String,
        obstacle: WorkerObstacle,
    },
    /// A function of the configuration holds it: "nextBuild at master.cfg:4 chose no request".
    Function {
        what: &'static str,
        location: String,
        said: &'static str,
    },
    /// The next plan starts it.
    AboutToStart,
}

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    Build(BuildId),
    /// A request that is about to be built, or that keeps its place.
    Request(BuildRequestId),
}

/// Why a request is not built on one of its workers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkerObstacle {
    Missing,
    Paused,
    Leaving,
    /// It builds as much as it may.
    Busy,
    /// It builds for the same builder.
    SameBuilder,
    /// `canStartBuild`, which stands there, refuses it.
    Refused {
        location: String,
    },
}

/// Why these requests wait; those that do not are left out.
pub fn explain(
    state: &State,
    answers: &Answers,
    now: Timestamp,
    requests: &[BuildRequestId],
) -> HashMap<BuildRequestId, Explanation> {
    let explainer = Explainer::new(state, answers, leftovers(state, now, answers));
    requests.iter().filter_map(|id| Some((*id, explainer.explain(*id)?))).collect()
}

struct Explainer<'state> {
    state: &'state State,
    answers: &'state Answers,
    left: Leftovers<'state>,
    waiting: HashMap<BuildRequestId, &'state Arc<BuildRequest>>,
    /// Each in the order in which they are to be built.
    queues: HashMap<BuilderId, Vec<&'state Arc<BuildRequest>>>,
    workers: HashMap<WorkerId, &'state WorkerState>,
}

/// What a builder's next request can do on its workers.
#[derive(Default)]
struct Tried {
    /// Workers that would take it.
    n_free: usize,
    taken: Vec<Taken>,
    workers: Vec<Reason>,
    /// A function that should have named locks.
    nameless: Option<String>,
}

impl<'state> Explainer<'state> {
    fn new(state: &'state State, answers: &'state Answers, left: Leftovers<'state>) -> Self {
        let mut queues: HashMap<BuilderId, Vec<&Arc<BuildRequest>>> = HashMap::new();
        for request in &state.waiting {
            queues.entry(request.builder_id).or_default().push(request);
        }
        for queue in queues.values_mut() {
            queue.sort_unstable_by_key(|request| order_of(request));
        }
        Self {
            state,
            answers,
            left,
            waiting: state.waiting.iter().map(|request| (request.id, request)).collect(),
            queues,
            workers: state.workers.iter().map(|worker| (worker.id, worker)).collect(),
        }
    }

    fn explain(&self, id: BuildRequestId) -> Option<Explanation> {
        let request = *self.waiting.get(&id)?;
        if self.left.starts.iter().any(|start| start.requests.contains(&id)) {
            return Some(Explanation { reasons: vec![Reason::AboutToStart] });
        }
        let Some(builder) = self.state.builders.iter().find(|builder| builder.id == request.builder_id) else {
            return Some(Explanation { reasons: vec![Reason::UnknownBuilder] });
        };
        let (lead, mut reasons) = self.place(builder, request);
        reasons.extend(self.left_out(builder));
        reasons.extend(self.obstacles(builder, lead));
        if reasons.is_empty() {
            reasons.push(Reason::AboutToStart);
        }
        Some(Explanation { reasons })
    }

    /// The request of the builder that comes first and may go, and what that means for this one. Those that functions
    /// keep back hold up nobody.
    fn place(
        &self,
        builder: &BuilderState,
        request: &'state Arc<BuildRequest>,
    ) -> (&'state Arc<BuildRequest>, Vec<Reason>) {
        let started: Vec<BuildRequestId> =
            self.left.starts.iter().flat_map(|start| start.requests.iter().copied()).collect();
        let queue = self.queues.get(&builder.id).map_or(&[][..], Vec::as_slice);
        let may_go = |id: &BuildRequestId| !started.contains(id) && !self.left.passed_over.contains(id);
        let mut before = queue.iter().copied().take_while(|other| other.id != request.id).filter(|one| may_go(&one.id));
        if self.left.passed_over.contains(&request.id) {
            return (request, Vec::new());
        }
        let Some(first) = before.next() else { return (request, Vec::new()) };
        let key = compatibility_key(request);
        if builder.collapse == CollapseRule::Compatible && key.is_some() && key == compatibility_key(first) {
            return (first, vec![Reason::Along { with: first.id }]);
        }
        (first, vec![Reason::Behind { n: before.count().saturating_add(1), first: first.id }])
    }

    /// What functions say of the builder as a whole.
    fn left_out(&self, builder: &BuilderState) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let said = self.answers.get(Key::PrioritizeBuilders);
        if let (Some(function), Some(Some(PropertyValue::List(order)))) = (&self.state.prioritize_builders, said)
            && rank(order, builder).is_none()
        {
            reasons.push(held("prioritizeBuilders", function, "left the builder out"));
        }
        if let (Some(function), true) = (&builder.next_build, self.answers.chose_none(builder.id)) {
            reasons.push(held("nextBuild", function, "chose no request"));
        }
        reasons
    }

    fn obstacles(&self, builder: &BuilderState, lead: &Arc<BuildRequest>) -> Vec<Reason> {
        let mut tried = Tried::default();
        let workers: Vec<_> = builder.workers.iter().filter_map(|id| self.workers.get(id).copied()).collect();
        if workers.is_empty() {
            return vec![Reason::NoWorkers];
        }
        for worker in workers {
            self.try_worker(builder, worker, lead.id, &mut tried);
        }
        if 0 < tried.n_free {
            let said = self.answers.get(Key::NextWorker(builder.id, lead.id));
            return match (&builder.next_worker, said) {
                (Some(function), Some(Some(PropertyValue::Null))) => {
                    vec![held("nextWorker", function, "chose no worker")]
                }
                _ => Vec::new(),
            };
        }
        let mut reasons: Vec<Reason> = Vec::new();
        for taken in &tried.taken {
            let reason = self.lock(taken);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let nameless = tried.nameless.map(|location| Reason::Function {
            what: "locks",
            location,
            said: "did not name the locks of its build",
        });
        reasons.extend(nameless);
        reasons.extend(tried.workers);
        reasons
    }

    fn try_worker(&self, builder: &BuilderState, worker: &WorkerState, lead: BuildRequestId, tried: &mut Tried) {
        let mut obstacle = |obstacle| tried.workers.push(Reason::Worker { name: worker.name.clone(), obstacle });
        match worker.presence {
            Presence::Ready => {}
            Presence::Paused => return obstacle(WorkerObstacle::Paused),
            Presence::Leaving => return obstacle(WorkerObstacle::Leaving),
            Presence::Missing => return obstacle(WorkerObstacle::Missing),
        }
        if self.left.workers.builds_for(worker.id, builder.id) {
            return obstacle(WorkerObstacle::SameBuilder);
        }
        if !self.left.workers.has_room(worker.id) {
            return obstacle(WorkerObstacle::Busy);
        }
        if let (Some(function), Some(Some(answer))) =
            (&builder.can_start_build, self.answers.get(Key::CanStartBuild(builder.id, worker.id, lead)))
            && !answer.is_truthy()
        {
            return obstacle(WorkerObstacle::Refused { location: function.0.location().to_owned() });
        }
        match self.wishes(builder, worker, lead) {
            Ok(wishes) => {
                let owner = LockOwner::Request(lead);
                let taken: Vec<Taken> = wishes.iter().filter_map(|wish| self.left.locks.taken(owner, wish)).collect();
                tried.n_free += usize::from(taken.is_empty());
                tried.taken.extend(taken);
            }
            Err(location) => tried.nameless = Some(location),
        }
    }

    /// All locks of a build there; the place of a function that did not name any.
    fn wishes(
        &self,
        builder: &BuilderState,
        worker: &WorkerState,
        request: BuildRequestId,
    ) -> Result<Vec<LockWish>, String> {
        let build = PossibleBuild { builder: builder.id, worker: worker.id, request };
        let mut named = Vec::new();
        for (position, function) in lock_functions(&builder.locks).enumerate() {
            match self.answers.get(Key::Locks(build, position)) {
                // Not asked: something else came first.
                None => return Ok(known_wishes(builder, worker)),
                Some(answer) => {
                    let value = answer.as_ref().and_then(|value| returned::from_value(value).ok());
                    named.extend(value.ok_or_else(|| function.0.location().to_owned())?);
                }
            }
        }
        let accesses = known_accesses(&builder.locks).chain(&worker.locks).chain(&named);
        Ok(locks::wishes(accesses, (worker.id, &worker.name)))
    }

    fn lock(&self, taken: &Taken) -> Reason {
        let name = taken.key.to_string();
        if taken.too_small {
            return Reason::LockTooSmall { name };
        }
        let holder = |owner: &LockOwner| match (self.left.locks.build_of(*owner), owner) {
            (Some(build), _) => Some(Holder::Build(build)),
            (None, LockOwner::Request(request)) => Some(Holder::Request(*request)),
            (None, _) => None,
        };
        let holders = taken.holders.iter().filter_map(holder).collect();
        Reason::Lock { name, holders, n_before: taken.before.len() }
    }
}

fn held(what: &'static str, function: &Callback, said: &'static str) -> Reason {
    Reason::Function { what, location: function.0.location().to_owned(), said }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
