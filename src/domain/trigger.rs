//! What one build wants of others (`Trigger` steps), and what comes of it.

use super::{BuildId, BuildNumber, BuildRequestId, BuilderId, BuildsetId, Properties, Results, StampSpec};

/// What a build wants built by a scheduler.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TriggerOrder {
    pub stamps: Vec<StampSpec>,
    /// Besides those of the scheduler, and over them.
    pub properties: Properties,
    /// Whether the build waits for the end.
    pub waited_for: bool,
    /// The build, and how the new ones are related to it, e.g. "Triggered from".
    pub parent: Option<(BuildId, String)>,
    /// That of the scheduler if not given.
    pub priority: Option<i32>,
}

/// What a scheduler made of an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Triggered {
    /// `None` if the order is kept for later.
    pub buildset: Option<BuildsetId>,
    pub requests: Vec<BuildRequestId>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggeredEnd {
    pub results: Results,
    /// The builds, oldest first; of a builder that built several times, all of them.
    pub builds: Vec<TriggeredBuild>,
}

/// One build that was triggered.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggeredBuild {
    pub builder: BuilderId,
    pub builder_name: String,
    pub number: BuildNumber,
    /// `None` while it runs.
    pub results: Option<Results>,
}
