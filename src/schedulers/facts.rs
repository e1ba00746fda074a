//! What a scheduler decides from, and what it decides: plain data.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::question::Question;
use crate::domain::{
    BuildsetId, Change, ChangeId, NewBuildset, Properties, Results, SourceStampId, Timestamp, TriggerOrder,
};

/// What is stored, and what happened since.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub enabled: bool,
    /// Changes up to this one have been looked at.
    pub last_change: ChangeId,
    /// Oldest first.
    pub waiting: Vec<Waiting>,
    /// Changes after `last_change`, or the first of them; oldest first. Only for those who look at changes.
    pub new_changes: Vec<Arc<Change>>,
    pub memory: Memory,
    /// Buildsets of the upstream scheduler that are open or new; oldest first.
    pub upstream: Vec<UpstreamBuildset>,
}

/// A change that the scheduler keeps for the next buildset.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub change: Arc<Change>,
    pub important: bool,
    pub classified_at: Timestamp,
}

/// What a scheduler remembers besides changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// The newest revision of each codebase, if it is to be remembered.
    pub revisions: BTreeMap<String, LastRevision>,
    /// When a timed scheduler was due last, or began to count.
    pub last_due: Option<Timestamp>,
    pub upstream: Option<UpstreamMemory>,
    /// What a `NightlyTriggerable` is to build next.
    pub trigger: Option<TriggerOrder>,
}

/// The newest change of a codebase.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRevision {
    pub change: ChangeId,
    pub repository: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
}

/// How far a `Dependent` has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpstreamMemory {
    /// Buildsets up to this one have been seen.
    pub seen: BuildsetId,
    /// Those among them whose end is still to be seen.
    pub open: Vec<BuildsetId>,
}

/// A buildset of the upstream scheduler.
#[derive(Clone, Debug, PartialEq)]
pub struct UpstreamBuildset {
    pub id: BuildsetId,
    /// `None` while it is not complete.
    pub results: Option<Results>,
    pub stamps: Vec<SourceStampId>,
    pub changes: Vec<ChangeId>,
    /// Of the changes that its source stamps came with.
    pub change_properties: Properties,
}

/// What is to be done.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "it is short-lived, and made once for each decision")]
pub enum Outcome {
    Decide(Decision),
    /// Nothing can be said before functions have answered these.
    Ask(Vec<Question>),
}

/// What is to be stored, in one transaction, and when to look again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Changes that wait from now on, and whether each is important.
    pub classified: Vec<(ChangeId, bool)>,
    /// Changes up to this one have been looked at.
    pub last_change: Option<ChangeId>,
    /// Changes that wait no longer.
    pub consumed: Vec<ChangeId>,
    /// The memory from now on, if it changed.
    pub memory: Option<Memory>,
    pub buildset: Option<NewBuildset>,
    /// When to look again, if nothing happens before.
    pub wake_at: Option<Timestamp>,
}

impl Decision {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        let Self { classified, last_change, consumed, memory, buildset, wake_at: _ } = self;
        classified.is_empty() && last_change.is_none() && consumed.is_empty() && memory.is_none() && buildset.is_none()
    }
}
