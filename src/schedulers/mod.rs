//! When a buildset is due: pure functions of facts, input and the time now. The actors only carry them out.

pub mod config;
pub mod cron;
pub mod describe;
pub mod explain;
pub mod facts;
pub mod failing_buildsets;
pub mod fields;
pub mod filter;
pub mod force;
pub mod old_builds;
pub mod priority;
pub mod question;
pub mod rules;
pub mod stamp_filter;
pub mod triggerable;
pub mod try_build;
pub mod validation;

mod ahead;
mod basic;
mod buildset;
mod dependent;
mod force_values;
mod timed;
mod watch;

pub use ahead::{Prospect, decide_ahead};
pub use facts::{Decision, Facts, Outcome};
pub use question::{Answers, Question, ScriptAnswer};
pub use rules::Rules;
