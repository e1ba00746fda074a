//! How a change is noticed: pollers, and hooks that turn a payload into changes.

pub mod config;
