//! Builders as the database knows them; how one works is in the configuration.

use super::{BuilderId, Description, ProjectId};

/// A builder that exists or once existed.
#[derive(Clone, Debug, PartialEq)]
pub struct Builder {
    pub id: BuilderId,
    pub name: String,
    pub description: Description,
    pub tags: Vec<String>,
    pub project: Option<ProjectId>,
    /// Of a virtual builder, which is only shown: the builder that builds for it.
    pub base: Option<BuilderId>,
    /// Whether the present configuration has it, or its base.
    pub active: bool,
}

/// Where a build is shown instead of at the builder that builds it, as its properties say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VirtualBuilder {
    pub name: String,
    pub description: Option<String>,
    /// The name of a project; one that is not known is made.
    pub project: Option<String>,
    pub tags: Vec<String>,
}

/// The tag that every virtual builder has, by which clients of REST know it.
pub const VIRTUAL_TAG: &str = "_virtual_";
