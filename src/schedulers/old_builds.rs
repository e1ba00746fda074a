//! Which requests a newer commit has made needless (manual section "OldBuildCanceller").
//!
//! Told of changes, requests and ends in the order in which they happened. A request is needless when a change of its
//! branch came after it, and then another request of its builder for that branch. A change alone ends nothing: perhaps
//! no scheduler builds it.

use std::collections::{BTreeMap, HashMap};

use crate::domain::{BuildRequestId, BuilderId, StampSpec};

/// Branches whose newest change is remembered; beyond, those that changed longest ago are forgotten.
const MOST_BRANCHES: usize = 10_000;

/// What two sources have in common of which one replaces the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BranchKey {
    pub project: String,
    pub codebase: String,
    pub repository: String,
    /// The branch, or what a function of the configuration makes of it.
    pub branch: Option<String>,
}

impl BranchKey {
    /// The key of a source if no function gives it. All iterations of a Gerrit change are one branch.
    pub fn of(stamp: &StampSpec) -> Self {
        Self::with(stamp, stamp.branch.as_deref().map(without_iteration).map(str::to_owned))
    }

    /// The key of a source with what a function gave for its branch.
    pub fn with(stamp: &StampSpec, branch: Option<String>) -> Self {
        Self {
            project: stamp.project.clone(),
            codebase: stamp.codebase.clone(),
            repository: stamp.repository.clone(),
            branch,
        }
    }
}

/// `refs/changes/21/4321/3` without the `3`; any other branch as it is.
fn without_iteration(branch: &str) -> &str {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some(rest) = branch.strip_prefix("refs/changes/") else { return branch };
    let parts: Vec<&str> = rest.split('/').collect();
    match (parts.as_slice(), branch.rsplit_once('/')) {
        ([shard, change, iteration], Some((change_ref, _)))
            if [shard, change, iteration].into_iter().all(|part| is_number(part)) =>
        {
            change_ref
        }
        _ => branch,
    }
}

/// A request that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Requested {
    pub request: BuildRequestId,
    pub builder: BuilderId,
    /// Of all its sources.
    pub keys: Vec<BranchKey>,
    /// Of the sources that the filters let pass: newer commits of these replace it.
    pub replaceable: Vec<BranchKey>,
}

/// What is known of a builder's open requests and of branches that change.
#[derive(Debug, Default)]
pub struct OldBuilds {
    /// Counts what it is told: the later, the greater.
    told: u64,
    changed: HashMap<BranchKey, u64>,
    open: BTreeMap<BuildRequestId, Open>,
    by_branch: HashMap<(BuilderId, BranchKey), Vec<BuildRequestId>>,
}

#[derive(Debug)]
struct Open {
    since: u64,
    builder: BuilderId,
    replaceable: Vec<BranchKey>,
}

impl OldBuilds {
    /// A branch has changed.
    pub fn changed(&mut self, key: BranchKey) {
        self.told += 1;
        self.changed.insert(key, self.told);
        if 2 * MOST_BRANCHES < self.changed.len() {
            let mut times: Vec<u64> = self.changed.values().copied().collect();
            times.sort_unstable_by(|one, other| other.cmp(one));
            let oldest = times.get(MOST_BRANCHES - 1).copied().unwrap_or_default();
            self.changed.retain(|_, at| oldest <= *at);
        }
    }

    /// A request was made; answers which others it makes needless, oldest first. They count as ended.
    pub fn requested(&mut self, new: Requested) -> Vec<BuildRequestId> {
        self.told += 1;
        let mut needless: Vec<BuildRequestId> = Vec::new();
        for key in &new.keys {
            let Some(changed) = self.changed.get(key) else { continue };
            let others = self.by_branch.get(&(new.builder, key.clone())).into_iter().flatten();
            let older = others.filter(|id| self.open.get(id).is_some_and(|open| open.since < *changed));
            needless.extend(older);
        }
        needless.sort();
        needless.dedup();
        needless.retain(|id| *id != new.request);
        for id in &needless {
            self.ended(*id);
        }
        if !new.replaceable.is_empty() && !self.open.contains_key(&new.request) {
            for key in &new.replaceable {
                self.by_branch.entry((new.builder, key.clone())).or_default().push(new.request);
            }
            let open = Open { since: self.told, builder: new.builder, replaceable: new.replaceable };
            self.open.insert(new.request, open);
        }
        needless
    }

    pub fn ended(&mut self, request: BuildRequestId) {
        let Some(open) = self.open.remove(&request) else { return };
        for key in open.replaceable {
            let place = (open.builder, key);
            if let Some(requests) = self.by_branch.get_mut(&place) {
                requests.retain(|id| *id != request);
                if requests.is_empty() {
                    self.by_branch.remove(&place);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "old_builds_tests.rs"]
mod tests;
