//! A continuous-integration master in the manner of Buildbot. Rooms in reading order; `docs/ARCHITECTURE.md` says what
//! each may import.

pub mod domain;

pub mod clock;
pub mod json;
pub mod markdown;
pub mod telemetry;

pub mod secrets;

pub mod commands;

pub mod changes;
pub mod db;
pub mod dispatch;
pub mod forecast;
pub mod lifetime;
pub mod locks;
pub mod reporters;
pub mod schedulers;
pub mod steps;
pub mod web;

pub mod config;
pub mod wire;

pub mod transfers;

pub mod actors;

pub mod cli;
pub mod control;
pub mod master;

#[cfg(feature = "testing")]
pub mod testing;
