//! How something reaches the other side.

use std::future::Future;
use std::pin::Pin;

/// What is sent at once: stored before, so that every attempt sends the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The same in every attempt, and of no other parcel.
    pub id: String,
    /// What it tells of: `builds/7/finished`.
    pub event: String,
    /// Who has not got it yet; nobody if there is only one place to send to.
    pub recipients: Vec<String>,
    pub body: Vec<u8>,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has it. `refused` are recipients that it does not take, `later` those that it does not take now;
    /// each with what it said.
    Sent { refused: Vec<(String, String)>, later: Vec<(String, String)> },
    /// The other side has understood and does not want it.
    Refused(String),
    /// The other side does not want it now.
    NotNow(String),
    /// There is no other side: nothing can be sent at present.
    Unreachable(String),
}

pub type Sending<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Takes parcels to one place. It keeps no queue and never waits longer than its own deadlines.
pub trait Transport: Send + Sync {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a>;
}
