//! Why a scheduler built nothing of a change: pure, and asked for when a person wants to know, so nothing is kept.
//!
//! What was decided is read from what is stored; why it was decided so is found by judging the change once more, by the
//! configuration as it is now.

use std::fmt;
use std::sync::Arc;

use super::question::{Answers, Question};
use super::rules::Rules;
use crate::domain::{BuildsetId, Change, ChangeId, Timestamp};

/// What is stored of one scheduler and one change.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChangeFacts {
    pub enabled: bool,
    /// Whether it starts any builders.
    pub has_builders: bool,
    /// Changes up to this one have been looked at.
    pub last_change: ChangeId,
    /// Whether the change waits for the scheduler's next buildset, whether it is important, and since when.
    pub waiting: Option<(bool, Timestamp)>,
    /// Buildsets of the scheduler that hold the change.
    pub buildsets: Vec<BuildsetId>,
}

/// What a scheduler makes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stance {
    Built(Vec<BuildsetId>),
    /// It does not go by changes.
    Blind {
        class: &'static str,
    },
    NoBuilders,
    SwitchedOff,
    /// It has not looked at the change yet.
    NotYet,
    OtherCodebase {
        codebase: String,
    },
    OtherBranch {
        branch: Option<String>,
    },
    /// The filter keeps it out.
    Filtered(String),
    /// `fileIsImportant`, which stands there, says no, and unimportant changes are dropped.
    Dropped {
        location: String,
    },
    /// It waits for an important one.
    Unimportant {
        location: Option<String>,
    },
    /// It waits until the tree is quiet, or for the next time of the clock.
    Waiting,
    /// It would be built today; what was decided when it came is not kept.
    Passed,
}

impl Rules {
    /// What the scheduler makes of the change; asks while functions have to be heard.
    pub fn explain(
        &self,
        facts: &ChangeFacts,
        change: &Arc<Change>,
        answers: &Answers,
    ) -> Result<Stance, Vec<Question>> {
        if !facts.buildsets.is_empty() {
            return Ok(Stance::Built(facts.buildsets.clone()));
        }
        let Some(watch) = self.watch() else { return Ok(Stance::Blind { class: self.class_name() }) };
        let stance = watch.stance(change, answers)?;
        if let Some((important, _)) = facts.waiting {
            return Ok(match (important, stance) {
                (true, _) => Stance::Waiting,
                (false, unimportant @ Stance::Unimportant { .. }) => unimportant,
                (false, _) => Stance::Unimportant { location: None },
            });
        }
        if stance != Stance::Passed {
            return Ok(match stance {
                // It is not among those that wait: the configuration was another when it came.
                Stance::Unimportant { .. } => Stance::Passed,
                other => other,
            });
        }
        Ok(match facts.last_change < change.id {
            true if !facts.has_builders => Stance::NoBuilders,
            true if !facts.enabled => Stance::SwitchedOff,
            true => Stance::NotYet,
            false => Stance::Passed,
        })
    }
}

impl Stance {
    /// One word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Built(_) => "built",
            Self::Waiting | Self::Unimportant { .. } | Self::SwitchedOff | Self::NotYet | Self::NoBuilders => "waiting",
            Self::Blind { .. }
            | Self::OtherCodebase { .. }
            | Self::OtherBranch { .. }
            | Self::Filtered(_)
            | Self::Dropped { .. } => "ignored",
            Self::Passed => "unknown",
        }
    }
}

impl fmt::Display for Stance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Built(buildsets) => {
                let ids: Vec<String> = buildsets.iter().map(ToString::to_string).collect();
                write!(f, "built it: buildset {}", ids.join(", "))
            }
            Self::Blind { class } => write!(f, "does not go by changes: it is a {class}"),
            Self::NoBuilders => f.write_str("starts no builders, and keeps the change for when it does"),
            Self::SwitchedOff => f.write_str("is switched off, and will look at the change when it is switched on"),
            Self::NotYet => f.write_str("is about to look at it"),
            Self::OtherCodebase { codebase } if codebase.is_empty() => {
                f.write_str("ignored it: it names no codebase, and those of the scheduler have names")
            }
            Self::OtherCodebase { codebase } => write!(f, "ignored it: '{codebase}' is no codebase of the scheduler"),
            Self::OtherBranch { branch: Some(branch) } => write!(f, "ignored it: it builds branch '{branch}' only"),
            Self::OtherBranch { branch: None } => f.write_str("ignored it: it builds the default branch only"),
            Self::Filtered(why) => write!(f, "ignored it: {why}"),
            Self::Dropped { location } => {
                write!(f, "ignored it: fileIsImportant at {location} finds it unimportant, and onlyImportant is set")
            }
            Self::Unimportant { location: Some(location) } => {
                write!(f, "waits for an important change: fileIsImportant at {location} finds this one unimportant")
            }
            Self::Unimportant { location: None } => f.write_str("waits for an important change"),
            Self::Waiting => f.write_str("waits until it is time to build"),
            Self::Passed => f.write_str(
                "would build it by the present configuration, which was another when the change came, or the scheduler \
                 was not there yet",
            ),
        }
    }
}

#[cfg(test)]
#[path = "explain_tests.rs"]
mod tests;
