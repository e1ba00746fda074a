//! When a buildset is due: pure functions of state, input and the time now. The actors only carry them out.

pub mod config;
pub mod fields;
pub mod filter;
pub mod force;
pub mod question;
pub mod single_branch;
pub mod try_build;

pub use question::{Answers, Question, ScriptAnswer};
