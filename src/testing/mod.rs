//! Helpers of tests, behind the feature `testing`: neighbours that only record, and time that only tests move.

pub mod local_executor;
pub mod plain_steps;
pub mod probe;
pub mod scripted_context;
pub mod test_db;
pub mod virtual_time;

pub use probe::{ProbeAnswer, ProbeInbox, probe, probe_ask};
pub use virtual_time::virtual_time;
