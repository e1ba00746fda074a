//! What the configuration says of builds that are cancelled because nobody needs them any more.

use super::AttributeTest;
use crate::domain::Callback;

/// `util.SourceStampFilter`: a source passes if every test does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StampFilter {
    pub filter_fn: Option<Callback>,
    pub tests: Vec<(StampAttribute, AttributeTest)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StampAttribute {
    Project,
    Repository,
    Branch,
    Codebase,
}

/// One canceller of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct CancellerConfig {
    pub name: String,
    pub kind: CancellerKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CancellerKind {
    /// `util.OldBuildCanceller`: a build ends when a newer commit of its branch is to be built.
    OldBuilds {
        filters: Vec<OldBuildsFilter>,
        /// Gives what sources of one branch have in common; without it that is the branch.
        branch_key: Option<Callback>,
    },
    /// `util.FailingBuildsetCanceller`: the rest of a buildset ends when one of its builds has failed.
    FailingBuildsets { filters: Vec<FailingFilter> },
}

/// Builders, and the sources for which their old builds are cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct OldBuildsFilter {
    pub builders: Vec<String>,
    pub stamps: StampFilter,
}

/// Builders whose failure counts, for which sources, and who is cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct FailingFilter {
    pub builders: Vec<String>,
    /// `None` cancels every other builder of the buildset.
    pub cancelled: Option<Vec<String>>,
    pub stamps: StampFilter,
}
