//! Event bus: publishes what was committed, in the order of the commits.
//!
//! - Hears: [`EventsCommitted`] from the writer, never from the actor that caused an event.
//! - Tells: every subscriber, the same message; and the live feed of the viewers.
//! - Writes: nothing.
//! - Restart: permanent. Holds no state; what was committed while it was down is read again by the deciders' timers.

use std::sync::Arc;

use actix::Message;

use super::live_feed::LiveFeed;
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use crate::db::CommittedEvent;

/// Tells what one group commit made true.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct EventsCommitted(pub Arc<[CommittedEvent]>);

pub struct EventBus {
    subscribers: Vec<Tell<EventsCommitted>>,
    live: LiveFeed,
}

impl EventBus {
    pub fn new(subscribers: Vec<Tell<EventsCommitted>>, live: LiveFeed) -> Self {
        Self { subscribers, live }
    }
}

impl Child for EventBus {}

impl Handle<EventsCommitted> for EventBus {
    fn handle(&mut self, message: EventsCommitted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for subscriber in &self.subscribers {
            subscriber.tell(message.clone());
        }
        self.live.publish(message.0.iter().map(|committed| committed.event.clone()).collect());
        Reply::Now(())
    }
}
