//! Locks: who may use something, and who comes next.
//!
//! Pure: [`LockState`] is one lock, [`wishes`] what a build wants on a worker, [`LockBook`] all locks at one moment, for a
//! plan to try things out. The keeper of all locks waits until each lock that a build wants is ready for it, and grants
//! them together; nothing here waits or tells anybody.

mod book;
mod cycle;
mod held;
pub mod returned;
mod state;
mod wish;

pub use book::{LockBook, Taken};
pub use cycle::{Claimant, Cycle, find_cycle};
pub use held::{WantsMore, beyond};
pub use state::{LockOwner, LockState, Requested};
pub use wish::{LockKey, LockWish, wishes};
