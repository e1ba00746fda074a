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
use tokio::time::Instant;
use tracing::{error, info, warn};

use super::pace::{self, Allowance};
use super::produce::Task;
use super::send::{Sent, send_next};
use super::{ReporterDeps, packets};
use crate::actors::supervisor::{Child, Handle, Reply, ShellContext, Timer};
use crate::db::DbError;
use crate::db::transitions::{AdvanceReporter, NewDelivery};
use crate::db::views::reporters::{self, StoredEvent};
use crate::domain::Timestamp;
use crate::reporters::Transport;
use crate::reporters::config::{ReporterConfig, TransportConfig};
use crate::reporters::facts::Site;
use crate::reporters::generator::Occasion;

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
/// Deliveries that are stored in one transaction, and about how many bytes of them.
const WRITTEN_AT_ONCE: usize = 20;
const MOST_BYTES: usize = 1 << 20;
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
    allowance: Allowance,
    is_sending: bool,
    send_again: bool,
    /// Set while the other side is left alone.
    pause: Option<Timer>,
    /// For what may be sent later.
    alarm: Option<Timer>,
    /// Set while more is gathered to be sent together.
    gathers: Option<Timer>,
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
            allowance: Allowance::full(Instant::now()),
            is_sending: false,
            send_again: false,
            pause: None,
            alarm: None,
            gathers: None,
            failures: 0,
        }
    }

    fn read(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_reading {
            self.read_again = true;
            return;
        }
        (self.is_reading, self.read_again) = (true, false);
        let (turn, began) = (read_on(Arc::clone(&self.config), self.deps.clone(), self.seen), Instant::now());
        ctx.spawn(turn, move |this, outcome, ctx| {
            this.is_reading = false;
            match outcome {
                Ok(turn) => {
                    this.seen = turn.seen;
                    if 0 < turn.n_new {
                        this.send_soon(ctx);
                    }
                    this.read_again |= turn.more;
                    let behind = turn.at.map(|at| this.deps.clock.now().since(at)).unwrap_or_default();
                    let rest = this.allowance.rest_after(began.elapsed(), Instant::now(), behind);
                    this.go_on_after(rest, ctx);
                }
                Err(error) => {
                    error!(error = &error as &dyn Error, reporter = this.config.name, "cannot read what happened");
                    ctx.later(LOOK_EVERY, Self::read);
                }
            }
        });
    }

    /// Reads nothing for a while, and then what there is.
    fn go_on_after(&mut self, rest: Duration, ctx: &mut ShellContext<'_, Self>) {
        if !rest.is_zero() {
            self.is_reading = true;
            ctx.later(rest, |this, ctx| {
                this.is_reading = false;
                this.go_on_after(Duration::ZERO, ctx);
            });
        } else if self.read_again {
            self.read(ctx);
        }
    }

    /// At once, unless its configuration wants more to be gathered.
    fn send_soon(&mut self, ctx: &mut ShellContext<'_, Self>) {
        match &self.config.transport {
            TransportConfig::Push(push) if !push.gather.is_zero() => {
                let wait = push.gather;
                self.gathers.get_or_insert_with(|| {
                    ctx.later(wait, |this, ctx| {
                        this.gathers = None;
                        this.send(ctx);
                    })
                });
            }
            _ => self.send(ctx),
        }
    }

    fn send(&mut self, ctx: &mut ShellContext<'_, Self>) {
        if self.is_sending || self.pause.is_some() {
            self.send_again = true;
            return;
        }
        (self.is_sending, self.send_again) = (true, false);
        let turn = send_next(Arc::clone(&self.config), self.deps.clone(), Arc::clone(&self.transport), self.failures);
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
                    let wait = pace::of(&this.config.transport).wait_after(this.failures);
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
    /// When the last of it happened.
    at: Option<Timestamp>,
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
    let Some(stored) = stored else { return Ok(ReadTurn { seen, at: None, n_new: 0, more: false }) };
    let more = i64::try_from(events.len()).is_ok_and(|n_events| n_events == AT_ONCE);
    let mut seen = seen.unwrap_or(stored).max(stored);
    let mut at = None;
    let mut made: Vec<NewDelivery> = Vec::new();
    for event in &events {
        made.extend(deliveries(&config, &deps, event).await?);
        (seen, at) = (event.seq, Some(event.at));
        // What is left of a backlog is read in the next turn.
        if WRITTEN_AT_ONCE <= made.len() || MOST_BYTES <= n_bytes(&made) {
            break;
        }
    }
    let more = more || events.last().is_some_and(|last| seen < last.seq);
    if made.is_empty() && seen.saturating_sub(stored) < FAR_BEHIND {
        return Ok(ReadTurn { seen: Some(seen), at, n_new: 0, more });
    }
    let most_waiting = most_waiting(&config.transport);
    let advance = AdvanceReporter { reporter: config.name.clone(), seq: seen, deliveries: made, most_waiting };
    Ok(ReadTurn { seen: Some(seen), at, n_new: deps.db.write(advance).await?, more })
}

fn n_bytes(deliveries: &[NewDelivery]) -> usize {
    deliveries.iter().map(|delivery| delivery.body.len()).sum()
}

/// What is to be sent about an event; mostly nothing.
async fn deliveries(
    config: &ReporterConfig,
    deps: &ReporterDeps,
    event: &StoredEvent,
) -> Result<Vec<NewDelivery>, DbError> {
    let site = || {
        let applied = Arc::clone(&deps.config.borrow());
        Site { title: applied.config.title.clone(), url: applied.config.buildbot_url.clone() }
    };
    if let TransportConfig::Push(push) = &config.transport {
        return packets::deliveries(push, deps, event, &site()).await;
    }
    let Some(occasion) = Occasion::of(&event.key) else { return Ok(Vec::new()) };
    Task { config, deps, event, occasion, site: site() }.deliveries().await
}

const fn most_waiting(transport: &TransportConfig) -> Option<i64> {
    match transport {
        TransportConfig::Push(push) => push.most_waiting,
        TransportConfig::Mail(_) | TransportConfig::Http(_) => None,
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
