//! How schedulers look at changes: which concern them, and which of those are important.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::buildset;
use super::config::{SchedulerConfig, WatchConfig};
use super::explain::Stance;
use super::facts::{Decision, Facts, LastRevision, Memory, Waiting};
use super::filter::{Filter, FilterError, Verdict};
use super::question::{Answers, Question, Role};
use crate::domain::{Callback, Change, ScriptValue};

/// The eyes of one scheduler.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    filter: Filter,
    codebases: BTreeSet<String>,
    file_is_important: Option<Callback>,
    only_important: bool,
    /// Only changes of this branch; `Some(None)` is no branch.
    branch: Option<Option<String>>,
    remembers_revisions: bool,
}

/// A new change, and whether it is important; `None` if it does not concern the scheduler.
type LookedAt = (Arc<Change>, Option<bool>);

impl Watch {
    pub fn new(config: &SchedulerConfig, watch: &WatchConfig) -> Result<Self, FilterError> {
        Ok(Self {
            filter: Filter::new(&watch.filter)?,
            codebases: buildset::codebases(config).into_iter().map(|codebase| codebase.name).collect(),
            file_is_important: watch.file_is_important.clone(),
            only_important: watch.only_important,
            branch: None,
            remembers_revisions: false,
        })
    }

    /// Of one branch only.
    pub fn of_branch(self, branch: Option<Option<String>>) -> Self {
        Self { branch, ..self }
    }

    /// Whether the newest revision of each codebase is remembered (`createAbsoluteSourceStamps`).
    pub fn remembering(self, remembers_revisions: bool) -> Self {
        Self { remembers_revisions, ..self }
    }

    /// Looks at all new changes, in their order.
    pub fn look(&self, facts: &Facts, answers: &Answers) -> Result<Seen, Vec<Question>> {
        let mut changes = Vec::new();
        let mut questions = Vec::new();
        for change in facts.new_changes.iter().filter(|change| facts.last_change < change.id) {
            match self.judge(change, answers) {
                Ok(kept) => changes.push((Arc::clone(change), kept)),
                Err(more) => questions.extend(more),
            }
        }
        if questions.is_empty() { Ok(Seen { changes }) } else { Err(questions) }
    }

    /// Whether a change is important, if it concerns the scheduler.
    fn judge(&self, change: &Arc<Change>, answers: &Answers) -> Result<Option<bool>, Vec<Question>> {
        let wrong_branch = self.branch.as_ref().is_some_and(|branch| *branch != change.branch);
        if wrong_branch || !self.codebases.contains(&change.codebase) {
            return Ok(None);
        }
        match self.filter.judge(change, answers) {
            Verdict::Fails => return Ok(None),
            Verdict::Ask(questions) => return Err(questions),
            Verdict::Passes => {}
        }
        let important = match &self.file_is_important {
            None => true,
            Some(function) => answers.get(change.id, Role::Importance).ok_or_else(|| {
                let argument = ScriptValue::Change(Arc::clone(change));
                vec![Question::new(function, change.id, Role::Importance, argument)]
            })?,
        };
        Ok((important || !self.only_important).then_some(important))
    }

    /// What the scheduler makes of a change that it has not built: [`Stance::Passed`] if it is important.
    pub fn stance(&self, change: &Arc<Change>, answers: &Answers) -> Result<Stance, Vec<Question>> {
        if let Some(branch) = self.branch.as_ref().filter(|branch| **branch != change.branch) {
            return Ok(Stance::OtherBranch { branch: branch.clone() });
        }
        if !self.codebases.contains(&change.codebase) {
            return Ok(Stance::OtherCodebase { codebase: change.codebase.clone() });
        }
        let kept = self.judge(change, answers)?;
        if let Some(why) = self.filter.why_not(change, answers) {
            return Ok(Stance::Filtered(why));
        }
        let location = self.file_is_important.as_ref().map(|function| function.0.location().to_owned());
        Ok(match kept {
            Some(true) => Stance::Passed,
            Some(false) => Stance::Unimportant { location },
            None => Stance::Dropped { location: location.unwrap_or_default() },
        })
    }

    /// The memory once these changes have been seen; `None` if it stays as it is.
    pub fn memory(&self, memory: &Memory, seen: &Seen) -> Option<Memory> {
        if !self.remembers_revisions {
            return None;
        }
        let mut after = memory.clone();
        for change in seen.changes.iter().filter(|(_, kept)| kept.is_some()).map(|(change, _)| change) {
            let newest = LastRevision {
                change: change.id,
                repository: change.repository.clone(),
                branch: change.branch.clone(),
                revision: change.revision.clone(),
            };
            after.revisions.insert(change.codebase.clone(), newest);
        }
        (after != *memory).then_some(after)
    }
}

/// New changes that have been looked at, oldest first.
pub(super) struct Seen {
    changes: Vec<LookedAt>,
}

impl Seen {
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Those up to and with the first important one; all if none is.
    pub fn up_to_first_important(mut self) -> Self {
        if let Some(at) = self.changes.iter().position(|(_, kept)| *kept == Some(true)) {
            self.changes.truncate(at + 1);
        }
        self
    }

    pub fn ends_important(&self) -> bool {
        self.changes.last().is_some_and(|(_, kept)| *kept == Some(true))
    }

    /// Those that concern the scheduler, and whether each is important.
    pub fn kept(&self) -> impl Iterator<Item = (&Arc<Change>, bool)> {
        self.changes.iter().filter_map(|(change, kept)| Some((change, (*kept)?)))
    }

    /// All have been looked at, and those that concern the scheduler wait.
    pub fn classified(&self) -> Decision {
        Decision {
            classified: self.kept().map(|(change, important)| (change.id, important)).collect(),
            ..self.passed()
        }
    }

    /// All have been looked at.
    pub fn passed(&self) -> Decision {
        Decision { last_change: self.changes.last().map(|(change, _)| change.id), ..Decision::default() }
    }
}

/// The changes that wait.
pub(super) fn changes_of<'facts>(waiting: impl IntoIterator<Item = &'facts Waiting>) -> Vec<Arc<Change>> {
    waiting.into_iter().map(|waiting| Arc::clone(&waiting.change)).collect()
}
