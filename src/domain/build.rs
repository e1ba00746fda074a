//! Builds: one run of a builder's steps.

use super::{BuildId, BuildRequestId, BuilderId, MasterId, Results, Timestamp, WorkerId};

/// The number of a build within its builder: 1, 2, 3 ... without reuse.
pub type BuildNumber = i64;

/// A stored build.
#[derive(Clone, Debug, PartialEq)]
pub struct Build {
    pub id: BuildId,
    pub number: BuildNumber,
    pub builder_id: BuilderId,
    /// The first of the requests it serves.
    pub request_id: BuildRequestId,
    pub worker_id: WorkerId,
    pub master_id: MasterId,
    pub started_at: Timestamp,
    pub complete_at: Option<Timestamp>,
    /// `None` while it runs.
    pub results: Option<Results>,
    pub state_string: String,
    /// How long it waited for locks, in whole seconds.
    pub locks_duration_s: i64,
}
