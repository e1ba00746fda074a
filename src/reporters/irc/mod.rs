//! The bot on IRC: what a configuration says of it, and everything it decides without sockets, clock and database.
//!
//! Messages are those of the `irc` crate. Its client is not used: it cannot be given a stream of ours, its TLS would bring a
//! second provider of cryptography into the program, and its codec ends a connection at the first byte that is no UTF-8.

pub mod address;
mod config;
pub mod connection;
pub mod outbox;
pub mod session;
pub mod split;
pub mod tell;
mod trust;

pub use config::{Channel, IrcConfig};
