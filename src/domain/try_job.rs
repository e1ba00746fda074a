//! Try jobs: what a developer wants built before it is committed.

use std::collections::BTreeMap;

use super::{BuildId, BuildRequestId, PropertyValue, Results};

/// A job as its sender describes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TryJob {
    /// What the sender calls it; may be empty.
    pub id: String,
    pub branch: Option<String>,
    /// What the patch applies to; the newest if not given.
    pub revision: Option<String>,
    /// Directories to take off the names in the patch.
    pub patch_level: i32,
    /// Empty if there is nothing to apply.
    pub patch_body: Vec<u8>,
    pub repository: String,
    pub project: String,
    pub who: String,
    pub comment: String,
    /// Empty means all builders of the scheduler.
    pub builder_names: Vec<String>,
    pub properties: BTreeMap<String, PropertyValue>,
}

/// How far the builds of a job are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TryStatus {
    pub requests: Vec<TryRequest>,
}

/// What one builder owes to a job.
#[derive(Clone, Debug, PartialEq)]
pub struct TryRequest {
    pub id: BuildRequestId,
    pub builder_name: String,
    /// Set once there is nothing more to come.
    pub results: Option<Results>,
    /// In the order of their starts: a build whose worker was lost is followed by another.
    pub builds: Vec<TryBuild>,
}

/// A build, or what stands for one that never came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TryBuildId {
    Build(BuildId),
    /// The request ended without a build, as one that was cancelled does: whoever waits shall hear of the end.
    Never(BuildRequestId),
}

#[derive(Clone, Debug, PartialEq)]
pub struct TryBuild {
    pub id: TryBuildId,
    /// Those that have begun, in order, and how those ended that have.
    pub steps: Vec<(String, Option<Results>)>,
    /// How the build ended, and in words.
    pub finished: Option<(Results, String)>,
}

impl TryStatus {
    /// Whether there is nothing more to come.
    pub fn is_complete(&self) -> bool {
        self.requests.iter().all(|request| request.results.is_some())
    }

    pub fn build(&self, id: TryBuildId) -> Option<&TryBuild> {
        self.requests.iter().flat_map(|request| &request.builds).find(|build| build.id == id)
    }
}
