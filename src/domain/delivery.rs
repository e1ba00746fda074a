//! Deliveries: messages that reporters have to send, or have sent.

use super::{DeliveryId, Timestamp};

/// Where a delivery is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    Waiting,
    Sent,
    /// The other side does not want it; nobody tries again by himself.
    Refused,
}

/// What an attempt to send came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryEnd {
    Sent,
    Refused,
    /// It is tried again, for those who have not got it.
    Later {
        due: Timestamp,
        recipients: Vec<String>,
    },
}

/// A stored delivery without its body.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub reporter: String,
    /// What it tells of: `builds/7/finished`.
    pub event_key: String,
    pub title: String,
    /// Who has not got it yet.
    pub recipients: Vec<String>,
    pub addressed_to: Vec<String>,
    pub state: DeliveryState,
    pub attempts: i64,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// What the other side said last.
    pub detail: String,
}
