//! Reporters read what happened, event by event, and leave what they have to send.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::chats::{chat_interests, chat_notices};
use crate::db::schema::{deliveries, events, reporter_cursors};
use crate::db::{DbError, Transaction, Transition};

const FORGET_OLDEST: &str = "DELETE FROM deliveries WHERE reporter = ? AND state = 'waiting' AND id <= \
     (SELECT id FROM deliveries WHERE reporter = ? AND state = 'waiting' ORDER BY id DESC LIMIT 1 OFFSET ?)";

/// Makes the reporters those of the configuration. A new one begins with what happens from now on; what one that is gone
/// had read, and had still to send, is forgotten.
pub struct SyncReporters {
    pub names: Vec<String>,
}

impl Transition for SyncReporters {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let master = tx.master().id.0;
        diesel::delete(reporter_cursors::table.filter(reporter_cursors::reporter.ne_all(&self.names)))
            .execute(tx.conn())?;
        diesel::delete(deliveries::table.filter(deliveries::reporter.ne_all(&self.names))).execute(tx.conn())?;
        diesel::delete(chat_notices::table.filter(chat_notices::chat.ne_all(&self.names))).execute(tx.conn())?;
        diesel::delete(chat_interests::table.filter(chat_interests::chat.ne_all(&self.names))).execute(tx.conn())?;
        let newest: Option<i64> = events::table
            .filter(events::master_id.eq(master))
            .select(diesel::dsl::max(events::seq))
            .first(tx.conn())?;
        for name in &self.names {
            diesel::insert_into(reporter_cursors::table)
                .values((
                    reporter_cursors::reporter.eq(name),
                    reporter_cursors::master_id.eq(master),
                    reporter_cursors::seq.eq(newest.unwrap_or(0)),
                ))
                .on_conflict_do_nothing()
                .execute(tx.conn())?;
        }
        Ok(())
    }
}

/// Something to send.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// What it tells of: `builds/7/finished`.
    pub event_key: String,
    /// Deliveries of one queue are sent in their order: `builds/7`.
    pub queue: String,
    /// One line that people know it by.
    pub title: String,
    /// Who is to get it; nobody if the reporter has only one place to send to.
    pub recipients: Vec<String>,
    pub body: Vec<u8>,
}

/// A reporter has dealt with the events up to one, and has this to send about them. Does nothing if it had dealt with
/// them before.
pub struct AdvanceReporter {
    pub reporter: String,
    pub seq: i64,
    pub deliveries: Vec<NewDelivery>,
    /// Most deliveries that may wait; of more the oldest are forgotten. `None` is no limit.
    pub most_waiting: Option<i64>,
}

impl Transition for AdvanceReporter {
    /// How many deliveries are new.
    type Outcome = usize;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<usize, DbError> {
        let (master, now) = (tx.master().id.0, tx.now_us());
        let behind = reporter_cursors::table
            .filter(reporter_cursors::reporter.eq(&self.reporter))
            .filter(reporter_cursors::master_id.eq(master))
            .filter(reporter_cursors::seq.lt(self.seq));
        if diesel::update(behind).set(reporter_cursors::seq.eq(self.seq)).execute(tx.conn())? == 0 {
            return Ok(0);
        }
        for delivery in &self.deliveries {
            let recipients = delivery.recipients.join("\n");
            diesel::insert_into(deliveries::table)
                .values((
                    deliveries::reporter.eq(&self.reporter),
                    deliveries::event_key.eq(&delivery.event_key),
                    deliveries::queue.eq(&delivery.queue),
                    deliveries::title.eq(&delivery.title),
                    deliveries::recipients.eq(&recipients),
                    deliveries::addressed_to.eq(&recipients),
                    deliveries::body.eq(&delivery.body),
                    deliveries::state.eq("waiting"),
                    deliveries::attempts.eq(0),
                    deliveries::created_at_us.eq(now),
                    deliveries::due_at_us.eq(now),
                    deliveries::detail.eq(""),
                ))
                .execute(tx.conn())?;
        }
        if let Some(most) = self.most_waiting {
            let forget = sql_query(FORGET_OLDEST).bind::<Text, _>(&self.reporter).bind::<Text, _>(&self.reporter);
            forget.bind::<BigInt, _>(most).execute(tx.conn())?;
        }
        Ok(self.deliveries.len())
    }
}
