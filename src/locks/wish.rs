//! What a build or step wants, worked out for the worker it runs on.

use std::fmt;

use crate::domain::WorkerId;
use crate::domain::lock::{LockAccess, LockMode, LockScope};

/// Which lock, and whose count: a `WorkerLock` counts for each worker by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockKey {
    pub name: String,
    /// Id and name of the worker, for a lock that counts per worker.
    pub worker: Option<(WorkerId, String)>,
}

impl fmt::Display for LockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.worker {
            Some((_, worker)) => write!(f, "{} on {worker}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// One lock that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockWish {
    pub key: LockKey,
    /// How much the lock holds altogether.
    pub max_count: u32,
    pub mode: LockMode,
    pub count: u32,
}

/// The locks that `accesses` mean on this worker, each once. Wishes for one lock are added up, and one that is
/// exclusive makes all of it exclusive.
pub fn wishes<'a>(accesses: impl IntoIterator<Item = &'a LockAccess>, worker: (WorkerId, &str)) -> Vec<LockWish> {
    let mut all: Vec<LockWish> = Vec::new();
    for access in accesses {
        let (key, max_count) = place(access, worker);
        match all.iter_mut().find(|known| known.key == key) {
            Some(known) => {
                known.count = known.count.saturating_add(access.count);
                if access.mode == LockMode::Exclusive {
                    known.mode = LockMode::Exclusive;
                }
            }
            None => all.push(LockWish { key, max_count, mode: access.mode, count: access.count }),
        }
    }
    all.sort_by(|left, right| left.key.cmp(&right.key));
    all
}

fn place(access: &LockAccess, (id, name): (WorkerId, &str)) -> (LockKey, u32) {
    let lock = &access.lock;
    match lock.scope {
        LockScope::Master => (LockKey { name: lock.name.clone(), worker: None }, lock.max_count),
        LockScope::Worker => {
            let own = lock.max_count_for_worker.iter().find(|(worker, _)| worker == name);
            let max_count = own.map_or(lock.max_count, |(_, count)| *count);
            (LockKey { name: lock.name.clone(), worker: Some((id, name.to_owned())) }, max_count)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::lock::LockSpec;

    fn access(name: &str, scope: LockScope, mode: LockMode) -> LockAccess {
        let lock =
            LockSpec { name: name.to_owned(), scope, max_count: 2, max_count_for_worker: vec![("w1".to_owned(), 5)] };
        LockAccess { lock, mode, count: 1 }
    }

    fn keys_and_counts(accesses: &[LockAccess], worker: &str) -> Vec<(String, u32, LockMode, u32)> {
        let all = wishes(accesses, (WorkerId(1), worker));
        all.into_iter().map(|wish| (wish.key.to_string(), wish.max_count, wish.mode, wish.count)).collect()
    }

    #[test]
    fn a_worker_lock_counts_for_each_worker() {
        let cpu = access("cpu", LockScope::Worker, LockMode::Counting);
        let mode = LockMode::Counting;
        assert_eq!(keys_and_counts(std::slice::from_ref(&cpu), "w1"), [("cpu on w1".to_owned(), 5, mode, 1)]);
        assert_eq!(keys_and_counts(&[cpu], "w2"), [("cpu on w2".to_owned(), 2, mode, 1)]);
    }

    #[test]
    fn wishes_for_one_lock_are_added_up() {
        let counting = access("db", LockScope::Master, LockMode::Counting);
        let exclusive = access("db", LockScope::Master, LockMode::Exclusive);
        let two = [counting.clone(), counting.clone()];
        assert_eq!(keys_and_counts(&two, "w"), [("db".to_owned(), 2, LockMode::Counting, 2)]);
        let mixed = [counting, exclusive];
        assert_eq!(keys_and_counts(&mixed, "w"), [("db".to_owned(), 2, LockMode::Exclusive, 2)]);
    }
}
