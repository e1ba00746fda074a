//! Scenarios: a whole master with scripted workers, in virtual time.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod cancellers;
mod conditions;
mod explain;
mod force;
mod forecast;
mod groups;
mod links;
mod locks;
mod patches;
mod priorities;
mod promises;
mod recovery;
mod reload;
mod schedulers;
mod secrets;
mod step_locks;
mod steps;
mod test_master;
mod transfers;
mod try_jobs;
mod virtual_builders;
mod worker_modes;
