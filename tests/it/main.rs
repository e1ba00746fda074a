//! Scenarios: a whole master with scripted workers, in virtual time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod force;
mod locks;
mod recovery;
mod schedulers;
mod test_master;
mod try_jobs;
