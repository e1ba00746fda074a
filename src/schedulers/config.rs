//! What the configuration says of schedulers.

mod canceller;
mod filter;
mod force;
mod priority;

use std::time::Duration;

pub use self::canceller::{
    CancellerConfig, CancellerKind, FailingFilter, OldBuildsFilter, StampAttribute, StampFilter,
};
pub use self::filter::{AttributeTest, ChangeAttribute, ChangeFilter};
pub use self::force::{
    ForceAnyProperty, ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, ForcePatch,
    Layout,
};
pub use self::priority::Priority;
use super::cron::Cron;
use crate::domain::{Callback, Properties};

/// One scheduler of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct SchedulerConfig {
    pub name: String,
    pub builder_names: Vec<String>,
    pub properties: Properties,
    pub priority: Priority,
    /// Codebase name to its default repository, branch and revision; one unnamed codebase if not configured.
    pub codebases: Vec<CodebaseConfig>,
    pub kind: SchedulerKind,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct CodebaseConfig {
    pub name: String,
    pub repository: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SchedulerKind {
    SingleBranch(BasicConfig),
    /// Waits for the quiet of each branch by itself.
    AnyBranch(BasicConfig),
    Dependent(DependentConfig),
    Periodic(TimedConfig, Duration),
    Nightly(TimedConfig, NightlyConfig),
    /// Builds at its times what was triggered last.
    NightlyTriggerable(TimedConfig, NightlyConfig),
    Triggerable(TriggerableConfig),
    Force(ForceConfig),
    Try(TryConfig),
}

impl SchedulerKind {
    /// The name in configurations.
    pub const fn class_name(&self) -> &'static str {
        match self {
            Self::SingleBranch(_) => "SingleBranchScheduler",
            Self::AnyBranch(_) => "AnyBranchScheduler",
            Self::Dependent(_) => "Dependent",
            Self::Periodic(..) => "Periodic",
            Self::Nightly(..) => "Nightly",
            Self::NightlyTriggerable(..) => "NightlyTriggerable",
            Self::Triggerable(_) => "Triggerable",
            Self::Force(_) => "ForceScheduler",
            Self::Try(TryConfig::Userpass) => "Try_Userpass",
            Self::Try(TryConfig::Jobdir(_)) => "Try_Jobdir",
        }
    }

    /// The scheduler whose buildsets it waits for.
    pub fn upstream(&self) -> Option<&str> {
        match self {
            Self::Dependent(dependent) => Some(&dependent.upstream),
            _ => None,
        }
    }

    /// Whether a `Trigger` step may name it.
    pub const fn can_be_triggered(&self) -> bool {
        matches!(self, Self::Triggerable(_) | Self::NightlyTriggerable(..))
    }
}

/// Which changes a scheduler looks at, and what it makes of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchConfig {
    pub filter: ChangeFilter,
    pub file_is_important: Option<Callback>,
    /// Forget unimportant changes instead of building them along.
    pub only_important: bool,
}

/// `SingleBranchScheduler` and `AnyBranchScheduler`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BasicConfig {
    pub watch: WatchConfig,
    /// `None` fires for each important change at once.
    pub tree_stable_timer: Option<Duration>,
    pub reason: Option<String>,
    /// Remember the newest revision of each codebase, and build it where no change says otherwise.
    pub absolute_source_stamps: bool,
}

/// `Dependent`.
#[derive(Clone, Debug, PartialEq)]
pub struct DependentConfig {
    /// Name of the scheduler whose successful buildsets are built again.
    pub upstream: String,
}

/// What `Periodic`, `Nightly` and `NightlyTriggerable` have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TimedConfig {
    pub watch: WatchConfig,
    pub reason: Option<String>,
    pub absolute_source_stamps: bool,
    /// Build only if an important change came since the last time.
    pub only_if_changed: bool,
    /// Only changes of this branch count, and it is built if there are none. `Some(None)` is the default branch.
    pub branch: Option<Option<String>>,
}

/// When a `Nightly` is due.
#[derive(Clone, Debug, PartialEq)]
pub struct NightlyConfig {
    pub at: Cron,
    /// When it builds even without a change.
    pub force_at: Option<Cron>,
}

/// `Triggerable`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TriggerableConfig {
    pub reason: Option<String>,
}

/// How jobs come to a try scheduler. Who may send them to a port is told by the accounts of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum TryConfig {
    /// `Try_Userpass`: over the network, by name and password.
    Userpass,
    /// `Try_Jobdir`: as files in a directory, relative to the master's.
    Jobdir(String),
}
