//! Messages to MessagePack and back, as `msgpack_experimental_v7` writes them.
//!
//! The bytes come from a peer that may be old, broken or hostile: decoding never panics, never recurses deeper than
//! [`MAX_DEPTH`] and never allocates more than a small multiple of what it was given.

mod decode;
mod encode;
mod fields;
mod reader;
mod update;
mod writer;

pub use decode::decode;
pub use encode::encode;
pub use reader::Malformed;

use crate::Message;

/// How deep arrays and maps of a dynamic value may be nested.
pub const MAX_DEPTH: usize = 32;

/// How many dynamic values and updates one message may hold.
pub const MAX_ITEMS: usize = 1 << 20;

/// The reason some bytes are not a message this side can act on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes are no message at all; the peer is broken. Drop it without an answer, or close the connection.
    #[error("the message is malformed: {0}")]
    Malformed(#[from] Malformed),
    /// A map without `op` or `seq_number`: log it and drop it without an answer.
    #[error("the message lacks \"{0}\"")]
    Unanswerable(&'static str),
    /// A request that cannot be carried out; the peer wants to hear why.
    #[error("request {seq} is refused: {refusal}")]
    Refused { seq: i64, refusal: Refusal },
}

impl DecodeError {
    /// What to send back, if the peer is to be answered at all.
    pub fn answer(&self) -> Option<Message> {
        match self {
            Self::Refused { seq, refusal } => Some(Message::failed(*seq, refusal.to_string())),
            Self::Malformed(_) | Self::Unanswerable(_) => None,
        }
    }
}

/// Why a request is refused; `Display` is the exact text a peer expects in the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("Command {0} does not exist.")]
    UnknownOperation(String),
    #[error("'message did not contain obligatory \"{0}\" key'")]
    MissingKey(&'static str),
    #[error("argument \"{0}\" has an unexpected type")]
    WrongType(&'static str),
}
