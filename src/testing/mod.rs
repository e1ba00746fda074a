//! Helpers of tests, behind the feature `testing`: neighbours that only record, workers that do what they are told, and
//! time that only tests move.

pub mod answer;
pub mod growing_log;
pub mod handle;
pub mod hostile_site;
pub mod large_site;
pub mod local_executor;
pub mod log_shelf;
pub mod many_builders;
pub mod past_builds;
pub mod people;
pub mod plain_steps;
pub mod probe;
pub mod project_site;
pub mod sample_site;
pub mod scripted_context;
pub mod scripted_function;
pub mod scripted_worker;
pub mod test_db;
pub mod virtual_time;

pub use probe::{ProbeAnswer, ProbeInbox, probe, probe_ask};
pub use virtual_time::virtual_time;
