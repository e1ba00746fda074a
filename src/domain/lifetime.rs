//! Builds as data that takes space.

use super::{BuildId, BuildNumber, Results, Timestamp};

/// A build that has ended, as far as its lifetime depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedBuild {
    pub id: BuildId,
    pub number: BuildNumber,
    pub results: Results,
    pub complete_at: Timestamp,
    /// False once the text of its logs was removed.
    pub has_logs: bool,
    /// Whether steps left data with it.
    pub has_data: bool,
}
