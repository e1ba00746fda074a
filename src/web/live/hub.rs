//! The hub of one thread that serves HTTP: hears the feed once for all its clients.
//!
//! - Hears: clients that come, go, and name what they watch; the feed, as long as there is a client.
//! - Tells: clients, through their queues; nobody else.
//! - Writes: nothing.
//! - Restart: by the next client, if it died; clients whose hub died are let go and come again.

use std::cell::{Ref, RefCell};
use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, Addr, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

use super::elements::Elements;
use super::keys;
use super::room::{ClientId, Dialect, Ended, Inbox, Refused, Room};
use crate::actors::handle::LiveFeed;
use crate::clock::Clock;
use crate::db::Db;
use crate::domain::{BuildId, Event};
use crate::web::error::WebError;
use crate::web::sessions::until_the_end;

/// Events read together: their ids must fit into one statement.
const MAX_EVENTS: usize = 500;
/// Rounds begin no closer than this.
const SHORTEST_ROUND: Duration = Duration::from_millis(20);
/// Nobody sees that they are this long.
const LONGEST_ROUND: Duration = Duration::from_millis(250);
/// What a client adds to the length of rounds. Each client is written to once a round, and that is what costs: so many
/// clients get more events at a time, and the threads of the pages stay out of the builds' way.
const SHARE: Duration = Duration::from_micros(500);
/// Keys delivered before the clients' own tasks get to run.
const BURST: usize = 128;
/// How often they get to run before a full queue is the fault of its client.
const MAX_TURNS: usize = 16;

pub struct Hub {
    room: Rc<RefCell<Room>>,
    feed: LiveFeed,
    db: Db,
    clock: Clock,
    ending: watch::Receiver<bool>,
    relay: Option<SpawnHandle>,
}

/// A client comes. Answers `None` if every seat is taken.
#[derive(Message)]
#[rtype(result = "Option<(ClientId, Inbox)>")]
pub struct JoinHub(pub Dialect);

/// A client is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LeaveHub(pub ClientId);

/// A client watches a pattern, from the answer on.
#[derive(Message)]
#[rtype(result = "Result<(), Refused>")]
pub struct ConsumeKeys {
    pub client: ClientId,
    pub pattern: String,
}

/// A client watches a pattern no longer. Answers whether it did.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct ForgetKeys {
    pub client: ClientId,
    pub pattern: String,
}

/// The place of one client; given up when dropped.
pub struct Seat {
    hub: Addr<Hub>,
    client: ClientId,
}

impl Seat {
    /// A seat at this hub, and what comes to it.
    pub async fn take(hub: Addr<Hub>, dialect: Dialect) -> Result<(Self, Inbox), WebError> {
        let joined = hub.send(JoinHub(dialect)).await;
        let joined = joined.map_err(|error| WebError::Internal(format!("the hub does not answer: {error}")))?;
        let (client, inbox) = joined.ok_or(WebError::Overloaded)?;
        Ok((Self { hub, client }, inbox))
    }

    pub fn key(&self) -> SeatKey {
        SeatKey { hub: self.hub.clone(), client: self.client }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.do_send(LeaveHub(self.client));
    }
}

/// Whose subscriptions change. Works on every thread, and does nothing when the client is gone.
#[derive(Clone)]
pub struct SeatKey {
    hub: Addr<Hub>,
    client: ClientId,
}

impl SeatKey {
    pub async fn consume(self, pattern: String) -> Result<(), Refused> {
        let client = self.client;
        self.hub.send(ConsumeKeys { client, pattern }).await.unwrap_or(Err(Refused::Gone))
    }

    /// Whether the pattern was consumed.
    pub async fn forget(self, pattern: String) -> bool {
        let client = self.client;
        self.hub.send(ForgetKeys { client, pattern }).await.unwrap_or(false)
    }
}

impl Hub {
    /// `ending` becomes true when the master ends.
    pub fn new(feed: LiveFeed, db: Db, clock: Clock, ending: watch::Receiver<bool>) -> Self {
        Self { room: Rc::default(), feed, db, clock, ending, relay: None }
    }
}

impl Actor for Hub {
    type Context = Context<Self>;
}

impl Handler<JoinHub> for Hub {
    type Result = Option<(ClientId, Inbox)>;

    fn handle(&mut self, JoinHub(dialect): JoinHub, ctx: &mut Self::Context) -> Self::Result {
        let joined = self.room.borrow_mut().join(dialect)?;
        if self.relay.is_none() {
            let (db, clock) = (self.db.clone(), self.clock.clone());
            let relay = Relay { room: Rc::clone(&self.room), feed: self.feed.subscribe(), db, clock };
            let (room, ending) = (Rc::clone(&self.room), self.ending.clone());
            let life = async move {
                tokio::select! {
                    () = relay.run() => {}
                    () = until_the_end(ending) => room.borrow_mut().end_all(Ended::MasterEnds),
                }
            };
            self.relay = Some(ctx.spawn(life.into_actor(self)));
        }
        Some(joined)
    }
}

impl Handler<LeaveHub> for Hub {
    type Result = ();

    fn handle(&mut self, LeaveHub(client): LeaveHub, ctx: &mut Self::Context) {
        let mut room = self.room.borrow_mut();
        room.leave(client);
        if room.is_empty()
            && let Some(relay) = self.relay.take()
        {
            ctx.cancel_future(relay);
        }
    }
}

impl Handler<ConsumeKeys> for Hub {
    type Result = Result<(), Refused>;

    fn handle(&mut self, message: ConsumeKeys, _: &mut Self::Context) -> Self::Result {
        self.room.borrow_mut().consume(message.client, &message.pattern)
    }
}

impl Handler<ForgetKeys> for Hub {
    type Result = bool;

    fn handle(&mut self, message: ForgetKeys, _: &mut Self::Context) -> bool {
        self.room.borrow_mut().forget(message.client, &message.pattern)
    }
}

/// Carries events from the feed to the clients, in rounds.
struct Relay {
    room: Rc<RefCell<Room>>,
    feed: Receiver<std::sync::Arc<[Event]>>,
    db: Db,
    clock: Clock,
}

impl Relay {
    async fn run(mut self) {
        loop {
            let events = match self.gather().await {
                Ok(events) => events,
                Err(RecvError::Closed) => return,
                Err(RecvError::Lagged(n_groups)) => {
                    warn!(n_groups, "live pages are behind and begin anew");
                    self.feed = self.feed.resubscribe();
                    self.room.borrow_mut().end_all(Ended::HubLagged);
                    continue;
                }
            };
            let began = Instant::now();
            for events in events.chunks(MAX_EVENTS) {
                match Elements::load(&self.db, events, self.clock.now()).await {
                    Ok(elements) => self.deliver(events, &elements).await,
                    Err(error) => {
                        warn!(error = &error as &dyn std::error::Error, "live pages cannot be told what happened");
                        self.room.borrow_mut().end_all(Ended::Unreadable);
                    }
                }
            }
            if !events.is_empty() {
                let n_clients = u32::try_from(self.room.borrow().n_clients()).unwrap_or(u32::MAX);
                tokio::time::sleep_until(began + round(n_clients)).await;
            }
        }
    }

    /// Waits for events and takes all that are there; those that nobody watches are left out.
    async fn gather(&mut self) -> Result<Vec<Event>, RecvError> {
        let mut group = self.feed.recv().await?;
        let mut gathered = Vec::new();
        loop {
            let room = self.room.borrow();
            let all = group.iter().cloned().chain(estimates(&group));
            gathered.extend(all.filter(|event| is_watched(&room, event)));
            drop(room);
            if gathered.len() >= MAX_EVENTS {
                return Ok(gathered);
            }
            group = match self.feed.try_recv() {
                Ok(next) => next,
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(gathered),
                Err(TryRecvError::Lagged(n_groups)) => return Err(RecvError::Lagged(n_groups)),
            };
        }
    }

    async fn deliver(&self, events: &[Event], elements: &Elements) {
        let mut n_keys = 0;
        for event in events {
            let Some(element) = elements.text(event) else { continue };
            for key in keys::of(event, elements.slug(event)) {
                self.room.borrow_mut().deliver(&key, &element);
                n_keys += 1;
                if n_keys % BURST == 0 {
                    self.let_clients_read().await;
                }
            }
        }
    }

    /// The tasks of clients run until there is room in their queues again.
    async fn let_clients_read(&self) {
        for _ in 0..MAX_TURNS {
            tokio::task::yield_now().await;
            if self.room.borrow().has_room() {
                return;
            }
        }
    }
}

/// What happens to a step changes what is expected of its build; each build once.
fn estimates(group: &[Event]) -> Vec<Event> {
    let mut builds: Vec<BuildId> = Vec::new();
    for event in group {
        if let Event::StepStarted { build, .. } | Event::StepUpdated { build, .. } | Event::StepFinished { build, .. } =
            event
            && !builds.contains(build)
        {
            builds.push(*build);
        }
    }
    builds.into_iter().map(|build| Event::BuildEstimated { build }).collect()
}

/// From the beginning of a round to that of the next.
fn round(n_clients: u32) -> Duration {
    SHARE.saturating_mul(n_clients).clamp(SHORTEST_ROUND, LONGEST_ROUND)
}

fn is_watched(room: &Ref<'_, Room>, event: &Event) -> bool {
    keys::of(event, keys::UNKNOWN).iter().any(|key| room.is_watched(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_longer_the_more_clients_there_are_but_never_so_long_that_it_shows() {
        assert_eq!(round(0), Duration::from_millis(20));
        assert_eq!(round(1), Duration::from_millis(20));
        assert_eq!(round(250), Duration::from_millis(125));
        assert_eq!(round(u32::MAX), Duration::from_millis(250));
    }
}
