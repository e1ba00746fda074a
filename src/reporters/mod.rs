//! Who is told about a build: when ([`modes`], [`generator`]), what (`context`, `template`, `message`), and how
//! ([`mail`], [`http`], [`push`], [`irc`]).
//!
//! What to say is decided here, purely; actors read the facts and keep the queue. A [`Transport`] takes one [`Parcel`] to
//! the other side.

pub mod config;
pub mod context;
pub mod dictionary;
pub mod facts;
pub mod generator;
pub mod http;
pub mod irc;
pub mod log_lines;
pub mod mail;
pub mod message;
pub mod modes;
mod plain_text;
pub mod push;
pub mod sample;
pub mod story;
pub mod template;
pub mod tinderbox;
mod transport;
pub mod words;

#[cfg(test)]
mod fixtures;

pub use transport::{Outcome, Parcel, Sending, Transport};
