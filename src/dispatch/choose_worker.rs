//! Which of a builder's workers takes a build.
//!
//! Buildbot takes one at random; here the same state gives the same plan: the worker with the fewest running builds, and
//! among equals the next by name after a place that the request's id gives, so that equal workers share the work.

use std::collections::HashMap;

use super::state::{BuilderState, Presence, State, WorkerState};
use crate::domain::{BuildRequestId, BuilderId, WorkerId};

/// The workers of a state, with what the plan itself has put on them.
#[derive(Debug)]
pub struct Workers<'state> {
    slots: Vec<Slot<'state>>,
    by_id: HashMap<WorkerId, usize>,
    /// Workers with room for another build.
    n_free: usize,
}

#[derive(Debug)]
struct Slot<'state> {
    worker: &'state WorkerState,
    /// Its place by name.
    place: usize,
    /// Builds that run or are planned.
    running: u32,
    /// Room kept for builders that wait for a function's answer.
    reserved: u32,
    /// Builders whose builds are planned on it.
    planned: Vec<BuilderId>,
}

impl Slot<'_> {
    fn has_room(&self) -> bool {
        self.worker.presence == Presence::Ready
            && self.worker.max_builds.is_none_or(|max| self.running.saturating_add(self.reserved) < max)
    }

    fn builds_for(&self, builder: BuilderId) -> bool {
        self.worker.running_builders.contains(&builder) || self.planned.contains(&builder)
    }
}

impl<'state> Workers<'state> {
    pub fn new(state: &'state State) -> Self {
        let mut by_name: Vec<usize> = (0..state.workers.len()).collect();
        by_name.sort_unstable_by_key(|index| &state.workers[*index].name);
        let mut places = vec![0; by_name.len()];
        for (place, index) in by_name.into_iter().enumerate() {
            places[index] = place;
        }
        let slots: Vec<_> = state
            .workers
            .iter()
            .zip(places)
            .map(|(worker, place)| Slot { worker, place, running: worker.running, reserved: 0, planned: Vec::new() })
            .collect();
        let by_id = slots.iter().enumerate().map(|(index, slot)| (slot.worker.id, index)).collect();
        let n_free = slots.iter().filter(|slot| slot.has_room()).count();
        Self { slots, by_id, n_free }
    }

    pub fn any_free(&self) -> bool {
        0 < self.n_free
    }

    /// Whether the worker could build more.
    pub fn has_room(&self, worker: WorkerId) -> bool {
        self.by_id.get(&worker).is_some_and(|index| self.slots[*index].has_room())
    }

    /// Whether the worker builds for the builder, or is about to.
    pub fn builds_for(&self, worker: WorkerId, builder: BuilderId) -> bool {
        self.by_id.get(&worker).is_some_and(|index| self.slots[*index].builds_for(builder))
    }

    /// Workers on which the builder could start a build now: with room, and without a build of the same builder.
    pub fn candidates(&self, builder: &BuilderState) -> Vec<usize> {
        let indexes = builder.workers.iter().filter_map(|id| self.by_id.get(id).copied());
        indexes.filter(|index| self.slots[*index].has_room() && !self.slots[*index].builds_for(builder.id)).collect()
    }

    /// The default choice among candidates.
    pub fn choose(&self, candidates: &[usize], request: BuildRequestId) -> Option<usize> {
        let n_workers = self.slots.len();
        let start = usize::try_from(request.0.unsigned_abs()).unwrap_or(0).checked_rem(n_workers).unwrap_or(0);
        candidates.iter().copied().min_by_key(|index| {
            let slot = &self.slots[*index];
            (slot.running, (slot.place + n_workers - start) % n_workers)
        })
    }

    pub fn get(&self, index: usize) -> &'state WorkerState {
        self.slots[index].worker
    }

    /// Notes that a build of the builder is to start there.
    pub fn occupy(&mut self, index: usize, builder: BuilderId) {
        self.change(index, |slot| {
            slot.running = slot.running.saturating_add(1);
            slot.planned.push(builder);
        });
    }

    /// Keeps room for a builder that may choose any of these.
    pub fn reserve(&mut self, candidates: &[usize]) {
        for index in candidates {
            self.change(*index, |slot| slot.reserved = slot.reserved.saturating_add(1));
        }
    }

    fn change(&mut self, index: usize, change: impl FnOnce(&mut Slot<'state>)) {
        let slot = &mut self.slots[index];
        let had_room = slot.has_room();
        change(slot);
        if had_room && !slot.has_room() {
            self.n_free -= 1;
        }
    }
}
