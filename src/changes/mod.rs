//! How a change is noticed: pollers, and hooks that turn a payload into changes.

pub mod config;
mod git_command;
mod git_history;
mod git_poller;
mod git_position;
mod git_remote;
mod git_url;
pub mod hooks;
pub mod revlink;
mod source;

pub use git_poller::GitPoller;
pub use source::{CallFunction, ChangeSource, PollError, Polled};
