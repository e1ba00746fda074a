//! What the wire asks and tells the rest of the master.

use std::time::Duration;

use buildbot_protocol::pb::login::Challenge;
use futures_util::future::BoxFuture;

use super::link::WorkerLink;
use super::visitor::Visitor;

/// Decides who may attach, and hears who did. Called on threads of the wire; must not block.
pub trait Gate: Send + Sync {
    /// Whether a worker with this name may come in, and what awaits it.
    fn admit<'a>(&'a self, name: &'a str, proof: &'a Proof<'_>) -> BoxFuture<'a, Result<Admission, Refusal>>;

    /// Whether a client that is no worker may come in with this name, and what it comes for.
    fn admit_client(&self, name: &str, proof: &Proof<'_>) -> Option<Visitor> {
        let _ = (name, proof);
        None
    }

    /// A worker is ready to run commands. Follows the `detached` of an earlier session of the same name.
    fn attached(&self, link: WorkerLink);

    /// A worker that is attached wants no new builds, and to be shut down when it is idle.
    fn wants_to_leave(&self, name: &str);

    /// A worker that was attached is gone.
    fn detached(&self, name: &str, session: u64, why: &str);
}

/// What a worker offers to show that it knows its password.
pub enum Proof<'a> {
    Password(&'a str),
    /// What it made of the password and a challenge of ours.
    Response {
        challenge: Challenge,
        response: &'a [u8],
    },
}

impl Proof<'_> {
    /// Whether the password is this one, found out in a time that does not depend on where they differ.
    pub fn fits(&self, expected: &str) -> bool {
        match self {
            Self::Password(password) => {
                let differing = password.bytes().zip(expected.bytes()).fold(0, |seen, (a, b)| seen | (a ^ b));
                password.len() == expected.len() && differing == 0
            }
            Self::Response { challenge, response } => challenge.accepts(response, expected),
        }
    }
}

/// What awaits an admitted worker.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Its builders: names, and directories below its base directory, which are made if missing.
    pub builders: Vec<(String, String)>,
    /// How often to look whether it lives; zero for never.
    pub keepalive: Duration,
}

/// The reason a worker may not attach. The worker only learns that it may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no worker of this name")]
    UnknownWorker,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("{0}")]
    NotNow(String),
}
