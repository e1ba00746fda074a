//! Locks: who may use something, and who comes next.
//!
//! Pure state of one lock. The keeper of all locks asks [`LockState::ready`] of each lock that a build or step wants and
//! grants them together; nothing here waits or tells anybody.

mod state;

pub use state::{LockOwner, LockState, Requested};
