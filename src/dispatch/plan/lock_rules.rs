//! What a plan does about locks: a build whose locks are taken does not start, and keeps its place in their queues.

use super::{Planner, Word};
use crate::dispatch::question::{Key, PossibleBuild, Question};
use crate::dispatch::state::{BuilderState, WorkerState};
use crate::domain::lock::{known_accesses, lock_functions};
use crate::locks::{self, LockOwner, LockWish, returned};

/// What every build of this builder takes on this worker.
pub fn known_wishes(builder: &BuilderState, worker: &WorkerState) -> Vec<LockWish> {
    locks::wishes(known_accesses(&builder.locks).chain(&worker.locks), (worker.id, &worker.name))
}

impl Planner<'_> {
    /// Those of the candidates on which the builder's locks are free. If there are none, its first request keeps its
    /// place in the queues of the locks.
    pub(super) fn with_free_locks(&mut self, index: usize, candidates: Vec<usize>) -> Option<Vec<usize>> {
        let builder = self.queues[index].builder;
        let wishes = |worker: usize| known_wishes(builder, self.workers.get(worker));
        let free: Vec<usize> =
            candidates.iter().copied().filter(|worker| self.locks.has_room_for(&wishes(*worker))).collect();
        if free.is_empty() {
            let wanted = candidates.first().map(|worker| wishes(*worker));
            let waiting = self.queues[index].next_waiting().map(|first| self.queues[index].requests[first].id);
            if let (Some(wanted), Some(request)) = (wanted, waiting) {
                self.locks.request(LockOwner::Request(request), &wanted);
            }
            return None;
        }
        Some(free)
    }

    /// Those of the candidates on which also the locks are free that functions name for this request; `None` while that is
    /// still asked. If there are none, it keeps its place in the queues of these locks. A function that fails keeps the
    /// request waiting: it may be the one that keeps two builds apart.
    pub(super) fn with_named_locks(&mut self, index: usize, lead: usize, candidates: &[usize]) -> Option<Vec<usize>> {
        if lock_functions(&self.queues[index].builder.locks).next().is_none() {
            return Some(candidates.to_vec());
        }
        let n_questions = self.questions.len();
        let (mut free, mut taken) = (Vec::new(), None);
        for candidate in candidates {
            if !self.take_pair() {
                break;
            }
            let Some(wishes) = self.named_wishes(index, lead, *candidate) else { continue };
            if self.locks.has_room_for(&wishes) {
                free.push(*candidate);
            } else {
                taken = taken.or(Some(wishes));
            }
        }
        if self.questions.len() != n_questions {
            return None;
        }
        if let (true, Some(wishes)) = (free.is_empty(), taken) {
            let request = self.queues[index].requests[lead].id;
            self.locks.request(LockOwner::Request(request), &wishes);
        }
        Some(free)
    }

    /// All locks of a build of this request on this worker; `None` while a function is to be asked, or if one failed.
    pub(super) fn named_wishes(&mut self, index: usize, lead: usize, worker: usize) -> Option<Vec<LockWish>> {
        let (builder, worker) = (self.queues[index].builder, self.workers.get(worker));
        let request = self.queues[index].requests[lead].id;
        let build = PossibleBuild { builder: builder.id, worker: worker.id, request };
        let mut named = Vec::new();
        let mut is_known = true;
        for (position, function) in lock_functions(&builder.locks).enumerate() {
            let key = Key::Locks(build, position);
            match self.word(key) {
                Word::Said(returned) => named.extend(returned::from_value(returned).ok()?),
                Word::Failed => return None,
                Word::Silent => {
                    self.questions.push(Question::new(function, key, Vec::new()));
                    is_known = false;
                }
            }
        }
        let accesses = known_accesses(&builder.locks).chain(&worker.locks).chain(&named);
        is_known.then(|| locks::wishes(accesses, (worker.id, &worker.name)))
    }
}
