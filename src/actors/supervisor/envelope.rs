//! What really lies in a mailbox.

use actix::Message;
use tokio::time::Instant;

use super::address::Answer;
use super::child::Mail;
use super::record::Queued;

/// A message with its way back and what is measured about it.
///
/// The way back is ours and not actix's, so that it can carry a refusal, and so that a late answer needs no more of
/// actix than an early one.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Envelope<M: Mail> {
    pub(super) message: M,
    /// `None` when it was told.
    pub(super) answer: Option<Answer<M::Result>>,
    pub(super) sent_at: Instant,
    pub(super) queued: Queued,
}

/// What the shell itself hears.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) enum Control {
    /// End after the mail that came before.
    Stop,
    /// Leave the quarantine.
    Retry,
}
