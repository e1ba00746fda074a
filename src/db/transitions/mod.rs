//! State changes that span rows: one file each. Every one is conditional and safe to run twice.

mod build_state;
mod cancel_request;
mod command_ids;
mod finish_build;
mod fire_scheduler;
mod ingest_changes;
mod logs;
mod prune_events;
mod rebuild;
mod recover_at_start;
mod scheduler_state;
mod stamps;
mod start_build;
mod steps;
mod sync_config;
mod users;
mod worker_state;

pub use self::build_state::{SetBuildProperties, SetBuildState};
pub use self::cancel_request::{CancelRequest, Cancelled};
pub use self::command_ids::ReserveCommandIds;
pub use self::finish_build::{FinishBuild, FinishCause, FinishedBuild};
pub use self::fire_scheduler::{FireScheduler, Fired};
pub use self::ingest_changes::IngestChanges;
pub use self::logs::{AddLog, FinishLog, StoreChunk};
pub use self::prune_events::PruneEvents;
pub use self::rebuild::Rebuild;
pub use self::recover_at_start::{RecoverAtStart, Recovered};
pub use self::scheduler_state::SwitchScheduler;
pub use self::start_build::{StartBuild, StartBuildOutcome};
pub use self::steps::{AcquireStepLocks, AddStep, FinishStep, StartStep, UpdateStep};
pub use self::sync_config::{ConfigIds, SyncBuilder, SyncConfig, SyncScheduler, SyncWorker};
pub use self::users::{AddUser, RemoveUser, UpdateUser, UserFacts};
pub use self::worker_state::{SetWorkerMode, SetWorkerState};
