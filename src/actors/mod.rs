//! Who is alive and what they say to each other.
//!
//! Mail flows one way: change source, intake, scheduler, keeper, distributor, builder, build. What was committed comes
//! back over the event bus. `docs/ARCHITECTURE.md` draws the tree.

pub mod applied;
pub mod build;
pub mod builder;
pub mod builders;
pub mod buildset_keeper;
pub mod cancel;
pub mod cancellers;
pub mod change_intake;
pub mod change_source;
pub mod change_sources;
pub mod chats;
pub mod clients;
pub mod command_desk;
pub mod command_ids;
mod compatible_builds;
pub mod db_writer;
pub mod distributor;
pub mod event_bus;
pub mod explain;
mod failing_buildset_canceller;
pub mod handle;
pub mod janitor;
pub mod learning;
pub mod live_feed;
pub mod lock;
pub mod lock_keeper;
pub mod log_sink;
mod old_build_canceller;
pub mod owned;
mod pb_changes;
mod priority_question;
pub mod reconfigurator;
pub mod reporters;
pub mod scheduler;
pub mod schedulers;
pub mod scripts;
pub mod secret_keeper;
pub mod sessions;
mod stamp_question;
pub mod stop_wish;
pub mod supervisor;
pub mod try_jobs;
mod virtual_builder;
pub mod worker;
pub mod workers;

pub use supervisor::{
    Ask, AskError, Child, ChildSpec, End, Handle, Mail, Reply, Running, ShellContext, Supervisor, Tell, Timer,
};
