//! A continuous-integration master in the manner of Buildbot. Rooms in reading order; `docs/ARCHITECTURE.md` says what
//! each may import.

pub mod domain;

pub mod clock;
pub mod json;
pub mod telemetry;

pub mod actors;
pub mod changes;
pub mod cli;
pub mod config;
pub mod control;
pub mod db;
pub mod master;
pub mod schedulers;
pub mod steps;

#[cfg(feature = "testing")]
pub mod testing;
