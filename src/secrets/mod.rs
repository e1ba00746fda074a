//! Secrets: a type that does not show itself, and a filter that keeps them out of logs.

mod redactor;
mod secret;

pub use redactor::{Redaction, Redactor};
pub use secret::Secret;
