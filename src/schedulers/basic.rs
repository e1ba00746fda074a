//! `SingleBranchScheduler` and `AnyBranchScheduler`: build the newest state of a branch (manual sections
//! "SingleBranchScheduler" and "AnyBranchScheduler").
//!
//! - Without a tree-stable timer each important change gives a buildset at once; unimportant ones wait and go along
//!   with the next important one.
//! - With a timer one buildset comes after the tree was quiet for that long, with all changes that came. Every change
//!   that passes the filter disturbs the quiet; only an important one starts the wait.
//! - An `AnyBranchScheduler` does so for each branch of each repository, project and codebase as if the others were not
//!   there.
//! - A switched-off scheduler looks at nothing, so it forgets nothing either: when switched on again it goes on at the
//!   change where it stopped.
//! - Without any builder it waits in the same way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::buildset;
use super::config::{BasicConfig, SchedulerConfig};
use super::facts::{Decision, Facts, Outcome, Waiting};
use super::filter::FilterError;
use super::question::Answers;
use super::watch::{Seen, Watch, changes_of};
use crate::domain::{BuilderId, Change, Timestamp};

/// The configuration, made ready to decide by.
#[derive(Clone, Debug)]
pub(super) struct Basic {
    kind: BasicConfig,
    watch: Watch,
    /// Whether every branch waits for itself.
    by_branch: bool,
}

/// What waits together: codebase, project, repository and branch, or all there is.
type Group<'change> = Option<(&'change str, &'change str, &'change str, Option<&'change str>)>;

impl Basic {
    pub fn new(config: &SchedulerConfig, kind: &BasicConfig, by_branch: bool) -> Result<Self, FilterError> {
        let watch = Watch::new(config, &kind.watch)?.remembering(kind.absolute_source_stamps);
        Ok(Self { watch, by_branch, kind: kind.clone() })
    }

    pub fn decide(&self, base: &Base<'_>, facts: &Facts, answers: &Answers) -> Outcome {
        if !facts.enabled || base.builders.is_empty() {
            return Outcome::Decide(Decision::default());
        }
        let seen = match self.watch.look(facts, answers) {
            Ok(seen) => seen,
            Err(questions) => return Outcome::Ask(questions),
        };
        Outcome::Decide(match self.timer() {
            None => self.decide_at_once(base, facts, seen),
            Some(timer) => self.decide_after_quiet(base, facts, &seen, timer),
        })
    }

    pub const fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The quiet time; zero counts as none, as in Buildbot.
    fn timer(&self) -> Option<Duration> {
        self.kind.tree_stable_timer.filter(|timer| !timer.is_zero())
    }

    /// What waits, in groups.
    fn groups<'facts>(&self, waiting: &'facts [Waiting]) -> Vec<Vec<&'facts Waiting>> {
        let mut groups: BTreeMap<Group<'_>, Vec<&Waiting>> = BTreeMap::new();
        for one in waiting {
            groups.entry(self.group_of(&one.change)).or_default().push(one);
        }
        groups.into_values().collect()
    }

    fn group_of<'change>(&self, change: &'change Change) -> Group<'change> {
        let group = || {
            (change.codebase.as_str(), change.project.as_str(), change.repository.as_str(), change.branch.as_deref())
        };
        self.by_branch.then(group)
    }

    /// Goes up to the first important change and builds it; what comes after it is for the next decision.
    fn decide_at_once(&self, base: &Base<'_>, facts: &Facts, seen: Seen) -> Decision {
        let is_ready = |group: &&Vec<&Waiting>| group.iter().any(|waiting| waiting.important);
        if let Some(group) = self.groups(&facts.waiting).iter().find(is_ready) {
            // Left over from a time with a timer.
            return self.fire(base, facts, group, Vec::new());
        }
        let seen = seen.up_to_first_important();
        let memory = self.watch.memory(&facts.memory, &seen);
        if !seen.ends_important() {
            return Decision { memory, ..seen.classified() };
        }
        let Some((important, _)) = seen.kept().last() else { return seen.classified() };
        let of_important = self.group_of(important);
        let belongs = |change: &Change| self.group_of(change) == of_important;
        let group: Vec<_> = facts.waiting.iter().filter(|waiting| belongs(&waiting.change)).collect();
        let (along, others): (Vec<_>, Vec<_>) = seen.kept().partition(|(change, _)| belongs(change));
        let along = along.into_iter().map(|(change, _)| Arc::clone(change)).collect();
        Decision {
            classified: others.into_iter().map(|(change, important)| (change.id, important)).collect(),
            last_change: seen.passed().last_change,
            memory,
            ..self.fire(base, facts, &group, along)
        }
    }

    fn decide_after_quiet(&self, base: &Base<'_>, facts: &Facts, seen: &Seen, timer: Duration) -> Decision {
        if !seen.is_empty() {
            // More changes that disturb the quiet may follow those given here: first all are looked at.
            return Decision { memory: self.watch.memory(&facts.memory, seen), ..seen.classified() };
        }
        let due = |group: &[&Waiting]| {
            let newest = group.iter().map(|waiting| waiting.classified_at).max()?;
            group.iter().any(|waiting| waiting.important).then(|| newest + timer)
        };
        let groups = self.groups(&facts.waiting);
        let first = groups.iter().filter_map(|group| Some((due(group)?, group))).min_by_key(|(due, _)| *due);
        match first {
            Some((due, group)) if due <= base.now => self.fire(base, facts, group, Vec::new()),
            Some((due, _)) => Decision { wake_at: Some(due), ..Decision::default() },
            None => Decision::default(),
        }
    }

    /// Builds what waits together, and these changes with it.
    fn fire(&self, base: &Base<'_>, facts: &Facts, group: &[&Waiting], along: Vec<Arc<Change>>) -> Decision {
        let mut changes = changes_of(group.iter().copied());
        let consumed = changes.iter().map(|change| change.id).collect();
        changes.extend(along);
        changes.sort_by_key(|change| change.id);
        let mut buildset = buildset::of_changes(base.config, base.builders, &changes, &facts.memory);
        buildset.reason = buildset::reason(base.config, self.kind.reason.as_deref());
        Decision { consumed, buildset: Some(buildset), ..Decision::default() }
    }
}

/// What every decision is based on.
pub(super) struct Base<'a> {
    pub config: &'a SchedulerConfig,
    /// The builders that it starts.
    pub builders: &'a [BuilderId],
    pub now: Timestamp,
}

#[cfg(test)]
#[path = "basic_tests.rs"]
mod tests;
