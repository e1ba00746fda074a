//! Plain types of the CI world: what a change, a request, a build and a log *are*.
//!
//! Nothing here does I/O, and nothing derives serde, diesel or actix traits: rows, JSON and pages have types of
//! their own, so that a column, a field and a pixel can change separately.

pub mod build;
pub mod build_request;
pub mod builder;
pub mod buildset;
pub mod change;
pub mod chat;
pub mod command;
pub mod delivery;
pub mod description;
pub mod event;
pub mod ids;
pub mod learned;
pub mod lifetime;
pub mod lock;
pub mod log;
pub mod project;
pub mod properties;
pub mod render;
pub mod results;
pub mod script;
pub mod source_stamp;
pub mod step;
pub mod time;
pub mod transfer;
pub mod trigger;
pub mod try_job;
pub mod worker;

pub use build::{Build, BuildNumber};
pub use build_request::{BuildRequest, RequestState};
pub use builder::{Builder, VIRTUAL_TAG, VirtualBuilder};
pub use buildset::{Buildset, NewBuildset};
pub use change::{Change, NewChange};
pub use chat::{ChatInterest, ChatNotice, ChatWish};
pub use command::CommandOutcome;
pub use delivery::{Delivery, DeliveryEnd, DeliveryState};
pub use description::Description;
pub use event::Event;
pub use ids::{
    BuildId, BuildRequestId, BuilderId, BuildsetId, ChangeId, ChangeSourceId, CodebaseBranchId, CodebaseCommitId,
    CodebaseId, DeliveryId, LogId, MasterId, ProjectId, SchedulerId, SourceStampId, StepId, WorkerId,
};
pub use lifetime::EndedBuild;
pub use log::{Log, LogKind, Stream};
pub use project::{Codebase, CodebaseBranch, CodebaseCommit, NewCommit, NewHistory, Project};
pub use properties::{Properties, Property, PropertyValue};
pub use render::{FunctionCall, Operator, Renderable};
pub use results::Results;
pub use script::{Callback, ScriptError, ScriptValue};
pub use source_stamp::{Patch, SourceStamp, StampSpec};
pub use step::{Pace, Step, StepGroup};
pub use time::Timestamp;
pub use transfer::{Compression, MasterFile, StoreDirectory, StoreFile};
pub use trigger::{TriggerOrder, Triggered, TriggeredBuild, TriggeredEnd};
pub use try_job::{TryJob, TryStatus};
pub use worker::{Worker, WorkerAction, WorkerMode};
