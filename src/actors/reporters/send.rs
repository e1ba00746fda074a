//! Sends what is stored, one delivery after another or several together, and stores what became of it.

use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, warn};

use super::ReporterDeps;
use super::pace::{self, Pace};
use crate::db::DbError;
use crate::db::transitions::EndDeliveries;
use crate::db::views::reporters::{self, Batch, Due, NextDelivery};
use crate::domain::{Delivery, DeliveryEnd, DeliveryId, Timestamp};
use crate::reporters::config::{ReporterConfig, TransportConfig};
use crate::reporters::push::PushConfig;
use crate::reporters::{Outcome, Parcel, Transport};

/// Most bytes that are read at once to be sent together.
const MOST_BYTES: usize = 8 << 20;

/// What became of the next delivery.
pub enum Sent {
    /// Its turn is over; there may be another.
    OneMore,
    /// Nothing may be sent before that moment, or before something new is there.
    NothingUntil(Option<Timestamp>),
    NoOtherSide {
        why: String,
    },
}

/// What is sent at once.
struct Load {
    /// The oldest of those that are in it.
    first: Delivery,
    all: Vec<DeliveryId>,
    body: Vec<u8>,
}

/// Sends the next delivery, or as many as go together. `failures` are the attempts in a row that had no other side.
pub async fn send_next(
    config: Arc<ReporterConfig>,
    deps: ReporterDeps,
    transport: Arc<dyn Transport>,
    failures: i64,
) -> Result<Sent, DbError> {
    let next = match &config.transport {
        TransportConfig::Push(push) => next_packets(&config.name, push, &deps, failures).await?,
        TransportConfig::Mail(_) | TransportConfig::Http(_) => next_one(&config.name, &deps).await?,
    };
    let load = match next {
        Ok(load) => load,
        Err(until) => return Ok(Sent::NothingUntil(until)),
    };
    let first = &load.first;
    let parcel = Parcel {
        id: format!("{}-{}", first.id, first.created_at.micros()),
        event: first.event_key.clone(),
        recipients: first.recipients.clone(),
        body: load.body,
    };
    let outcome = match &config.transport {
        TransportConfig::Push(PushConfig { most_bytes: Some(most), .. }) if *most < parcel.body.len() => {
            Outcome::Refused(format!("it is larger than the {most} bytes that a request may have"))
        }
        _ => transport.send(&parcel).await,
    };
    // One of them may be the reason: they are tried one by one next time.
    let outcome = match outcome {
        Outcome::Refused(why) if 1 < load.all.len() => Outcome::Unreachable(why),
        other => other,
    };
    let attempt = Attempt { now: deps.clock.now(), failures, pace: pace::of(&config.transport) };
    let judged = judge(outcome, first, attempt);
    match &judged.end {
        DeliveryEnd::Refused => {
            warn!(reporter = config.name, title = first.title, why = judged.detail, "the other side refused a message");
        }
        _ => debug!(reporter = config.name, title = first.title, detail = judged.detail, "tried to send a message"),
    }
    deps.db.write(EndDeliveries { deliveries: load.all, end: judged.end, detail: judged.detail.clone() }).await?;
    Ok(if judged.is_reachable { Sent::OneMore } else { Sent::NoOtherSide { why: judged.detail } })
}

/// The delivery that may be sent now, else when one may.
async fn next_one(name: &str, deps: &ReporterDeps) -> Result<Result<Load, Option<Timestamp>>, DbError> {
    let (reporter, now) = (name.to_owned(), deps.clock.now());
    let next = deps.db.read(move |conn| reporters::next_delivery(conn, &reporter, now)).await?;
    Ok(match next {
        NextDelivery::Now(due) => {
            let Due { delivery, body } = *due;
            Ok(Load { all: vec![delivery.id], first: delivery, body })
        }
        NextDelivery::At(due) => Err(Some(due)),
        NextDelivery::Nothing => Err(None),
    })
}

/// The oldest packets that fit together, else when the first may be sent. After a failure they go one by one.
async fn next_packets(
    name: &str,
    push: &PushConfig,
    deps: &ReporterDeps,
    failures: i64,
) -> Result<Result<Load, Option<Timestamp>>, DbError> {
    let (reporter, now) = (name.to_owned(), deps.clock.now());
    let most = if failures == 0 { i64::try_from(push.chunk).unwrap_or(i64::MAX) } else { 1 };
    let batch = Batch { deliveries: most.max(1), bytes: push.most_bytes.unwrap_or(MOST_BYTES).min(MOST_BYTES) };
    let (mut due, until) = deps.db.read(move |conn| reporters::next_batch(conn, &reporter, now, batch)).await?;
    let mut body = push.body(due.iter().map(|due| &due.body[..]));
    // In a form they take more room.
    while 1 < due.len() && push.most_bytes.is_some_and(|most| most < body.len()) {
        due.truncate(due.len() / 2);
        body = push.body(due.iter().map(|due| &due.body[..]));
    }
    let all = due.iter().map(|due| due.delivery.id).collect();
    Ok(due.into_iter().next().map(|first| Load { first: first.delivery, all, body }).ok_or(until))
}

/// The circumstances of an attempt.
#[derive(Clone, Copy)]
struct Attempt {
    now: Timestamp,
    failures: i64,
    pace: Pace,
}

/// What an outcome means for a delivery.
struct Judged {
    end: DeliveryEnd,
    detail: String,
    is_reachable: bool,
}

fn judge(outcome: Outcome, delivery: &Delivery, attempt: Attempt) -> Judged {
    let Attempt { now, failures, pace } = attempt;
    let own_wait = pace.wait_after(delivery.attempts.saturating_add(1));
    let is_worth_trying = pace::is_worth_trying(delivery.created_at, now);
    let later = |recipients: Vec<String>, wait: Duration| DeliveryEnd::Later { due: now + wait, recipients };
    let reachable = |end: DeliveryEnd, detail: String| Judged { end, detail, is_reachable: true };
    match outcome {
        Outcome::Sent { refused, later: not_now } => {
            let spoken = |pairs: &[(String, String)]| -> Vec<String> {
                pairs.iter().map(|(recipient, why)| format!("{recipient}: {why}")).collect()
            };
            let detail = [spoken(&refused), spoken(&not_now)].concat().join("; ");
            let waiting: Vec<String> = not_now.into_iter().map(|(recipient, _)| recipient).collect();
            if !waiting.is_empty() && is_worth_trying {
                return reachable(later(waiting, own_wait), detail);
            }
            let is_nobody_reached = !delivery.recipients.is_empty() && refused.len() == delivery.recipients.len();
            let is_refused = is_nobody_reached || !waiting.is_empty();
            reachable(if is_refused { DeliveryEnd::Refused } else { DeliveryEnd::Sent }, detail)
        }
        Outcome::Refused(why) => reachable(DeliveryEnd::Refused, why),
        Outcome::NotNow(why) if is_worth_trying => reachable(later(delivery.recipients.clone(), own_wait), why),
        Outcome::NotNow(why) => reachable(DeliveryEnd::Refused, why),
        Outcome::Unreachable(why) => {
            // The next attempt is for another one: perhaps it is only this one that cannot be taken.
            let wait = own_wait.max(pace.wait_after(failures.saturating_add(1)));
            let end = later(delivery.recipients.clone(), wait);
            Judged { end, detail: why, is_reachable: false }
        }
    }
}
