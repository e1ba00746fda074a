//! Projects, which group builders, and their codebases.

use super::{CodebaseBranchId, CodebaseCommitId, CodebaseId, Description, ProjectId, Timestamp};

/// A project that exists or once existed.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    /// A short name for URLs.
    pub slug: String,
    pub description: Description,
    /// Whether the present configuration has it.
    pub configured: bool,
    /// Whether a builder of the present configuration belongs to it.
    pub active: bool,
}

/// What a project is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codebase {
    pub id: CodebaseId,
    pub project: ProjectId,
    /// Unique within the project.
    pub name: String,
    pub slug: String,
}

/// A commit of a codebase, as a change source saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodebaseCommit {
    pub id: CodebaseCommitId,
    pub codebase: CodebaseId,
    pub author: String,
    pub committer: Option<String>,
    pub comments: String,
    pub when: Timestamp,
    pub revision: String,
    /// Nothing where the history before it is not known.
    pub parent: Option<CodebaseCommitId>,
}

/// What a change source has newly seen of a codebase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewHistory {
    /// Parents before children.
    pub commits: Vec<NewCommit>,
    /// Branches, and the revisions at which they are now.
    pub branches: Vec<(String, String)>,
}

/// A commit before it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    pub revision: String,
    /// The first parent.
    pub parent: Option<String>,
    pub author: String,
    pub committer: Option<String>,
    pub comments: String,
    pub when: Timestamp,
}

/// A branch of a codebase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodebaseBranch {
    pub id: CodebaseBranchId,
    pub codebase: CodebaseId,
    pub name: String,
    /// Its newest commit.
    pub commit: Option<CodebaseCommitId>,
    /// When it was last looked at.
    pub last: Timestamp,
}
