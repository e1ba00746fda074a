//! Why requests wait, as plain data for `explain` and the pages.

use std::collections::HashMap;
use std::fmt;

use super::state::{BuilderState, State, WorkerState};
use crate::domain::{BuilderId, WorkerId};

/// A builder with waiting requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub builder: BuilderId,
    /// `None` if the configuration does not have the builder.
    pub name: Option<String>,
    pub n_requests: usize,
    pub reason: Reason,
}

/// Why a builder's first request is not being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    UnknownBuilder,
    NoWorkers,
    /// None of its workers is attached, or those that are are paused.
    NoWorkerAvailable {
        n_workers: usize,
    },
    /// Its available workers have as many builds as they may have.
    WorkersFull {
        n_available: usize,
    },
    /// It builds on each of its available workers already.
    Building {
        n_available: usize,
    },
    /// It starts with the next plan, unless a function of the configuration says no.
    Ready,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownBuilder => f.write_str("the configuration has no such builder"),
            Self::NoWorkers => f.write_str("the builder has no workers"),
            Self::NoWorkerAvailable { n_workers } => {
                write!(f, "none of its {n_workers} workers is attached and not paused")
            }
            Self::WorkersFull { n_available } => {
                write!(f, "its {n_available} available workers have as many builds as they may have")
            }
            Self::Building { n_available } => write!(f, "it builds on its {n_available} available workers already"),
            Self::Ready => f.write_str("it is about to start"),
        }
    }
}

/// Why each builder with waiting requests waits, in the order of builder ids.
pub fn explain(state: &State) -> Vec<Waiting> {
    let workers: HashMap<WorkerId, &WorkerState> = state.workers.iter().map(|worker| (worker.id, worker)).collect();
    let builders: HashMap<BuilderId, &BuilderState> =
        state.builders.iter().map(|builder| (builder.id, builder)).collect();
    let mut counts: HashMap<BuilderId, usize> = HashMap::new();
    for request in &state.waiting {
        *counts.entry(request.builder_id).or_default() += 1;
    }
    let mut all: Vec<_> = counts
        .into_iter()
        .map(|(id, n_requests)| {
            let builder = builders.get(&id);
            Waiting {
                builder: id,
                name: builder.map(|builder| builder.name.clone()),
                n_requests,
                reason: builder.map_or(Reason::UnknownBuilder, |builder| reason(builder, &workers)),
            }
        })
        .collect();
    all.sort_unstable_by_key(|waiting| waiting.builder);
    all
}

fn reason(builder: &BuilderState, workers: &HashMap<WorkerId, &WorkerState>) -> Reason {
    let own: Vec<_> = builder.workers.iter().filter_map(|id| workers.get(id)).collect();
    if own.is_empty() {
        return Reason::NoWorkers;
    }
    let available: Vec<_> = own.iter().filter(|worker| worker.available).collect();
    if available.is_empty() {
        return Reason::NoWorkerAvailable { n_workers: own.len() };
    }
    let idle: Vec<_> = available.iter().filter(|worker| !worker.running_builders.contains(&builder.id)).collect();
    if idle.is_empty() {
        return Reason::Building { n_available: available.len() };
    }
    if idle.iter().all(|worker| worker.max_builds.is_some_and(|max| max <= worker.running)) {
        return Reason::WorkersFull { n_available: available.len() };
    }
    Reason::Ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::plan::fixtures::{builder, request, state, worker};

    fn reason_of(change: impl FnOnce(&mut State)) -> Reason {
        let mut state = state(vec![builder(1, &[1, 2])], vec![worker(1), worker(2)], vec![request(1, 1)]);
        change(&mut state);
        let all = explain(&state);
        assert_eq!(all.len(), 1);
        all[0].reason
    }

    #[test]
    fn each_reason_is_told_apart() {
        assert_eq!(reason_of(|_| {}), Reason::Ready);
        assert_eq!(reason_of(|state| state.builders.clear()), Reason::UnknownBuilder);
        assert_eq!(reason_of(|state| state.workers.clear()), Reason::NoWorkers);
        let away = reason_of(|state| state.workers.iter_mut().for_each(|worker| worker.available = false));
        assert_eq!(away, Reason::NoWorkerAvailable { n_workers: 2 });
        let building = reason_of(|state| {
            state.workers[1].available = false;
            state.workers[0].running_builders.push(BuilderId(1));
        });
        assert_eq!(building, Reason::Building { n_available: 1 });
        let full = reason_of(|state| {
            for worker in &mut state.workers {
                worker.running = 1;
                worker.max_builds = Some(1);
            }
        });
        assert_eq!(full, Reason::WorkersFull { n_available: 2 });
    }
}
