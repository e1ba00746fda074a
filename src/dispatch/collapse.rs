//! Which requests one build may serve ("collapsing", manual section "Collapsing Build Requests").
//!
//! Two requests of a builder ask for the same if they have the same codebases, for each of them the same project,
//! repository and branch and no patch, and either both came from changes (the build takes the newest) or neither did and
//! the revisions are equal, and if their schedulers set the same properties. A request somebody waits for (`Trigger`)
//! keeps a build of its own.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::BuildRequest;

/// Equal for requests that ask for the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CompatibilityKey<'request> {
    has_changes: bool,
    codebases: Vec<Codebase<'request>>,
    /// Names and values, as text that differs if they do.
    scheduler_properties: Vec<(&'request str, String)>,
}

/// What a property that a scheduler was configured with says of where it came from.
const SCHEDULER: &str = "Scheduler";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Codebase<'request> {
    codebase: &'request str,
    project: &'request str,
    repository: &'request str,
    branch: Option<&'request str>,
    /// Not looked at if changes led to the request.
    revision: Option<&'request str>,
}

/// `None` if the request is to have a build of its own.
pub fn compatibility_key(request: &BuildRequest) -> Option<CompatibilityKey<'_>> {
    if request.waited_for || request.source_stamps.iter().any(|(_, stamp)| stamp.patch.is_some()) {
        return None;
    }
    let mut codebases: Vec<_> = request
        .source_stamps
        .iter()
        .map(|(_, stamp)| Codebase {
            codebase: &stamp.codebase,
            project: &stamp.project,
            repository: &stamp.repository,
            branch: stamp.branch.as_deref(),
            revision: stamp.revision.as_deref().filter(|_| !request.has_changes),
        })
        .collect();
    codebases.sort_unstable();
    // Which scheduler it was does not matter.
    let set_by_scheduler =
        request.properties.iter().filter(|(name, property)| property.source == SCHEDULER && *name != "scheduler");
    let scheduler_properties =
        set_by_scheduler.map(|(name, property)| (name, format!("{:?}", property.value))).collect();
    Some(CompatibilityKey { has_changes: request.has_changes, codebases, scheduler_properties })
}

/// The requests of one builder, grouped by what they ask for.
#[derive(Debug, Default)]
pub struct Groups {
    members: Vec<Vec<usize>>,
    /// The group of each request, by position in the queue.
    group_of: Vec<Option<usize>>,
}

impl Groups {
    pub fn new(queue: &[&Arc<BuildRequest>]) -> Self {
        let mut known: HashMap<CompatibilityKey<'_>, usize> = HashMap::new();
        let mut groups = Self::default();
        for (position, request) in queue.iter().enumerate() {
            let group = compatibility_key(request).map(|key| {
                *known.entry(key).or_insert_with(|| {
                    groups.members.push(Vec::new());
                    groups.members.len() - 1
                })
            });
            if let Some(group) = group {
                groups.members[group].push(position);
            }
            groups.group_of.push(group);
        }
        groups
    }

    /// Positions of all that ask for the same as the one at this position, itself included, in ascending order; nothing
    /// if it stays alone.
    pub fn group_of(&self, position: usize) -> &[usize] {
        self.group_of.get(position).copied().flatten().map_or(&[], |group| &self.members[group])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::plan::fixtures::{request, stamp};
    use crate::domain::{Patch, Properties, SourceStampId, StampSpec};

    fn same(one: &BuildRequest, other: &BuildRequest) -> bool {
        compatibility_key(one).is_some() && compatibility_key(one) == compatibility_key(other)
    }

    fn with_stamp(change: impl FnOnce(&mut StampSpec)) -> BuildRequest {
        let mut request = request(1, 1);
        change(&mut request.source_stamps[0].1);
        request
    }

    #[test]
    fn requests_from_changes_merge_across_revisions() {
        let mut newer = with_stamp(|stamp| stamp.revision = Some("r2".to_owned()));
        assert!(same(&request(1, 1), &newer));
        newer.has_changes = false;
        assert!(!same(&request(1, 1), &newer), "one has changes, the other has none");
    }

    #[test]
    fn forced_requests_merge_if_their_revisions_are_equal() {
        let forced = |revision: Option<&str>| {
            let mut request = with_stamp(|stamp| stamp.revision = revision.map(str::to_owned));
            request.has_changes = false;
            request
        };
        assert!(same(&forced(None), &forced(None)));
        assert!(same(&forced(Some("r1")), &forced(Some("r1"))));
        assert!(!same(&forced(Some("r1")), &forced(None)));
    }

    #[test]
    fn another_branch_project_repository_or_codebase_is_something_else() {
        let base = request(1, 1);
        assert!(!same(&base, &with_stamp(|stamp| stamp.branch = None)));
        assert!(!same(&base, &with_stamp(|stamp| stamp.project = "p".to_owned())));
        assert!(!same(&base, &with_stamp(|stamp| stamp.repository = "r".to_owned())));
        assert!(!same(&base, &with_stamp(|stamp| stamp.codebase = "c".to_owned())));
    }

    #[test]
    fn what_schedulers_set_has_to_be_the_same_but_not_the_scheduler() {
        let with = |source: &str, pairs: &[(&str, i64)]| {
            let mut properties = Properties::new();
            pairs.iter().for_each(|(name, value)| properties.set(*name, *value, source));
            BuildRequest { properties: Arc::new(properties), ..request(1, 1) }
        };
        let one = with("Scheduler", &[("scheduler", 1), ("kind", 1)]);
        assert!(same(&one, &with("Scheduler", &[("scheduler", 2), ("kind", 1)])));
        assert!(!same(&one, &with("Scheduler", &[("scheduler", 1), ("kind", 2)])));
        assert!(!same(&one, &with("Scheduler", &[("scheduler", 1)])));
        assert!(same(&with("Trigger", &[("kind", 1)]), &with("Trigger", &[("kind", 2)])), "a person or build set it");
    }

    #[test]
    fn patches_and_waiting_builds_stay_alone() {
        let patch =
            Patch { body: Vec::new(), level: 1, subdir: String::new(), author: String::new(), comment: String::new() };
        let patched = with_stamp(|stamp| stamp.patch = Some(patch));
        assert!(!same(&patched, &patched));
        let mut waited_for = request(1, 1);
        waited_for.waited_for = true;
        assert!(!same(&waited_for, &waited_for));
    }

    #[test]
    fn the_order_of_stamps_does_not_matter() {
        let with = |order: [&str; 2]| {
            let mut request = request(1, 1);
            request.source_stamps = order
                .iter()
                .map(|name| (SourceStampId(1), StampSpec { codebase: (*name).to_owned(), ..stamp() }))
                .collect();
            request
        };
        assert!(same(&with(["a", "b"]), &with(["b", "a"])));
        assert!(!same(&with(["a", "b"]), &with(["a", "a"])));
    }
}
