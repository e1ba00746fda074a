//! End to end: real processes, real sockets, a real Git repository. They assert order and content, never durations; the
//! one deadline only catches what hangs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod clients;
mod crash;
mod crash_checker;
mod demo;
mod main_job;
mod python_master;
mod restart;
mod site;
mod tutorial;
mod working_copy;
