//! From the bytes of a process to the `update`s of a command.
//!
//! [`LineSplitter`] makes whole lines, [`Batch`] joins them until they are worth sending.

mod batch;
mod newlines;
mod splitter;

pub use batch::Batch;
pub use newlines::Newlines;
pub use splitter::LineSplitter;
