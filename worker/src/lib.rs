//! The worker: runs what a master asks for and reports back.
//!
//! One thread, tokio tasks, no actors. `master_link` connects and reconnects; a `session` is one connection; a command
//! lives no longer than its session.

pub mod base_dir;
pub mod cli;
mod commands;
pub mod config;
mod info;
mod log_file;
pub mod master_link;
pub mod output;
mod pid_file;
mod process;
pub mod session;
mod shutdown;
