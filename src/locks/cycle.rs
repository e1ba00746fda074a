//! Owners that wait for each other, so that none of them will ever go on.
//!
//! A build enters all its queues in one go, so builds alone never do. But a build keeps its locks while a step of it
//! waits for others. Whether such a wait ends is found by trying: everybody who can go on does so, ends and gives back
//! what it had, until nobody is left, or only those are left who wait for each other or for these. Locks that count
//! make this exact, where following single arrows would see a circle although another holder makes room.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{LockOwner, LockState};
use super::wish::{LockKey, LockWish};
use crate::domain::BuildId;
use crate::domain::lock::LockMode;

/// What one owner holds or wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimant {
    pub owner: LockOwner,
    /// The owner itself, or the build of the step.
    pub build: BuildId,
    pub wishes: Vec<LockWish>,
    /// Whether it holds all of them; otherwise it holds none.
    pub held: bool,
}

/// Builds that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle {
    /// Each waits for the next, and the last for the first.
    pub builds: Vec<BuildId>,
    /// The locks for which they wait, sorted.
    pub locks: Vec<LockKey>,
    /// The youngest of the builds, which is to give way.
    pub victim: BuildId,
    /// What of the victim waits.
    pub waiting: Vec<LockOwner>,
}

/// A circle among those that will never go on; `None` if all will. `claims` are in the order in which they are served, with
/// sizes as they are now in `max_count` of their wishes.
pub fn find_cycle(claims: &[Claimant]) -> Option<Cycle> {
    let mut table = Table::new(claims);
    while let Some(free) = table.left.iter().copied().find(|index| table.can_end(*index)) {
        table.end(free);
    }
    let start = *table.left.first()?;
    let mut path = vec![start];
    loop {
        let next = table.waits_for(*path.last()?)?;
        if let Some(at) = path.iter().position(|known| *known == next) {
            return Some(table.describe(&path[at..]));
        }
        path.push(next);
    }
}

struct Table<'a> {
    claims: &'a [Claimant],
    states: BTreeMap<&'a LockKey, LockState>,
    /// Positions of those that have not ended.
    left: BTreeSet<usize>,
}

impl<'a> Table<'a> {
    fn new(claims: &'a [Claimant]) -> Self {
        let mut states: BTreeMap<&LockKey, LockState> = BTreeMap::new();
        for held in [true, false] {
            for claim in claims.iter().filter(|claim| claim.held == held) {
                for wish in &claim.wishes {
                    let state = states.entry(&wish.key).or_insert_with(|| LockState::new(wish.max_count));
                    if held {
                        state.hold(claim.owner, wish.mode, wish.count);
                    } else {
                        state.enqueue(claim.owner, wish.mode, wish.count);
                    }
                }
            }
        }
        Self { claims, states, left: (0..claims.len()).collect() }
    }

    /// Whether the owner goes on by itself, and so ends some time.
    fn can_end(&self, index: usize) -> bool {
        let claim = &self.claims[index];
        match claim.owner {
            _ if !claim.held => claim.wishes.iter().all(|wish| !self.keeps_waiting(claim, wish)),
            LockOwner::Build(build) => !self.steps_of(build).any(|_| true),
            LockOwner::Step(_) | LockOwner::Request(_) => true,
        }
    }

    /// Whether this lock is what a waiting owner waits for. What can never fit is refused, not waited for.
    fn keeps_waiting(&self, claim: &Claimant, wish: &LockWish) -> bool {
        let is_refused = wish.mode == LockMode::Counting && wish.max_count < wish.count;
        !is_refused && self.states.get(&wish.key).is_some_and(|state| !state.ready().contains(&claim.owner))
    }

    /// Steps of a build that have not ended.
    fn steps_of(&self, build: BuildId) -> impl Iterator<Item = usize> {
        let is_step = move |claim: &Claimant| claim.build == build && matches!(claim.owner, LockOwner::Step(_));
        self.left.iter().copied().filter(move |index| is_step(&self.claims[*index]))
    }

    fn end(&mut self, index: usize) {
        self.left.remove(&index);
        for wish in &self.claims[index].wishes {
            if let Some(state) = self.states.get_mut(&wish.key) {
                state.release(self.claims[index].owner);
            }
        }
    }

    /// One of those that keep the owner from going on. All of them are left, too.
    fn waits_for(&self, index: usize) -> Option<usize> {
        let claim = &self.claims[index];
        if claim.held {
            return self.steps_of(claim.build).next();
        }
        let wish = claim.wishes.iter().find(|wish| self.keeps_waiting(claim, wish))?;
        let state = self.states.get(&wish.key)?;
        let before = state.waiting().take_while(|owner| *owner != claim.owner);
        let owner = state.holders().chain(before).next()?;
        self.left.iter().copied().find(|other| self.claims[*other].owner == owner)
    }

    fn describe(&self, circle: &[usize]) -> Cycle {
        let mut builds: Vec<BuildId> = circle.iter().map(|index| self.claims[*index].build).collect();
        builds.dedup();
        if 1 < builds.len() && builds.first() == builds.last() {
            builds.pop();
        }
        let waiting = || circle.iter().map(|index| &self.claims[*index]).filter(|claim| !claim.held);
        let wanted = waiting().flat_map(|claim| {
            claim.wishes.iter().filter(|wish| self.keeps_waiting(claim, wish)).map(|wish| wish.key.clone())
        });
        let locks: BTreeSet<LockKey> = wanted.collect();
        let victim = builds.iter().copied().max().unwrap_or(BuildId(0));
        Cycle {
            locks: locks.into_iter().collect(),
            victim,
            waiting: waiting().filter(|claim| claim.build == victim).map(|claim| claim.owner).collect(),
            builds,
        }
    }
}

#[cfg(test)]
#[path = "cycle_tests.rs"]
mod tests;
