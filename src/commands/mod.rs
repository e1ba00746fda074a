//! The commands that people type to a master, in a chat or in a terminal: written, explained and authorised once.
//!
//! [`table`] names them, [`parse`] understands a line, [`rights`] says who may, [`answers`] and [`notices`] say things in
//! words. All of it is pure: who carries a command out is among the actors, and where people sit is none of its business.

pub mod answers;
pub mod command;
pub mod help;
pub mod notices;
mod parse;
pub mod rights;
pub mod table;
mod words;

pub use command::{Command, ForceOrder, Fun, Listed, NotifyOrder, ShutdownOrder, Target};
pub use parse::{UsageError, parse};
