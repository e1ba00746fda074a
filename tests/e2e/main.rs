//! End to end: real processes, real sockets, a real Git repository. They assert order and content, never durations; the
//! one deadline only catches what hangs.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests may fail the test")]

mod clients;
mod crash;
mod crash_checker;
mod demo;
mod differential;
mod encryption;
mod groups;
mod irc;
mod irc_server;
mod mail;
mod mail_server;
mod main_job;
mod master_command;
mod matrix;
mod providers;
mod python_site;
mod python_workers;
mod refusals;
mod relay;
mod restart;
mod secrets;
mod site;
mod ssh_server;
mod transfers;
mod try_over_ssh;
mod tutorial;
mod webhooks;
mod worker_connections;
mod worker_of_a_python_master;
mod working_copy;
