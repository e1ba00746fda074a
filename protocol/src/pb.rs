//! Perspective Broker, as far as Buildbot speaks it.
//!
//! ```text
//! bytes <-> banana (expressions) <-> jelly (values) <-> broker (calls, answers, references)
//! ```
//!
//! The bytes come from a peer that may be old, broken or hostile: nothing here panics or loops on them, and what a
//! [`Broker`] holds is bounded by its [`Limits`].

pub mod banana;
mod broker;
mod failure;
pub mod jelly;
mod limits;
pub mod login;
mod value;

pub use banana::{Dialect, Expr, Malformed, Unsendable};
pub use broker::{Broker, BrokerError, CallId, Incoming, LocalId, RemoteId, Reply, SendError, Target};
pub use failure::Failure;
pub use jelly::Jelly;
pub use limits::Limits;
pub use value::{from_value, to_value};
