//! Which locks keep builders from starting what waits, for the pages.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::choose_worker::Workers;
use super::state::State;
use crate::domain::BuilderId;
use crate::locks;

/// Builders with waiting requests that have a worker to build on, and on none of these workers the locks: with the
/// names of the locks that are taken.
pub fn locked_out(state: &State) -> HashMap<BuilderId, Vec<String>> {
    let waiting: HashSet<BuilderId> = state.waiting.iter().map(|request| request.builder_id).collect();
    let workers = Workers::new(state);
    let mut all = HashMap::new();
    for builder in state.builders.iter().filter(|builder| waiting.contains(&builder.id)) {
        let taken = |worker: usize| -> Vec<String> {
            let worker = workers.get(worker);
            let wishes = locks::wishes(builder.locks.iter().chain(&worker.locks), (worker.id, &worker.name));
            let taken = wishes.into_iter().filter(|wish| !state.locks.has_room_for(std::slice::from_ref(wish)));
            taken.map(|wish| wish.key.name).collect()
        };
        let of_workers: Vec<Vec<String>> = workers.candidates(builder).into_iter().map(taken).collect();
        if !of_workers.is_empty() && of_workers.iter().all(|taken| !taken.is_empty()) {
            let names: BTreeSet<String> = of_workers.into_iter().flatten().collect();
            all.insert(builder.id, names.into_iter().collect());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::plan::fixtures::{builder, request, state, worker};
    use crate::domain::lock::{LockAccess, LockMode, LockScope, LockSpec};
    use crate::domain::{BuildId, WorkerId};
    use crate::locks::LockOwner;

    fn access(name: &str, scope: LockScope) -> LockAccess {
        let lock = LockSpec { name: name.to_owned(), scope, max_count: 1, max_count_for_worker: Vec::new() };
        LockAccess { lock, mode: LockMode::Exclusive, count: 1 }
    }

    /// A builder with a lock of the given scope and two workers, where the lock is held on the first.
    fn held_on_the_first(scope: LockScope) -> State {
        let mut state = state(vec![builder(1, &[1, 2])], vec![worker(1), worker(2)], vec![request(1, 1)]);
        let lock = access("disk", scope);
        state.locks.hold(LockOwner::Build(BuildId(9)), &locks::wishes([&lock], (WorkerId(1), "w1")));
        state.builders[0].locks = vec![lock];
        state
    }

    #[test]
    fn a_builder_whose_lock_is_taken_everywhere_is_locked_out() {
        let names = HashMap::from([(BuilderId(1), vec!["disk".to_owned()])]);
        assert_eq!(locked_out(&held_on_the_first(LockScope::Master)), names);
        let mut elsewhere = held_on_the_first(LockScope::Worker);
        assert_eq!(locked_out(&elsewhere), HashMap::new(), "the lock is free on the second worker");
        elsewhere.workers[1].available = false;
        assert_eq!(locked_out(&elsewhere), names, "and that one is away now");
    }

    #[test]
    fn a_builder_that_has_no_worker_waits_for_that_and_not_for_locks() {
        let mut state = held_on_the_first(LockScope::Master);
        state.workers.iter_mut().for_each(|worker| worker.available = false);
        assert_eq!(locked_out(&state), HashMap::new());
    }

    #[test]
    fn a_builder_without_requests_waits_for_nothing() {
        let mut state = held_on_the_first(LockScope::Master);
        state.waiting.clear();
        assert_eq!(locked_out(&state), HashMap::new());
    }
}
