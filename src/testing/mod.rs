//! Helpers of tests, behind the feature `testing`: neighbours that only record, and time that only tests move.

pub mod probe;
pub mod test_db;
pub mod virtual_time;

pub use probe::{ProbeAnswer, ProbeInbox, probe, probe_ask};
pub use virtual_time::virtual_time;
