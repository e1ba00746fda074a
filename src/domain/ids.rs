//! Identifiers of rows: one newtype per table, so that a build's number is never taken for its id.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A build, unique in the whole installation (`buildid`).
    BuildId,
    /// A build request (`buildrequestid`).
    BuildRequestId,
    /// A builder; it keeps its id as long as its name is known to the database.
    BuilderId,
    /// A buildset (`bsid`).
    BuildsetId,
    /// A change (`changeid`).
    ChangeId,
    /// A change source.
    ChangeSourceId,
    /// A codebase of a project.
    CodebaseId,
    /// A branch of a codebase.
    CodebaseBranchId,
    /// A commit of a codebase.
    CodebaseCommitId,
    /// A message that a reporter has to send, or has sent.
    DeliveryId,
    /// A log of a step.
    LogId,
    /// A master; one per base directory.
    MasterId,
    /// A project; it keeps its id as long as its name is known to the database.
    ProjectId,
    /// A scheduler.
    SchedulerId,
    /// A source stamp (`ssid`).
    SourceStampId,
    /// A step of a build (`stepid`).
    StepId,
    /// A worker.
    WorkerId,
}
