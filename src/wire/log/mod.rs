//! The log pipeline: text as it arrives becomes masked, numbered, compressed chunks in the log store.
//!
//! ```text
//! append -> redact -> split into lines -> observers, limits -> merge -> compress -> LogSink
//! ```
//!
//! Everything up to the merge happens in `append`, on the thread that calls it; the rest is a task per log that lives
//! while there is something to store.

mod account;
mod ansi;
mod chunk;
mod limits;
mod lines;
mod receipt;
mod writer;

pub use limits::LogLimits;
pub use receipt::{LogError, Receipt};
pub use writer::{LogSink, LogWriter, LogWriterConfig};
