//! Changes: one commit, as a change source reported it.

use super::{ChangeId, Properties, SourceStampId, Timestamp};

/// A change before it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewChange {
    pub author: String,
    pub committer: Option<String>,
    pub comments: String,
    pub files: Vec<String>,
    pub revision: Option<String>,
    pub branch: Option<String>,
    pub category: Option<String>,
    pub revlink: Option<String>,
    pub repository: String,
    pub project: String,
    /// Filled by the configuration's `codebaseGenerator`; empty without one.
    pub codebase: String,
    pub properties: Properties,
    /// When the commit was made; the time of arrival if unknown.
    pub when: Option<Timestamp>,
    /// Makes repeated deliveries one change: unique per source. `None` stores every delivery.
    pub delivery_key: Option<String>,
}

/// A stored change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub id: ChangeId,
    pub source_stamp_id: SourceStampId,
    pub parent_ids: Vec<ChangeId>,
    pub author: String,
    pub committer: Option<String>,
    pub comments: String,
    pub files: Vec<String>,
    pub revision: Option<String>,
    pub branch: Option<String>,
    pub category: Option<String>,
    pub revlink: Option<String>,
    pub repository: String,
    pub project: String,
    pub codebase: String,
    pub properties: Properties,
    pub when: Timestamp,
}
