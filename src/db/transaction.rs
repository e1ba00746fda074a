//! What a state change sees of the transaction it runs in.

use diesel::SqliteConnection;

use super::DbError;
use crate::domain::{Event, MasterId, Timestamp};

/// This master, in this life: claims of an earlier life are not valid any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MasterIdentity {
    pub id: MasterId,
    /// Counts the starts of this master.
    pub epoch: i64,
}

/// One state change that spans rows: a struct whose fields say what is to happen.
///
/// It may run more than once (a commit can fail), so it changes nothing but the database.
pub trait Transition: Send + 'static {
    type Outcome: Send + 'static;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Self::Outcome, DbError>;
}

/// A transaction that is open.
pub struct Transaction<'a> {
    pub(super) connection: &'a mut SqliteConnection,
    pub(super) now: Timestamp,
    pub(super) master: MasterIdentity,
    pub(super) events: &'a mut Vec<Event>,
    pub(super) checkpoint: &'a mut bool,
}

impl Transaction<'_> {
    pub fn conn(&mut self) -> &mut SqliteConnection {
        self.connection
    }

    /// When the group began; one moment for all that it writes.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn now_us(&self) -> i64 {
        self.now.micros()
    }

    pub fn master(&self) -> MasterIdentity {
        self.master
    }

    /// Stores an event with the rows; it is published after the commit.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Has what was committed moved from the write-ahead log into the file, as far as no reader stands in the way; only
    /// then a file becomes shorter.
    pub fn ask_for_checkpoint(&mut self) {
        *self.checkpoint = true;
    }
}
