//! Source stamps: which source a build is to be made of.

use super::{SourceStampId, Timestamp};

/// A difference to apply on top of a revision (`try`, or a force with a patch).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Patch {
    pub body: Vec<u8>,
    pub level: i32,
    pub subdir: String,
    pub author: String,
    pub comment: String,
}

/// The source of one codebase, before it is stored. Equal specs share one stored stamp.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StampSpec {
    pub codebase: String,
    pub repository: String,
    pub project: String,
    pub branch: Option<String>,
    pub revision: Option<String>,
    pub patch: Option<Patch>,
}

/// A stored source stamp.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceStamp {
    pub id: SourceStampId,
    pub spec: StampSpec,
    pub created_at: Timestamp,
}
