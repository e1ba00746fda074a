//! Who holds or wants which locks, in the order in which they are served: the more urgent first, equals as they came.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Claimed, LocksDecided, OwnerBuild, RestateLocks, TakeLocks};
use crate::actors::lock::Claim;
use crate::actors::supervisor::Tell;
use crate::domain::BuildId;
use crate::domain::lock::LockMode;
use crate::locks::{Claimant, LockBook, LockKey, LockOwner, LockWish};

/// What one owner holds or wants.
struct Entry {
    of: OwnerBuild,
    owner: LockOwner,
    wishes: Vec<LockWish>,
    held: bool,
    /// The locks that have said that it is its turn; empty once it holds them.
    ready: BTreeSet<LockKey>,
    decided: Tell<LocksDecided>,
}

/// Where an owner stands in every queue: this order is the same for all locks, so no two wait for each other.
type Place = (Reverse<i32>, u64);

/// What is to be told when it is decided about an owner.
pub struct Decided {
    pub wishes: Vec<LockWish>,
    pub decided: Tell<LocksDecided>,
}

/// All entries; few builds wait for locks at any time, so they are looked through.
#[derive(Default)]
pub struct Claims {
    /// By priority, and then by arrival.
    entries: BTreeMap<Place, Entry>,
    next: u64,
}

impl Claims {
    /// Answers false if the owner is known already.
    pub fn add(&mut self, taken: TakeLocks) -> bool {
        let TakeLocks { of, owner, wishes, decided } = taken;
        self.insert(of.priority, Entry { of, owner, wishes, held: false, ready: BTreeSet::new(), decided })
    }

    /// The same for what a build says again.
    pub fn restate(&mut self, said: &RestateLocks, claimed: &Claimed) -> bool {
        let Claimed { owner, wishes, held } = claimed.clone();
        let (of, decided) = (said.of.clone(), said.decided.clone());
        self.insert(of.priority, Entry { of, owner, wishes, held, ready: BTreeSet::new(), decided })
    }

    fn insert(&mut self, priority: i32, entry: Entry) -> bool {
        if self.entries.values().any(|known| known.owner == entry.owner) {
            return false;
        }
        self.entries.insert((Reverse(priority), self.next), entry);
        self.next += 1;
        true
    }

    /// Forgets an owner; answers what it held or wanted.
    pub fn remove_owner(&mut self, owner: LockOwner) -> Option<Vec<LockWish>> {
        let number = *self.entries.iter().find(|(_, entry)| entry.owner == owner)?.0;
        self.entries.remove(&number).map(|entry| entry.wishes)
    }

    /// Forgets a build and its steps; answers what they held or wanted.
    pub fn remove(&mut self, build: BuildId) -> Vec<(LockOwner, Vec<LockWish>)> {
        let gone = self.entries.extract_if(.., |_, entry| entry.of.build == build);
        gone.map(|(_, entry)| (entry.owner, entry.wishes)).collect()
    }

    /// Notes the word of a lock; answers whether it was the last one that the owner waits for.
    pub fn ready(&mut self, owner: LockOwner, key: &LockKey) -> bool {
        let Some(entry) = self.waiting_mut(owner) else { return false };
        entry.ready.insert(key.clone());
        entry.is_ready()
    }

    /// Takes back what a lock has said.
    pub fn unready(&mut self, key: &LockKey) {
        for entry in self.entries.values_mut() {
            entry.ready.remove(key);
        }
    }

    /// Owners that wait for no lock any more, and do not know it yet.
    pub fn all_ready(&self) -> Vec<LockOwner> {
        self.entries.values().filter(|entry| !entry.held && entry.is_ready()).map(|entry| entry.owner).collect()
    }

    /// Notes that the owner holds its locks; `None` if it did or is unknown.
    pub fn grant(&mut self, owner: LockOwner) -> Option<Decided> {
        let entry = self.waiting_mut(owner)?;
        entry.held = true;
        entry.ready.clear();
        Some(Decided { wishes: entry.wishes.clone(), decided: entry.decided.clone() })
    }

    /// Waiting owners that want more of a lock than it has.
    pub fn too_large(&self, key: &LockKey, max_count: u32) -> Vec<LockOwner> {
        let (_, waiting) = self.of_lock(key);
        let too_large = waiting.iter().filter(|claim| claim.mode == LockMode::Counting && max_count < claim.count);
        too_large.map(|claim| claim.owner).collect()
    }

    /// Forgets an owner that waits.
    pub fn refuse(&mut self, owner: LockOwner) -> Option<Decided> {
        let number = *self.entries.iter().find(|(_, entry)| entry.owner == owner && !entry.held)?.0;
        let entry = self.entries.remove(&number)?;
        Some(Decided { wishes: entry.wishes, decided: entry.decided })
    }

    /// Holders and, in their order, waiting ones of one lock.
    pub fn of_lock(&self, key: &LockKey) -> (Vec<Claim>, Vec<Claim>) {
        let (mut holders, mut waiting) = (Vec::new(), Vec::new());
        for entry in self.entries.values() {
            for wish in entry.wishes.iter().filter(|wish| wish.key == *key) {
                let claim = Claim { owner: entry.owner, mode: wish.mode, count: wish.count };
                if entry.held { holders.push(claim) } else { waiting.push(claim) }
            }
        }
        (holders, waiting)
    }

    /// Whether somebody waits for the lock who is served after this owner.
    pub fn overtakes(&self, owner: LockOwner, key: &LockKey) -> bool {
        let mut of_lock = self.entries.values().filter(|entry| entry.wishes.iter().any(|wish| wish.key == *key));
        // What is left of the iterator stands behind the owner.
        of_lock.any(|entry| entry.owner == owner) && of_lock.any(|entry| !entry.held)
    }

    pub fn is_wanted(&self, key: &LockKey) -> bool {
        self.entries.values().any(|entry| entry.wishes.iter().any(|wish| wish.key == *key))
    }

    /// How people know a build.
    pub fn label(&self, build: BuildId) -> Option<&str> {
        self.entries.values().find(|entry| entry.of.build == build).map(|entry| &*entry.of.label)
    }

    /// All entries, with the sizes that locks have now, to look for circles in; `None` while no step waits, as then
    /// there are none.
    pub fn claimants(&self, size_of: impl Fn(&LockKey) -> Option<u32>) -> Option<Vec<Claimant>> {
        self.entries.values().find(|entry| !entry.held && matches!(entry.owner, LockOwner::Step(_)))?;
        let sized = |wish: &LockWish| {
            let max_count = size_of(&wish.key).unwrap_or(wish.max_count);
            LockWish { max_count, ..wish.clone() }
        };
        let claimants = self.entries.values().map(|entry| Claimant {
            owner: entry.owner,
            build: entry.of.build,
            wishes: entry.wishes.iter().map(sized).collect(),
            held: entry.held,
        });
        Some(claimants.collect())
    }

    /// The same as a picture for plans.
    pub fn book(&self, size_of: impl Fn(&LockKey) -> Option<u32>) -> LockBook {
        let mut book = LockBook::default();
        for entry in self.entries.values() {
            if let LockOwner::Step(step) = entry.owner {
                book.step_of(step, entry.of.build);
            }
        }
        for entry in self.entries.values().filter(|entry| entry.held) {
            book.hold(entry.owner, &entry.wishes);
        }
        for entry in self.entries.values().filter(|entry| !entry.held) {
            book.request(entry.owner, &entry.wishes);
        }
        let keys: BTreeSet<&LockKey> =
            self.entries.values().flat_map(|entry| entry.wishes.iter().map(|wish| &wish.key)).collect();
        for (key, max_count) in keys.into_iter().filter_map(|key| Some((key, size_of(key)?))) {
            book.resize(key, max_count);
        }
        book
    }

    fn waiting_mut(&mut self, owner: LockOwner) -> Option<&mut Entry> {
        self.entries.values_mut().find(|entry| entry.owner == owner && !entry.held)
    }
}

impl Entry {
    fn is_ready(&self) -> bool {
        self.wishes.iter().all(|wish| self.ready.contains(&wish.key))
    }
}
