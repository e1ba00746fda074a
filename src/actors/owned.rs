//! A child that ends with its owner: when the owner drops it, it is told to stop.

use std::ops::Deref;

use super::supervisor::{Child, Running};

/// Held by parents in place of [`Running`], so that a restarted parent does not leave children behind.
pub struct Owned<A: Child>(pub Running<A>);

impl<A: Child> Deref for Owned<A> {
    type Target = Running<A>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<A: Child> Drop for Owned<A> {
    fn drop(&mut self) {
        self.0.begin_stop();
    }
}
