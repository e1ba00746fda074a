//! Reporter: reads what happened, keeps what is to be sent about it, and sends it.
//!
//! - Hears: [`ReconsiderEvents`] and [`ReconsiderDeliveries`] from the harbour, its own timers.
//! - Tells: nobody; its transport takes messages to the other side.
//! - Writes: its cursor together with what is to be sent (`advance_reporter`), and what became of it (`end_delivery`).
//! - Restart: permanent. Cursor and deliveries are read from the database; what was being sent is sent again.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tracing::{debug, error, info, warn};

use super::produce::Task;
use super::{ReporterDeps, pace};
use crate::actors::supervisor::{Child, Handle, Reply, ShellContext, Timer};
use crate::db::DbError;
use crate::db::transitions::{AdvanceReporter, EndDelivery};
use crate::db::views::reporters::{self, Due, NextDelivery, StoredEvent};
use crate::domain::{DeliveryEnd, Timestamp};
use crate::reporters::config::ReporterConfig;
use crate::reporters::facts::Site;
use crate::reporters::generator::Occasion;
use crate::reporters::{Outcome, Parcel, Transport};

/// Says that something happened of which people may be told.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderEvents;

/// Says that something is to be sent which was not before.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReconsiderDeliveries;

/// Finds what a lost nudge would have hidden.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Events that are read at once.
const AT_ONCE: i64 = 500;
/// A cursor that lies this far behind is stored although there is nothing to send.
const FAR_BEHIND: i64 = 500;
/// Timers that are aimed at a date look at the clock this often.
const LONGEST_TIMER: Duration = Duration::from_secs(30);

pub struct Reporter {
    config: Arc<ReporterConfig>,
    deps: ReporterDeps,
    transport: Arc<dyn Transport>,
    /// The last event that was looked at; not always stored.
    seen: Option<i64>,
    is_reading: bool,
    /// Something happened while it read.
    read_again: bool,
    is_sending: bool,
    send_again: bool,
    /// Set while the other side is left alone.
    pause: Option<Timer>,
    /// For what may be sent later.
    alarm: Option<Timer>,
    /// Attempts in a row for which there was no other side.
    failures: i64,
}

impl Reporter {
    pub fn new(config: Arc<ReporterConfig>, deps: ReporterDeps, transport: Arc<dyn Transport>) -> Self {
        Self {
            config,
            deps,
            transport,
            seen: None,
            is_reading: false,
            read_again: false,
            is_sending: false,
            send_again: false,
            pause: None,
            alarm: None,
            failures: 0,
        }
    }

    fn read(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_reading {
            self.read_again = true;
            return;
        }
        (self.is_reading, self.read_again) = (true, false);
        let turn = read_on(Arc::clone(&self.config), self.deps.clone(), self.seen);
        ctx.spawn(turn, |this, outcome, ctx| {
            this.is_reading = false;
            match outcome {
                Ok(turn) => {
                    this.seen = turn.seen;
                    if 0 < turn.n_new {
                        this.send(ctx);
                    }
                    if turn.more || this.read_again {
                        this.read(ctx);
                    }
                }
                Err(error) => {
                    error!(error = &error as &dyn Error, reporter = this.config.name, "cannot read what happened");
                    ctx.later(LOOK_EVERY, Self::read);
                }
            }
        });
    }

    fn send(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_sending || self.pause.is_some() {
            self.send_again = true;
            return;
        }
        (self.is_sending, self.send_again) = (true, false);
        let turn = send_next(self.config.name.clone(), self.deps.clone(), Arc::clone(&self.transport), self.failures);
        ctx.spawn(turn, |this, outcome, ctx| {
            this.is_sending = false;
            match outcome {
                Ok(Sent::OneMore) => {
                    if 0 < std::mem::take(&mut this.failures) {
                        info!(reporter = this.config.name, "the other side can be reached again");
                    }
                    this.send(ctx);
                }
                Ok(Sent::NothingUntil(_)) if this.send_again => this.send(ctx),
                Ok(Sent::NothingUntil(due)) => this.wake_at(due, ctx),
                Ok(Sent::NoOtherSide { why }) => {
                    this.failures = this.failures.saturating_add(1);
                    let wait = pace::wait_after(this.failures);
                    warn!(reporter = this.config.name, why, wait_s = wait.as_secs(), "nothing can be sent at present");
                    this.pause_for(wait, ctx);
                }
                Err(error) => {
                    error!(error = &error as &dyn Error, reporter = this.config.name, "cannot store what was sent");
                    this.pause_for(LONGEST_TIMER, ctx);
                }
            }
        });
    }

    /// Does not keep what is new from being sent before.
    fn wake_at(&mut self, due: Option<Timestamp>, ctx: &mut ShellContext<'_, Self>) {
        if let Some(alarm) = self.alarm.take() {
            alarm.cancel();
        }
        let wait = due.map(|due| due.since(self.deps.clock.now()).clamp(SHORTEST_PAUSE, LONGEST_TIMER));
        self.alarm = wait.map(|wait| ctx.later(wait, Self::send));
    }

    fn pause_for(&mut self, wait: Duration, ctx: &mut ShellContext<'_, Self>) {
        self.pause = Some(ctx.later(wait, |this, ctx| {
            this.pause = None;
            this.send(ctx);
        }));
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(100);

/// What was read at once.
struct ReadTurn {
    seen: Option<i64>,
    /// How much there is to send that was not before.
    n_new: usize,
    more: bool,
}

/// Looks at the events behind the last one that was seen, and keeps what is to be sent about each together with the
/// cursor.
async fn read_on(config: Arc<ReporterConfig>, deps: ReporterDeps, seen: Option<i64>) -> Result<ReadTurn, DbError> {
    let (name, master) = (config.name.clone(), deps.db.master().id);
    let (stored, events) = deps
        .db
        .read(move |conn| {
            let Some(stored) = reporters::cursor(conn, &name, master)? else { return Ok((None, Vec::new())) };
            let from = seen.unwrap_or(stored).max(stored);
            Ok((Some(stored), reporters::events_after(conn, master, from, AT_ONCE)?))
        })
        .await?;
    // It has left the configuration.
    let Some(stored) = stored else { return Ok(ReadTurn { seen, n_new: 0, more: false }) };
    let more = i64::try_from(events.len()).is_ok_and(|n_events| n_events == AT_ONCE);
    let (mut stored, mut n_new, mut seen) = (stored, 0, seen.unwrap_or(stored).max(stored));
    for event in &events {
        let deliveries = match Occasion::of(&event.key) {
            Some(occasion) => deliveries(&config, &deps, event, occasion).await?,
            None => Vec::new(),
        };
        seen = event.seq;
        if !deliveries.is_empty() || FAR_BEHIND <= event.seq.saturating_sub(stored) {
            let advance = AdvanceReporter { reporter: config.name.clone(), seq: event.seq, deliveries };
            n_new += deps.db.write(advance).await?;
            stored = event.seq;
        }
    }
    Ok(ReadTurn { seen: Some(seen), n_new, more })
}

async fn deliveries(
    config: &ReporterConfig,
    deps: &ReporterDeps,
    event: &StoredEvent,
    occasion: Occasion,
) -> Result<Vec<crate::db::transitions::NewDelivery>, DbError> {
    let applied = Arc::clone(&deps.config.borrow());
    let site = Site { title: applied.config.title.clone(), url: applied.config.buildbot_url.clone() };
    Task { config, deps, event, occasion, site }.deliveries().await
}

/// What became of the next delivery.
enum Sent {
    /// Its turn is over; there may be another.
    OneMore,
    /// Nothing may be sent before that moment, or before something new is there.
    NothingUntil(Option<Timestamp>),
    NoOtherSide {
        why: String,
    },
}

async fn send_next(
    name: String,
    deps: ReporterDeps,
    transport: Arc<dyn Transport>,
    failures: i64,
) -> Result<Sent, DbError> {
    let (reporter, now) = (name.clone(), deps.clock.now());
    let next = deps.db.read(move |conn| reporters::next_delivery(conn, &reporter, now)).await?;
    let due = match next {
        NextDelivery::Now(due) => due,
        NextDelivery::At(due) => return Ok(Sent::NothingUntil(Some(due))),
        NextDelivery::Nothing => return Ok(Sent::NothingUntil(None)),
    };
    let Due { delivery, body } = *due;
    let parcel = Parcel {
        id: format!("{}-{}", delivery.id, delivery.created_at.micros()),
        event: delivery.event_key.clone(),
        recipients: delivery.recipients.clone(),
        body,
    };
    let outcome = transport.send(&parcel).await;
    let now = deps.clock.now();
    let judged = judge(outcome, &delivery, now, failures);
    match &judged.end {
        DeliveryEnd::Refused => {
            warn!(reporter = name, title = delivery.title, why = judged.detail, "the other side refused a message");
        }
        _ => debug!(reporter = name, title = delivery.title, detail = judged.detail, "tried to send a message"),
    }
    deps.db.write(EndDelivery { delivery: delivery.id, end: judged.end, detail: judged.detail.clone() }).await?;
    Ok(if judged.is_reachable { Sent::OneMore } else { Sent::NoOtherSide { why: judged.detail } })
}

/// What an outcome means for a delivery.
struct Judged {
    end: DeliveryEnd,
    detail: String,
    is_reachable: bool,
}

fn judge(outcome: Outcome, delivery: &crate::domain::Delivery, now: Timestamp, failures: i64) -> Judged {
    let own_wait = pace::wait_after(delivery.attempts.saturating_add(1));
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
            let wait = own_wait.max(pace::wait_after(failures.saturating_add(1)));
            let end = later(delivery.recipients.clone(), wait);
            Judged { end, detail: why, is_reachable: false }
        }
    }
}

impl Child for Reporter {
    fn started(&mut self, ctx: &mut ShellContext<'_, Self>) {
        self.read(ctx);
        self.send(ctx);
        ctx.every(LOOK_EVERY, |this, ctx| {
            this.read(ctx);
            this.send(ctx);
        });
    }
}

impl Handle<ReconsiderEvents> for Reporter {
    fn handle(&mut self, _: ReconsiderEvents, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.read(ctx);
        Reply::Now(())
    }
}

impl Handle<ReconsiderDeliveries> for Reporter {
    fn handle(&mut self, _: ReconsiderDeliveries, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        // Somebody has asked for it: the other side is tried at once.
        if let Some(pause) = self.pause.take() {
            pause.cancel();
        }
        self.send(ctx);
        Reply::Now(())
    }
}
