//! Reasons in words.

use std::collections::{BTreeMap, HashMap};

use super::explain::{Explanation, Holder, Reason, WorkerObstacle};
use crate::domain::BuildId;

/// Workers that are named one by one; of more than that only numbers are told.
const MOST_NAMED: usize = 4;
/// Holders of a lock that are named.
const MOST_HOLDERS: usize = 3;

impl Explanation {
    /// The builds that reasons speak of.
    pub fn builds(&self) -> impl Iterator<Item = BuildId> {
        let holders = self.reasons.iter().flat_map(|reason| match reason {
            Reason::Lock { holders, .. } => holders.as_slice(),
            _ => &[],
        });
        holders.filter_map(|holder| match holder {
            Holder::Build(build) => Some(*build),
            Holder::Request(_) => None,
        })
    }

    /// A line for each reason. `builds` says how people know a build: "build 12 of full, about 4 min left".
    pub fn texts(&self, builds: &HashMap<BuildId, String>) -> Vec<String> {
        let workers: Vec<(&str, &WorkerObstacle)> = self.reasons.iter().filter_map(of_worker).collect();
        let others = self.reasons.iter().filter_map(|reason| other(reason, builds));
        others.chain(of_workers(&workers)).collect()
    }
}

fn of_worker(reason: &Reason) -> Option<(&str, &WorkerObstacle)> {
    match reason {
        Reason::Worker { name, obstacle } => Some((name, obstacle)),
        _ => None,
    }
}

/// Everything but workers.
fn other(reason: &Reason, builds: &HashMap<BuildId, String>) -> Option<String> {
    Some(match reason {
        Reason::Worker { .. } => return None,
        Reason::UnknownBuilder => "the configuration has no such builder".to_owned(),
        Reason::NoWorkers => "no worker of the configuration may build this".to_owned(),
        Reason::MasterEnds => "the master is about to end and starts no builds".to_owned(),
        Reason::Along { with } => format!("is built together with request {with}, which comes first"),
        Reason::Behind { n: 1, first } => format!("request {first} of the same builder comes first"),
        Reason::Behind { n, first } => {
            format!("{n} requests of the same builder come first, the next of them is request {first}")
        }
        Reason::Lock { name, holders, n_before } => lock(name, holders, *n_before, builds),
        Reason::LockTooSmall { name } => format!("lock {name} never has as much room as is wanted of it"),
        Reason::Function { what, location, said } => format!("{what} at {location} {said}"),
        Reason::AboutToStart => "is about to start".to_owned(),
    })
}

fn lock(name: &str, holders: &[Holder], n_before: usize, builds: &HashMap<BuildId, String>) -> String {
    let holder = |holder: &Holder| match holder {
        Holder::Build(build) => builds.get(build).cloned().unwrap_or_else(|| format!("build {build}")),
        Holder::Request(request) => format!("request {request}, which is about to start or keeps its place"),
    };
    let mut names: Vec<String> = holders.iter().take(MOST_HOLDERS).map(holder).collect();
    if MOST_HOLDERS < holders.len() {
        names.push(format!("{} others", holders.len() - MOST_HOLDERS));
    }
    let held = (!names.is_empty()).then(|| format!("held by {}", names.join(" and by ")));
    let before = match n_before {
        0 => None,
        1 => Some("one other waits before it".to_owned()),
        n => Some(format!("{n} others wait before it")),
    };
    let details: Vec<String> = held.into_iter().chain(before).collect();
    match details.is_empty() {
        true => format!("waits for lock {name}"),
        false => format!("waits for lock {name} ({})", details.join("; ")),
    }
}

fn of_workers(workers: &[(&str, &WorkerObstacle)]) -> Vec<String> {
    if workers.len() <= MOST_NAMED {
        return workers.iter().map(|(name, obstacle)| format!("worker {name} {}", obstacle.text("is"))).collect();
    }
    let mut counts: BTreeMap<&WorkerObstacle, usize> = BTreeMap::new();
    for (_, obstacle) in workers {
        *counts.entry(obstacle).or_default() += 1;
    }
    let line = |(obstacle, n): (&WorkerObstacle, usize)| {
        format!("{n} of its {} workers {}", workers.len(), obstacle.text(if n == 1 { "is" } else { "are" }))
    };
    counts.into_iter().map(line).collect()
}

impl WorkerObstacle {
    fn text(&self, is: &str) -> String {
        match self {
            Self::Missing => format!("{is} not connected"),
            Self::Paused => format!("{is} paused"),
            Self::Leaving => format!("{is} about to leave"),
            Self::Busy => format!("{is} busy"),
            Self::SameBuilder => format!("{is} busy with another build of this builder"),
            Self::Refused { location } => format!("{is} refused by canStartBuild at {location}"),
        }
    }
}
