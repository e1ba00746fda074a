//! What a policy frees, and what it must keep: decisions about the lifetime of data, without any I/O.

mod policy;

pub use policy::{Freed, Horizons, Policy, decide};
