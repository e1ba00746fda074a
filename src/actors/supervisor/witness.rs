//! Somebody who sees what actors handle.

use std::any::type_name;
use std::sync::Arc;

use super::child::Mail;

/// Sees every message of a supervisor's children, as a part of its handling: if it panics, the actor has failed over
/// this message. Called on the thread of the actors.
pub type Witness = Arc<dyn Fn(&Handling<'_>) + Send + Sync>;

/// A message at one moment of its handling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling<'a> {
    /// Kind and name of the actor.
    pub kind: &'static str,
    pub name: &'a str,
    /// Type of the message, without its path.
    pub message: &'static str,
    pub moment: Moment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Nothing of the message has had an effect.
    Before,
    /// The actor has done what it does at once; an answer is not on its way yet.
    After,
}

impl<'a> Handling<'a> {
    pub(super) fn of<M: Mail>(kind: &'static str, name: &'a str, moment: Moment) -> Self {
        let path = type_name::<M>();
        let message = path.rsplit("::").next().unwrap_or(path);
        Self { kind, name, message, moment }
    }
}
