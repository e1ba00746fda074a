//! Buildsets: one decision of a scheduler, with a request for each of its builders.

use super::{
    BuildId, BuilderId, BuildsetId, ChangeId, Properties, Results, SourceStamp, SourceStampId, StampSpec, Timestamp,
};

/// Which source a new buildset takes for a codebase.
#[derive(Clone, Debug, PartialEq)]
pub enum NewStamp {
    /// The stamp that came with a change.
    Existing(SourceStampId),
    /// A stamp to be found or made.
    Spec(StampSpec),
}

/// A buildset before it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewBuildset {
    /// Name of the scheduler, shown by REST.
    pub scheduler: String,
    pub reason: String,
    pub external_id: Option<String>,
    pub properties: Properties,
    pub builders: Vec<BuilderId>,
    pub stamps: Vec<NewStamp>,
    /// Changes that led to it, oldest first; the responsible users come from them.
    pub changes: Vec<ChangeId>,
    pub priority: i32,
    /// Whether somebody waits for its end (`Trigger`).
    pub waited_for: bool,
    pub parent_build: Option<(BuildId, String)>,
    pub rebuilt_build: Option<BuildId>,
}

/// A stored buildset.
#[derive(Clone, Debug, PartialEq)]
pub struct Buildset {
    pub id: BuildsetId,
    pub external_id: Option<String>,
    pub reason: String,
    pub submitted_at: Timestamp,
    pub complete_at: Option<Timestamp>,
    pub results: Option<Results>,
    pub source_stamps: Vec<SourceStamp>,
    pub parent_build: Option<(BuildId, String)>,
    pub rebuilt_build: Option<BuildId>,
}
