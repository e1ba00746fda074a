//! What reporters read: what happened since they last looked, and what they have to send.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};

use crate::db::DbError;
use crate::db::schema::{deliveries, events, reporter_cursors, user_attributes, users, worker_absences};
use crate::domain::{Delivery, DeliveryId, DeliveryState, MasterId, Timestamp, WorkerId};

/// The first that may be sent now: it is due, and nothing before it in its queue waits.
const NEXT: &str = "SELECT id FROM deliveries AS candidate WHERE reporter = ? AND state = 'waiting' AND due_at_us <= ? \
     AND NOT EXISTS (SELECT 1 FROM deliveries AS before WHERE before.reporter = candidate.reporter \
     AND before.queue = candidate.queue AND before.state = 'waiting' AND before.id < candidate.id) \
     ORDER BY id LIMIT 1";

/// An event that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    pub seq: i64,
    pub at: Timestamp,
    /// Such as `builds/7/finished`.
    pub key: String,
}

/// The number of the last event that a reporter has dealt with; `None` if there is no such reporter.
pub fn cursor(conn: &mut SqliteConnection, reporter: &str, master: MasterId) -> Result<Option<i64>, DbError> {
    Ok(reporter_cursors::table.find((reporter, master.0)).select(reporter_cursors::seq).first(conn).optional()?)
}

/// The events behind a number, oldest first.
pub fn events_after(
    conn: &mut SqliteConnection,
    master: MasterId,
    seq: i64,
    limit: i64,
) -> Result<Vec<StoredEvent>, DbError> {
    let rows: Vec<(i64, i64, String)> = events::table
        .filter(events::master_id.eq(master.0).and(events::seq.gt(seq)))
        .order(events::seq)
        .limit(limit)
        .select((events::seq, events::at_us, events::key))
        .load(conn)?;
    let event = |(seq, at, key)| StoredEvent { seq, at: Timestamp::from_micros(at), key };
    Ok(rows.into_iter().map(event).collect())
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// What a reporter has to send next.
#[derive(Clone, Debug, PartialEq)]
pub struct Due {
    pub delivery: Delivery,
    pub body: Vec<u8>,
}

/// How much may be sent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Batch {
    pub deliveries: i64,
    /// Of all bodies together; the first one counts whatever its size.
    pub bytes: usize,
}

/// The oldest deliveries that wait, in their order, as many as go together; none before the first one is due.
pub fn next_batch(
    conn: &mut SqliteConnection,
    reporter: &str,
    now: Timestamp,
    batch: Batch,
) -> Result<(Vec<Due>, Option<Timestamp>), DbError> {
    let waiting = deliveries::table.filter(deliveries::reporter.eq(reporter).and(deliveries::state.eq("waiting")));
    let rows: Vec<(DeliveryRow, Vec<u8>)> = waiting
        .order(deliveries::id)
        .limit(batch.deliveries)
        .select((DeliveryRow::as_select(), deliveries::body))
        .load(conn)?;
    let first_due = rows.first().map(|(row, _)| Timestamp::from_micros(row.due_at_us));
    if first_due.is_none_or(|due| now < due) {
        return Ok((Vec::new(), first_due));
    }
    let mut n_bytes = 0_usize;
    let fits = |(position, (row, body)): (usize, (DeliveryRow, Vec<u8>))| {
        n_bytes = n_bytes.saturating_add(body.len());
        (position == 0 || n_bytes <= batch.bytes).then(|| Due { delivery: row.into(), body })
    };
    Ok((rows.into_iter().enumerate().map_while(fits).collect(), None))
}

/// The delivery that may be sent now; otherwise when one may.
#[derive(Clone, Debug, PartialEq)]
pub enum NextDelivery {
    Now(Box<Due>),
    At(Timestamp),
    Nothing,
}

pub fn next_delivery(conn: &mut SqliteConnection, reporter: &str, now: Timestamp) -> Result<NextDelivery, DbError> {
    let found: Option<IdRow> =
        sql_query(NEXT).bind::<Text, _>(reporter).bind::<BigInt, _>(now.micros()).get_result(conn).optional()?;
    if let Some(IdRow { id }) = found {
        let row: Option<DeliveryRow> =
            deliveries::table.find(id).select(DeliveryRow::as_select()).first(conn).optional()?;
        let body = deliveries::table.find(id).select(deliveries::body).first(conn).optional()?;
        if let (Some(row), Some(body)) = (row, body) {
            return Ok(NextDelivery::Now(Box::new(Due { delivery: row.into(), body })));
        }
    }
    let waiting = deliveries::table.filter(deliveries::reporter.eq(reporter).and(deliveries::state.eq("waiting")));
    let due: Option<i64> = waiting
        .filter(deliveries::due_at_us.gt(now.micros()))
        .select(diesel::dsl::min(deliveries::due_at_us))
        .first(conn)?;
    Ok(due.map_or(NextDelivery::Nothing, |due| NextDelivery::At(Timestamp::from_micros(due))))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
#[diesel(check_for_backend(diesel::sqlite::Sqlite))]
struct DeliveryRow {
    id: i64,
    reporter: String,
    event_key: String,
    title: String,
    recipients: String,
    addressed_to: String,
    state: String,
    attempts: i64,
    created_at_us: i64,
    due_at_us: i64,
    ended_at_us: Option<i64>,
    detail: String,
}

impl From<DeliveryRow> for Delivery {
    fn from(row: DeliveryRow) -> Self {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        Self {
            id: DeliveryId(row.id),
            reporter: row.reporter,
            event_key: row.event_key,
            title: row.title,
            recipients: lines(&row.recipients),
            addressed_to: lines(&row.addressed_to),
            state: match row.state.as_str() {
                "sent" => DeliveryState::Sent,
                "refused" => DeliveryState::Refused,
                _ => DeliveryState::Waiting,
            },
            attempts: row.attempts,
            created_at: Timestamp::from_micros(row.created_at_us),
            due_at: Timestamp::from_micros(row.due_at_us),
            ended_at: row.ended_at_us.map(Timestamp::from_micros),
            detail: row.detail,
        }
    }
}

/// The newest deliveries of one reporter, newest first.
pub fn recent(conn: &mut SqliteConnection, reporter: &str, limit: i64) -> Result<Vec<Delivery>, DbError> {
    let newest = deliveries::table.filter(deliveries::reporter.eq(reporter)).order(deliveries::id.desc()).limit(limit);
    let rows: Vec<DeliveryRow> = newest.select(DeliveryRow::as_select()).load(conn)?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

/// How many deliveries of a reporter wait.
pub fn n_waiting(conn: &mut SqliteConnection, reporter: &str) -> Result<i64, DbError> {
    let waiting = deliveries::table.filter(deliveries::reporter.eq(reporter).and(deliveries::state.eq("waiting")));
    Ok(waiting.count().get_result(conn)?)
}

/// What was made to be sent; `None` if it is not kept any more.
pub fn body(conn: &mut SqliteConnection, id: DeliveryId) -> Result<Option<Vec<u8>>, DbError> {
    Ok(deliveries::table.find(id.0).select(deliveries::body).first(conn).optional()?)
}

/// A worker that is away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absence {
    pub worker: WorkerId,
    pub since: Timestamp,
    /// Whether somebody was told.
    pub told: bool,
}

pub fn absences(conn: &mut SqliteConnection) -> Result<Vec<Absence>, DbError> {
    let rows: Vec<(i64, i64, Option<i64>)> = worker_absences::table
        .order(worker_absences::since_us)
        .select((worker_absences::worker_id, worker_absences::since_us, worker_absences::told_at_us))
        .load(conn)?;
    let absence = |(worker, since, told): (i64, i64, Option<i64>)| Absence {
        worker: WorkerId(worker),
        since: Timestamp::from_micros(since),
        told: told.is_some(),
    };
    Ok(rows.into_iter().map(absence).collect())
}

/// The mail address that is stored of a user, who is named by his identifier, his login or any attribute; `None` if
/// nothing is known.
pub fn address_of(conn: &mut SqliteConnection, name: &str) -> Result<Option<String>, DbError> {
    let by_attribute = user_attributes::table.filter(user_attributes::value.eq(name)).select(user_attributes::user_id);
    let named = users::identifier.eq(name).or(users::bb_username.eq(name)).or(users::id.eq_any(by_attribute));
    let ids: Vec<i64> = users::table.filter(named).order(users::id).select(users::id).load(conn)?;
    let address = user_attributes::table
        .filter(user_attributes::user_id.eq_any(ids).and(user_attributes::name.eq("email")))
        .order(user_attributes::user_id)
        .select(user_attributes::value)
        .first(conn)
        .optional()?;
    Ok(address)
}
