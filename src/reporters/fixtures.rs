//! A build that failed and what is said about it, for the tests of this room.

use super::message::{Body, Message, Report};
pub use super::sample::*;
use crate::domain::Results;

pub fn report() -> Report {
    Report {
        message: Message { subject: Some("a subject".to_owned()), body: Body::Plain("a body".to_owned()) },
        results: Some(Results::Failure),
        thread: "builders/3".to_owned(),
        builders: vec!["runtests".to_owned()],
        users: vec!["Ada <ada@example.org>".to_owned()],
        recipients: None,
        logs: Vec::new(),
        patches: Vec::new(),
        properties: None,
    }
}
