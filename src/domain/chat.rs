//! What is kept of chats: who wants to hear what, and what has still to be said.

use super::{BuildId, BuildRequestId, Timestamp};

/// Something that a place wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChatInterest {
    /// A channel or a person.
    pub place: String,
    pub wish: ChatWish,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ChatWish {
    /// Events, by their words, in place of those of the configuration.
    Events(String),
    /// The end of a build.
    Build(BuildId),
    /// The beginning of the build of a request.
    Request(BuildRequestId),
    /// Silence.
    Muted,
    /// That the bot is in this channel, with its key.
    Channel(String),
    /// That the bot is not in this channel, whatever the configuration says.
    Left,
}

/// Something that is to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatNotice {
    pub place: String,
    pub text: String,
    pub happened_at: Timestamp,
}
