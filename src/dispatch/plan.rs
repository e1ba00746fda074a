//! One plan: builders in the order of their first waiting request each start what they can.
//!
//! A builder whose decision needs a function's word asks, and room is kept for it meanwhile. If builders without
//! functions can start something, that is decided at once and the questions come with the next plan. Once questions were
//! answered, only those who asked may ask again, and others when that led to nothing, so a plan comes to its end: it asks for the order of builders; for each
//! request that is tried what is chosen, its locks and its workers; and at last for worker and merging. A builder with
//! functions starts one build per plan.
//!
//! A request that functions keep from every free worker is passed over, and the next one is tried: it holds up nobody.

mod lock_rules;
mod permission;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;

use super::arguments;
use super::choose_worker::Workers;
use super::priority::{RequestOrder, order_of, rank};
use super::question::{Answers, Key, Question};
use super::queue::Queue;
use super::state::{CollapseRule, State};
use crate::domain::{
    BuildRequest, BuildRequestId, BuilderId, Callback, PropertyValue, ScriptValue, Timestamp, WorkerId,
};
use crate::locks::{LockBook, LockOwner, LockWish};

pub(super) use self::lock_rules::known_wishes;

/// Pairs (of requests, or of worker and request) about which functions are asked in one plan; beyond, requests are not
/// merged and workers not considered until the next.
pub const MAX_FUNCTION_PAIRS: usize = 1000;

/// Requests of a builder that one plan passes over if functions have to be asked for each by itself.
const MAX_PASSED_SINGLY: usize = 16;

/// More rounds of questions than builders need that ask at the same time: three for each request that is tried singly, and
/// one each for the order of builders, the worker and merging.
const MAX_ROUNDS: usize = 3 * (MAX_PASSED_SINGLY + 1) + 4;

/// What to do next.
#[derive(Clone, Debug)]
pub enum Plan {
    /// Start these, and nothing else for now.
    Decide(Vec<Start>),
    /// Have these answered, then plan again.
    Ask(Vec<Question>),
}

/// One build to start.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    pub builder: BuilderId,
    /// All that the build serves; the first leads.
    pub requests: Vec<BuildRequestId>,
    pub worker: WorkerId,
    /// Of the request that leads.
    pub priority: i32,
    /// What the build takes before its first step.
    pub locks: Vec<LockWish>,
    /// What was remarkable, for `explain`.
    pub notes: Vec<String>,
}

/// Makes a plan; the same arguments give the same plan.
pub fn plan(state: &State, now: Timestamp, answers: &Answers) -> Plan {
    let planner = Planner::new(state, now, answers, MayAsk::InTurn).worked();
    let is_idle = planner.starts.is_empty() && planner.questions.is_empty();
    if is_idle && planner.any_put_off {
        // Those who asked first can start nothing: it is the turn of the others.
        return Planner::new(state, now, answers, MayAsk::All).worked().into_plan();
    }
    planner.into_plan()
}

/// A plan is made after at most so many rounds of questions.
pub fn max_rounds(state: &State) -> usize {
    MAX_ROUNDS * (1 + state.builders.iter().filter(|builder| builder.has_functions()).count())
}

/// Makes a plan with the answers there are; where one is missing the rule without the function holds.
pub fn plan_without_questions(state: &State, now: Timestamp, answers: &Answers) -> Vec<Start> {
    match Planner::new(state, now, answers, MayAsk::Nobody).worked().into_plan() {
        Plan::Decide(starts) => starts,
        Plan::Ask(_) => Vec::new(),
    }
}

/// What a plan leaves to those that it does not start.
pub(super) struct Leftovers<'state> {
    pub starts: Vec<Start>,
    pub workers: Workers<'state>,
    /// With the places that requests keep in the queues of locks.
    pub locks: LockBook,
    /// Requests that functions keep from every free worker.
    pub passed_over: HashSet<BuildRequestId>,
}

/// What is left by a plan with the answers there are.
pub(super) fn leftovers<'state>(state: &'state State, now: Timestamp, answers: &'state Answers) -> Leftovers<'state> {
    let planner = Planner::new(state, now, answers, MayAsk::Nobody).worked();
    let passed_over = planner.queues.iter().flat_map(|queue| queue.passed_over()).collect();
    Leftovers { starts: planner.starts, workers: planner.workers, locks: planner.locks, passed_over }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum MayAsk {
    /// In the first round all, later those who did.
    InTurn,
    All,
    Nobody,
}

/// What a function says.
enum Word<'answers> {
    Said(&'answers PropertyValue),
    /// It failed, or may not be asked; the default rule holds.
    Failed,
    /// Not yet asked.
    Silent,
}

/// What came of trying to start a build.
enum Tried {
    Started,
    /// The next request of the builder may start nowhere; there may be others.
    PassedOver,
    /// Nothing can start.
    Nothing,
    /// It depends on questions.
    Pending,
}

/// What is to be done with the next request of a builder; requests and workers by position.
enum Chosen {
    Start {
        lead: usize,
        worker: usize,
        along: Vec<usize>,
    },
    /// Functions keep it from every free worker.
    Nowhere(usize),
}

struct Planner<'state> {
    state: &'state State,
    now: Timestamp,
    answers: &'state Answers,
    may_ask: MayAsk,
    workers: Workers<'state>,
    locks: LockBook,
    queues: Vec<Queue<'state>>,
    questions: Vec<Question>,
    starts: Vec<Start>,
    pairs_left: usize,
    /// Whether a builder waits for its turn to ask.
    any_put_off: bool,
}

impl<'state> Planner<'state> {
    fn new(state: &'state State, now: Timestamp, answers: &'state Answers, may_ask: MayAsk) -> Self {
        let mut by_builder: HashMap<BuilderId, Vec<&Arc<BuildRequest>>> = HashMap::new();
        for request in &state.waiting {
            by_builder.entry(request.builder_id).or_default().push(request);
        }
        let queues = state
            .builders
            .iter()
            .filter_map(|builder| Some(Queue::new(builder, by_builder.remove(&builder.id)?)))
            .collect();
        Self {
            state,
            now,
            answers,
            may_ask,
            workers: Workers::new(state),
            locks: state.locks.clone(),
            queues,
            questions: Vec::new(),
            starts: Vec::new(),
            pairs_left: MAX_FUNCTION_PAIRS,
            any_put_off: false,
        }
    }

    fn worked(mut self) -> Self {
        self.work();
        self
    }

    fn into_plan(self) -> Plan {
        let decided = self.answers.is_first_round() && !self.starts.is_empty();
        if decided || self.questions.is_empty() { Plan::Decide(self.starts) } else { Plan::Ask(self.questions) }
    }

    /// Fills `starts` and `questions`.
    fn work(&mut self) {
        if !self.workers.any_free() {
            return;
        }
        let Some(ranks) = self.ranks() else { return };
        let mut heap: BinaryHeap<Reverse<(usize, RequestOrder, usize)>> = BinaryHeap::new();
        for (index, rank) in ranks.iter().enumerate() {
            heap.extend(rank.and_then(|rank| self.turn(index, rank)));
        }
        while let Some(Reverse((rank, _, index))) = heap.pop() {
            if !self.workers.any_free() {
                break;
            }
            match self.try_start(index) {
                Tried::Started if !self.queues[index].builder.has_functions() => heap.extend(self.turn(index, rank)),
                Tried::PassedOver => heap.extend(self.turn(index, rank)),
                Tried::Started | Tried::Nothing | Tried::Pending => {}
            }
        }
    }

    /// The place of a builder among the others, by its first request that may start for all that is known.
    fn turn(&mut self, index: usize, rank: usize) -> Option<Reverse<(usize, RequestOrder, usize)>> {
        let queue = &self.queues[index];
        let first = queue.next_waiting()?;
        Some(Reverse((rank, order_of(queue.requests[first]), index)))
    }

    /// The rank of each queue, `None` for those left out; `None` at all while `prioritizeBuilders` is to be asked.
    fn ranks(&mut self) -> Option<Vec<Option<usize>>> {
        let all_equal = vec![Some(0); self.queues.len()];
        let Some(function) = &self.state.prioritize_builders else { return Some(all_equal) };
        match self.word(Key::PrioritizeBuilders) {
            Word::Said(PropertyValue::List(returned)) => {
                Some(self.queues.iter().map(|queue| rank(returned, queue.builder)).collect())
            }
            Word::Said(_) | Word::Failed => Some(all_equal),
            Word::Silent => {
                let mut queues: Vec<_> = self.queues.iter().collect();
                queues.sort_by_key(|queue| queue.requests.first().map(|request| order_of(request)));
                let builders = queues.into_iter().map(|queue| arguments::builder(queue.builder)).collect();
                let arguments = vec![arguments::master(), ScriptValue::List(builders)];
                self.questions.push(Question::new(function, Key::PrioritizeBuilders, arguments));
                None
            }
        }
    }

    fn word(&self, key: Key) -> Word<'state> {
        match (self.answers.get(key), self.may_ask) {
            (Some(Some(value)), _) => Word::Said(value),
            (Some(None), _) | (None, MayAsk::Nobody) => Word::Failed,
            (None, MayAsk::InTurn | MayAsk::All) => Word::Silent,
        }
    }

    fn try_start(&mut self, index: usize) -> Tried {
        let builder = self.queues[index].builder;
        let candidates = self.workers.candidates(builder);
        if candidates.is_empty() {
            return Tried::Nothing;
        }
        let Some(candidates) = self.with_free_locks(index, candidates) else { return Tried::Nothing };
        if self.may_ask == MayAsk::InTurn && builder.has_functions() && !self.answers.may_ask(builder.id) {
            // Its turn to ask comes later; nobody is to take its worker until then.
            self.any_put_off = true;
            self.workers.reserve(&candidates);
            return Tried::Pending;
        }
        let n_questions = self.questions.len();
        let mut notes = Vec::new();
        match self.choose(index, &candidates, &mut notes) {
            Some(Chosen::Start { lead, worker, along }) => {
                self.start(index, (lead, worker), &along, notes);
                Tried::Started
            }
            Some(Chosen::Nowhere(lead)) => {
                self.queues[index].pass_over(lead);
                Tried::PassedOver
            }
            None if self.questions.len() == n_questions => Tried::Nothing,
            None => {
                self.workers.reserve(&candidates);
                Tried::Pending
            }
        }
    }

    /// The next request, if it may start on one of the candidates, with its worker and what is built along; `None` if
    /// there is none, or while a function is asked.
    fn choose(&mut self, index: usize, candidates: &[usize], notes: &mut Vec<String>) -> Option<Chosen> {
        let n_passed = self.queues[index].n_passed_over();
        let limit = if self.queues[index].builder.is_asked_singly() { MAX_PASSED_SINGLY } else { usize::MAX };
        if limit < n_passed || (0 < n_passed && self.pairs_left == 0) {
            return None;
        }
        let lead = self.next_build(index, n_passed, notes)?;
        let free = self.with_named_locks(index, lead, candidates)?;
        let allowed = self.allowed(index, (lead, n_passed), &free, notes)?;
        if allowed.is_empty() {
            return Some(Chosen::Nowhere(lead));
        }
        let worker = self.next_worker(index, lead, &allowed, notes)?;
        let along = self.merged(index, lead, notes)?;
        Some(Chosen::Start { lead, worker, along })
    }

    fn start(&mut self, index: usize, (lead, worker): (usize, usize), merged: &[usize], mut notes: Vec<String>) {
        let wanted = self.named_wishes(index, lead, worker).unwrap_or_default();
        let queue = &mut self.queues[index];
        let waited = self.now.since(queue.requests[lead].submitted_at);
        notes.insert(0, format!("waited {} s", waited.as_secs()));
        let positions = || std::iter::once(lead).chain(merged.iter().copied());
        for position in positions() {
            queue.take(position);
        }
        let start = Start {
            builder: queue.builder.id,
            requests: positions().map(|position| queue.requests[position].id).collect(),
            worker: self.workers.get(worker).id,
            priority: queue.requests[lead].priority,
            locks: wanted.clone(),
            notes,
        };
        self.locks.request(LockOwner::Request(queue.requests[lead].id), &wanted);
        self.workers.occupy(worker, queue.builder.id);
        self.starts.push(start);
    }

    /// The request to build after so many were passed over; `None` if there is none, or if that is still asked.
    fn next_build(&mut self, index: usize, n_passed: usize, notes: &mut Vec<String>) -> Option<usize> {
        let queue = &self.queues[index];
        let first = queue.next_waiting()?;
        let Some(function) = &queue.builder.next_build else { return Some(first) };
        let key = Key::NextBuild(queue.builder.id, n_passed);
        match self.word(key) {
            Word::Said(PropertyValue::Null) => None,
            Word::Said(returned) => {
                let found =
                    queue.waiting().find(|position| arguments::names(returned, "", queue.requests[*position].id.0));
                if found.is_none() {
                    notes.push(remark(function, "returned no waiting request; the first one was taken"));
                }
                Some(found.unwrap_or(first))
            }
            Word::Failed => {
                notes.push(remark(function, "failed; the first request was taken"));
                Some(first)
            }
            Word::Silent => {
                let requests = queue.waiting().map(|position| arguments::request(queue.requests[position])).collect();
                let arguments = vec![arguments::builder(queue.builder), ScriptValue::List(requests)];
                self.questions.push(Question::new(function, key, arguments));
                None
            }
        }
    }

    /// The worker to build on; `None` if there is none, or if that is still asked.
    fn next_worker(
        &mut self,
        index: usize,
        lead: usize,
        candidates: &[usize],
        notes: &mut Vec<String>,
    ) -> Option<usize> {
        let builder = self.queues[index].builder;
        let request = self.queues[index].requests[lead];
        let default = self.workers.choose(candidates, request.id);
        let Some(function) = &builder.next_worker else { return default };
        let key = Key::NextWorker(builder.id, request.id);
        match self.word(key) {
            Word::Said(PropertyValue::Null) => None,
            Word::Said(returned) => {
                let found = candidates.iter().copied().find(|candidate| {
                    let worker = self.workers.get(*candidate);
                    arguments::names(returned, &worker.name, worker.id.0)
                });
                if found.is_none() {
                    notes.push(remark(function, "returned no free worker; the default choice was taken"));
                }
                found.or(default)
            }
            Word::Failed => {
                notes.push(remark(function, "failed; the default choice was taken"));
                default
            }
            Word::Silent => {
                // With nobody to choose from there is nothing to ask.
                default?;
                let workers =
                    candidates.iter().map(|candidate| arguments::worker(builder, self.workers.get(*candidate)));
                let workers = ScriptValue::List(workers.collect());
                let arguments = vec![arguments::builder(builder), workers, arguments::request(request)];
                self.questions.push(Question::new(function, key, arguments));
                None
            }
        }
    }

    /// Positions of the requests that are built along; `None` while that is still asked.
    fn merged(&mut self, index: usize, lead: usize, notes: &mut Vec<String>) -> Option<Vec<usize>> {
        let builder = self.queues[index].builder;
        let function = match &builder.collapse {
            CollapseRule::Never => return Some(Vec::new()),
            CollapseRule::Compatible => return Some(self.queues[index].compatible(lead)),
            CollapseRule::Function(function) => function,
        };
        let lead_request = self.queues[index].requests[lead];
        let mut merged = Vec::new();
        let n_questions = self.questions.len();
        for position in self.queues[index].compatible(lead) {
            if !self.take_pair() {
                notes.push(remark(function, "was not asked about all requests: too many in one plan"));
                break;
            }
            let other = self.queues[index].requests[position];
            let key = Key::Collapse(builder.id, lead_request.id, other.id);
            match self.word(key) {
                Word::Said(returned) if returned.is_truthy() => merged.push(position),
                Word::Said(_) => {}
                Word::Failed => {
                    notes.push(remark(function, "failed; compatible requests were merged"));
                    merged.push(position);
                }
                Word::Silent => {
                    let arguments = vec![
                        arguments::master(),
                        arguments::builder(builder),
                        arguments::request(lead_request),
                        arguments::request(other),
                    ];
                    self.questions.push(Question::new(function, key, arguments));
                }
            }
        }
        (self.questions.len() == n_questions).then_some(merged)
    }

    fn take_pair(&mut self) -> bool {
        let any = 0 < self.pairs_left;
        self.pairs_left = self.pairs_left.saturating_sub(1);
        any
    }
}

fn remark(function: &Callback, what: &str) -> String {
    format!("{} ({}) {what}", function.0.name(), function.0.location())
}

#[cfg(test)]
#[path = "plan_fixtures.rs"]
pub(super) mod fixtures;

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
