//! What becomes of something that a reporter has to send.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::db::schema::deliveries;
use crate::db::{DbError, Transaction, Transition};
use crate::domain::{DeliveryEnd, DeliveryId};

/// Deliveries that are kept of each reporter once they have ended.
const KEPT: i64 = 200;

const FORGET: &str = "DELETE FROM deliveries WHERE reporter = ? AND state <> 'waiting' AND id <= \
     (SELECT id FROM deliveries WHERE reporter = ? AND state <> 'waiting' ORDER BY id DESC LIMIT 1 OFFSET ?)";

/// Stores what an attempt came to. Does nothing about deliveries that do not wait any more.
pub struct EndDeliveries {
    /// Those that were sent together, all of one reporter.
    pub deliveries: Vec<DeliveryId>,
    pub end: DeliveryEnd,
    /// What the other side said.
    pub detail: String,
}

impl Transition for EndDeliveries {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let now = tx.now_us();
        let ids: Vec<i64> = self.deliveries.iter().map(|delivery| delivery.0).collect();
        let mine = || deliveries::table.filter(deliveries::id.eq_any(&ids));
        let waiting = mine().filter(deliveries::state.eq("waiting"));
        let tried = (deliveries::attempts.eq(deliveries::attempts + 1), deliveries::detail.eq(&self.detail));
        let ended = |state: &'static str| (deliveries::state.eq(state), deliveries::ended_at_us.eq(now));
        match &self.end {
            DeliveryEnd::Sent => diesel::update(waiting).set((tried, ended("sent"))).execute(tx.conn())?,
            DeliveryEnd::Refused => diesel::update(waiting).set((tried, ended("refused"))).execute(tx.conn())?,
            DeliveryEnd::Later { due, recipients } => diesel::update(waiting)
                .set((tried, deliveries::due_at_us.eq(due.micros()), deliveries::recipients.eq(recipients.join("\n"))))
                .execute(tx.conn())?,
        };
        let reporter: Option<String> = mine().select(deliveries::reporter).first(tx.conn()).optional()?;
        if let Some(reporter) = reporter {
            let forget = sql_query(FORGET).bind::<Text, _>(&reporter).bind::<Text, _>(&reporter);
            forget.bind::<BigInt, _>(KEPT).execute(tx.conn())?;
        }
        Ok(())
    }
}

/// Somebody wants a delivery to be sent once more, to all that it was made for; one that waits is tried at once.
pub struct SendAgain {
    pub delivery: DeliveryId,
}

impl Transition for SendAgain {
    /// The reporter whose it is; `None` if there is no such delivery.
    type Outcome = Option<String>;

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<Option<String>, DbError> {
        let now = tx.now_us();
        let reporter: Option<String> = diesel::update(deliveries::table.find(self.delivery.0))
            .set((
                deliveries::state.eq("waiting"),
                deliveries::recipients.eq(deliveries::addressed_to),
                deliveries::due_at_us.eq(now),
                deliveries::ended_at_us.eq(None::<i64>),
            ))
            .returning(deliveries::reporter)
            .get_result(tx.conn())
            .optional()?;
        Ok(reporter)
    }
}
