//! The writer: two lanes, each with a connection of its own, that take what waits into one transaction.
//!
//! A group commit makes durable writes cheap: everything that arrived while the last group was being committed is the
//! next group. Each job runs in a savepoint, so a failing one does not sink the others; it is answered after the
//! commit. If the database is out of order, the group is tried again until it is not.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::{mpsc, oneshot};
use tracing::{error, info, warn};

use super::schema::events;
use super::transaction::{MasterIdentity, Transaction, Transition};
use super::{DbError, json_of_event};
use crate::clock::Clock;
use crate::domain::{Event, Timestamp};

/// Jobs taken into one transaction.
const GROUP: usize = 256;
/// Jobs that may wait in a lane; whoever brings more waits.
const LANE: usize = 4096;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// An event with its place in the order of commits.
#[derive(Clone, Debug, PartialEq)]
pub struct CommittedEvent {
    pub seq: i64,
    pub at: Timestamp,
    pub event: Event,
}

/// A job whose types are hidden from the lane.
trait Job: Send {
    fn apply(&mut self, tx: &mut Transaction<'_>) -> Result<(), DbError>;
    /// Answers whoever waits for the job.
    fn answer(self: Box<Self>);
}

struct TypedJob<J: Transition> {
    job: J,
    outcome: Option<Result<J::Outcome, DbError>>,
    reply: oneshot::Sender<Result<J::Outcome, DbError>>,
}

impl<J: Transition> Job for TypedJob<J> {
    fn apply(&mut self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let outcome = catch_unwind(AssertUnwindSafe(|| self.job.apply(tx)))
            .unwrap_or_else(|panic| Err(DbError::Died(text_of(&*panic))));
        match outcome {
            Ok(outcome) => {
                self.outcome = Some(Ok(outcome));
                Ok(())
            }
            Err(error) if error.is_outage() => Err(error),
            Err(error) => {
                let rolled_back = DbError::Row(error.to_string());
                self.outcome = Some(Err(error));
                Err(rolled_back)
            }
        }
    }

    fn answer(self: Box<Self>) {
        // Whoever asked may have gone away; the rows are written all the same.
        let _ = self.reply.send(self.outcome.unwrap_or(Err(DbError::Closed)));
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}

/// The end of a lane that takes jobs.
#[derive(Clone)]
pub(super) struct LaneSender {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

impl LaneSender {
    pub(super) async fn run<J: Transition>(&self, job: J) -> Result<J::Outcome, DbError> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Box::new(TypedJob { job, outcome: None, reply })).await.map_err(|_| DbError::Closed)?;
        answer.await.map_err(|_| DbError::Closed)?
    }

    pub(super) fn depth(&self) -> usize {
        LANE.saturating_sub(self.jobs.capacity())
    }
}

/// What is wrong with the database at present, for `/health`.
#[derive(Clone, Default)]
pub(super) struct Outage(Arc<Mutex<Option<String>>>);

impl Outage {
    pub(super) fn text(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, text: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// One lane: its jobs and its connection.
pub(super) struct Lane {
    jobs: mpsc::Receiver<Box<dyn Job>>,
    connection: SqliteConnection,
    clock: Clock,
    master: MasterIdentity,
    /// The number of the next event; `None` for the lane of logs, which has none.
    next_seq: Option<i64>,
    outage: Outage,
}

impl Lane {
    pub(super) fn new(
        connection: SqliteConnection,
        clock: Clock,
        master: MasterIdentity,
        next_seq: Option<i64>,
        outage: Outage,
    ) -> (LaneSender, Self) {
        let (sender, jobs) = mpsc::channel(LANE);
        (LaneSender { jobs: sender }, Self { jobs, connection, clock, master, next_seq, outage })
    }

    /// Works until all senders are gone.
    async fn run(mut self, on_commit: impl Fn(Vec<CommittedEvent>)) {
        while let Some(first) = self.jobs.recv().await {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(job) = self.jobs.try_recv()
            {
                group.push(job);
            }
            let Some((lane, group, events)) = self.commit(group).await else { return };
            self = lane;
            // Published before anybody is answered: who was answered finds the event on its way.
            if !events.is_empty() {
                on_commit(events);
            }
            for job in group {
                job.answer();
            }
        }
    }

    /// Commits one group, again and again if the database is out of order. `None` if the thread was lost.
    async fn commit(mut self, mut group: Vec<Box<dyn Job>>) -> Option<(Self, Vec<Box<dyn Job>>, Vec<CommittedEvent>)> {
        let mut pause = FIRST_PAUSE;
        loop {
            let attempt = tokio::task::spawn_blocking(move || {
                let outcome = self.commit_once(&mut group);
                (self, group, outcome)
            });
            let outcome;
            (self, group, outcome) = match attempt.await {
                Ok(done) => done,
                Err(lost) => {
                    error!(error = %lost, "the thread of the database writer was lost");
                    return None;
                }
            };
            match outcome {
                Ok(events) => {
                    if self.outage.text().is_some() {
                        info!("the database works again");
                        self.outage.set(None);
                    }
                    return Some((self, group, events));
                }
                Err(error) => {
                    error!(error = %error, "the database does not take writes; trying again");
                    self.outage.set(Some(format!("the database does not take writes: {error}")));
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    fn commit_once(&mut self, group: &mut [Box<dyn Job>]) -> Result<Vec<CommittedEvent>, DbError> {
        let now = self.clock.now();
        let (master, next_seq) = (self.master, self.next_seq);
        let mut checkpoint = false;
        let committed = self.connection.immediate_transaction(|connection| {
            let mut events = Vec::new();
            for job in group.iter_mut() {
                let mut tx = Transaction { connection, now, master, events: &mut events, checkpoint: &mut checkpoint };
                apply_in_savepoint(&mut tx, job.as_mut())?;
            }
            store_events(connection, events, now, master, next_seq)
        })?;
        if checkpoint && let Err(error) = self.connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)") {
            warn!(error = %error, "the file of the database is not written up to date yet");
        }
        self.next_seq = next_seq.map(|seq| seq.saturating_add(i64::try_from(committed.len()).unwrap_or(0)));
        Ok(committed)
    }
}

/// Runs one job; only an outage is an error of the group.
fn apply_in_savepoint(tx: &mut Transaction<'_>, job: &mut dyn Job) -> Result<(), DbError> {
    let n_before = tx.events.len();
    let (now, master) = (tx.now, tx.master);
    let (events, checkpoint) = (&mut *tx.events, &mut *tx.checkpoint);
    let outcome = tx.connection.transaction(|connection| {
        let mut tx = Transaction { connection, now, master, events, checkpoint };
        job.apply(&mut tx)
    });
    match outcome {
        Err(error) if error.is_outage() => Err(error),
        Err(_) => {
            tx.events.truncate(n_before);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn store_events(
    connection: &mut SqliteConnection,
    new: Vec<Event>,
    now: Timestamp,
    master: MasterIdentity,
    next_seq: Option<i64>,
) -> Result<Vec<CommittedEvent>, DbError> {
    let Some(first) = next_seq else { return Ok(Vec::new()) };
    let committed: Vec<_> = (first..).zip(new).map(|(seq, event)| CommittedEvent { seq, at: now, event }).collect();
    // SQLite binds at most 32,766 values to a statement.
    for part in committed.chunks(1000) {
        let rows: Vec<_> = part
            .iter()
            .map(|committed| {
                (
                    events::master_id.eq(master.id.0),
                    events::seq.eq(committed.seq),
                    events::at_us.eq(now.micros()),
                    events::key.eq(committed.event.key()),
                    events::payload.eq(json_of_event(&committed.event)),
                )
            })
            .collect();
        diesel::insert_into(events::table).values(rows).execute(connection)?;
    }
    Ok(committed)
}

/// Both lanes, to be run by their actor.
pub struct WriterLoop {
    pub(super) state: Lane,
    pub(super) logs: Lane,
}

impl WriterLoop {
    /// Works until every `Db` is gone. `on_commit` gets the events of each commit, in order.
    pub async fn run(self, on_commit: Box<dyn Fn(Vec<CommittedEvent>)>) {
        let Self { state, logs } = self;
        tokio::join!(state.run(on_commit), logs.run(|_| {}));
    }
}
