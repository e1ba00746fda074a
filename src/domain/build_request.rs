//! Build requests: a builder owes one build for each.

use std::sync::Arc;

use super::{
    BuildRequestId, BuilderId, BuildsetId, MasterId, Properties, Results, SourceStampId, StampSpec, Timestamp,
};

/// Where a request is in its life.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RequestState {
    /// Waits for a worker.
    Unclaimed,
    /// A master has started a build for it, or is about to.
    Claimed { by: MasterId, at: Timestamp },
    /// Ended.
    Complete { results: Results, at: Timestamp },
}

/// A stored build request, with what merging and priorities look at.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildRequest {
    pub id: BuildRequestId,
    pub buildset_id: BuildsetId,
    pub builder_id: BuilderId,
    pub priority: i32,
    pub submitted_at: Timestamp,
    pub waited_for: bool,
    pub state: RequestState,
    /// How often a build of it ended because its worker vanished.
    pub worker_losses: i32,
    pub source_stamps: Vec<(SourceStampId, StampSpec)>,
    /// Whether changes led to it: a forced request without changes is not merged with one that has them.
    pub has_changes: bool,
    /// Properties of its buildset, shared with the other requests of it.
    pub properties: Arc<Properties>,
}
