//! When a buildset is due: pure functions of state, input and the time now. The actors only carry them out.

pub mod config;
