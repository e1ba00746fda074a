//! All locks at one moment, to try out in thought what taking some of them would do.

use std::collections::BTreeMap;

use super::state::{LockOwner, LockState, Requested};
use super::wish::{LockKey, LockWish};
use crate::domain::{BuildId, StepId};

/// A picture of all locks. A lock that is not in it is free.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LockBook {
    states: BTreeMap<LockKey, LockState>,
    /// The builds of the steps among the owners.
    builds: BTreeMap<StepId, BuildId>,
}

/// Who keeps a lock from an owner.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub key: LockKey,
    pub holders: Vec<LockOwner>,
    /// Those who wait and come first.
    pub before: Vec<LockOwner>,
    /// The lock will never have that much room.
    pub too_small: bool,
}

impl LockBook {
    /// Whether somebody holds or wants a lock in this picture.
    pub fn knows(&self, owner: LockOwner) -> bool {
        self.states.values().any(|state| state.holders().chain(state.waiting()).any(|known| known == owner))
    }

    /// Notes whose step it is.
    pub fn step_of(&mut self, step: StepId, build: BuildId) {
        self.builds.insert(step, build);
    }

    /// The build that an owner is, or belongs to; `None` for a request.
    pub fn build_of(&self, owner: LockOwner) -> Option<BuildId> {
        match owner {
            LockOwner::Build(build) => Some(build),
            LockOwner::Step(step) => self.builds.get(&step).copied(),
            LockOwner::Request(_) => None,
        }
    }

    /// Who keeps the lock from the owner; `None` if it has the lock or could have it at once.
    pub fn taken(&self, owner: LockOwner, wish: &LockWish) -> Option<Taken> {
        let Some(state) = self.states.get(&wish.key) else {
            let too_small = !LockState::new(wish.max_count).has_room_for(wish.mode, wish.count);
            let (holders, before) = (Vec::new(), Vec::new());
            return too_small.then(|| Taken { key: wish.key.clone(), holders, before, too_small });
        };
        let holders: Vec<LockOwner> = state.holders().collect();
        let before: Vec<LockOwner> = state.waiting().take_while(|other| *other != owner).collect();
        let too_small = !state.may_ever_fit(wish.mode, wish.count);
        let is_free = before.is_empty() && state.fits_now(wish.mode, wish.count);
        let is_taken = !holders.contains(&owner) && !is_free;
        is_taken.then(|| Taken { key: wish.key.clone(), holders, before, too_small })
    }

    /// Whether all of these could be had at once, without overtaking anybody.
    pub fn has_room_for(&self, wishes: &[LockWish]) -> bool {
        wishes.iter().all(|wish| match self.states.get(&wish.key) {
            Some(state) => state.has_room_for(wish.mode, wish.count),
            None => LockState::new(wish.max_count).has_room_for(wish.mode, wish.count),
        })
    }

    /// Says how much a lock holds now, whatever those who hold or want it were told.
    pub fn resize(&mut self, key: &LockKey, max_count: u32) {
        if let Some(state) = self.states.get_mut(key) {
            state.resize(max_count);
        }
    }

    /// Takes what is free of these and queues for the rest, so that whoever comes later does not overtake.
    pub fn request(&mut self, owner: LockOwner, wishes: &[LockWish]) {
        for wish in wishes {
            let state = self.state(wish);
            if state.request(owner, wish.mode, wish.count) == Requested::Impossible {
                tracing::debug!(lock = %wish.key, "a lock will never have room for what is wanted");
            }
        }
    }

    /// Notes that the owner holds all of these, however full they are.
    pub fn hold(&mut self, owner: LockOwner, wishes: &[LockWish]) {
        for wish in wishes {
            self.state(wish).hold(owner, wish.mode, wish.count);
        }
    }

    fn state(&mut self, wish: &LockWish) -> &mut LockState {
        self.states.entry(wish.key.clone()).or_insert_with(|| LockState::new(wish.max_count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::BuildRequestId;
    use crate::domain::lock::LockMode;

    fn wish(name: &str, mode: LockMode) -> LockWish {
        LockWish { key: LockKey { name: name.to_owned(), worker: None }, max_count: 2, mode, count: 1 }
    }

    #[test]
    fn several_locks_are_free_only_together() {
        let mut book = LockBook::default();
        let both = [wish("a", LockMode::Counting), wish("b", LockMode::Exclusive)];
        assert!(book.has_room_for(&both));
        book.hold(LockOwner::Build(BuildId(1)), &[wish("b", LockMode::Counting)]);
        assert!(!book.has_room_for(&both));
        assert!(book.has_room_for(&both[..1]));
    }

    #[test]
    fn who_waits_in_thought_is_not_overtaken() {
        let mut book = LockBook::default();
        book.hold(LockOwner::Build(BuildId(1)), &[wish("a", LockMode::Counting)]);
        book.request(LockOwner::Request(BuildRequestId(1)), &[wish("a", LockMode::Exclusive)]);
        assert!(!book.has_room_for(&[wish("a", LockMode::Counting)]), "one of two is free, but somebody waits");
    }
}
