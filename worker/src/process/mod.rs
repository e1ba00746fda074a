//! Child processes: how they are started, watched and killed.

pub mod environment;
pub mod leftovers;
pub mod pty;
pub mod quote;
pub mod signals;
