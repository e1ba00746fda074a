//! What a master and a worker say to each other: bytes to messages and back.
//!
//! No sockets, no clock, no runtime: both sides and their tests feed it byte slices.

pub mod message;
pub mod msgpack;
pub mod pb;
pub mod upgrade;
pub mod value;

pub use message::{Arguments, Lines, Message, Request, Response, Update, WorkerSettings};
pub use value::Value;
