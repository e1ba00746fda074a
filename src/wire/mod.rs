//! Sockets of workers: bytes to messages, sessions, and the log pipeline.
//!
//! ```text
//! listener -> upgrade -> hub (admission, arbitration) -> session (reader, writer, keep-alive) -> command -> log
//! ```
//!
//! Workers that speak Perspective Broker take the way through `pb`, and meet the others in the session.
//!
//! Everything runs on the runtimes of the wire; other rooms hold a [`WorkerLink`] and [`LogWriter`]s.

mod attach;
mod basic_auth;
pub mod client;
mod command;
mod facts;
mod gate;
mod hub;
mod link;
mod listener;
mod log;
mod pb;
mod read_ahead;
mod session;
mod texts;
mod transfer;
mod upgrade;
mod visitor;

pub use attach::AttachError;
pub use facts::{FactsError, WorkerFacts};
pub use gate::{Admission, Gate, Proof, Refusal};
pub use hub::{Hub, WireLimits};
pub use link::{LinkError, StartCommand, WorkerLink};
pub use listener::{Dialects, Encryption, Entrance, Listener, serve_connection};
pub use log::{LogError, LogLimits, LogSink, LogWriter, LogWriterConfig, Receipt};
pub use texts::Texts;
pub use transfer::{Transfer, TransferStep};
pub use visitor::{ChangeSink, StatusDesk, StatusNotice, TryDesk, UserCommand, UserDesk, Visitor};

#[cfg(test)]
mod tests;
