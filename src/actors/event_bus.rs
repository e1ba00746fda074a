//! Event bus: publishes what was committed, in the order of the commits.
//!
//! - Hears: [`PublishEvents`] from the writer, never from the actor that caused an event.
//! - Tells: every subscriber, the same [`EventsCommitted`]; and the live feed of the viewers.
//! - Writes: nothing.
//! - Restart: permanent. What was committed and not published waits in [`Unpublished`], which outlives it: the next
//!   incarnation goes on with the first group that not all have been told of.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use actix::Message;

use super::live_feed::LiveFeed;
use super::supervisor::{Child, Handle, Reply, ShellContext, Tell};
use crate::db::CommittedEvent;

/// Tells what one group commit made true. Groups come in the order of the commits and without a gap; after a failure
/// of the bus, one may come twice.
#[derive(Clone, Message)]
#[rtype(result = "()")]
pub struct EventsCommitted(pub Arc<[CommittedEvent]>);

/// Something is to be published.
#[derive(Message)]
#[rtype(result = "()")]
pub struct PublishEvents;

/// Groups that are committed and not yet told to all.
#[derive(Clone, Default)]
pub struct Unpublished(Rc<RefCell<VecDeque<Arc<[CommittedEvent]>>>>);

impl Unpublished {
    pub fn push(&self, events: Vec<CommittedEvent>) {
        self.0.borrow_mut().push_back(Arc::from(events));
    }

    fn first(&self) -> Option<Arc<[CommittedEvent]>> {
        self.0.borrow().front().cloned()
    }

    fn remove_first(&self) {
        self.0.borrow_mut().pop_front();
    }
}

#[derive(Clone)]
pub struct EventBusDeps {
    pub unpublished: Unpublished,
    pub subscribers: Vec<Tell<EventsCommitted>>,
    pub live: LiveFeed,
}

pub struct EventBus {
    deps: EventBusDeps,
}

impl EventBus {
    pub fn new(deps: EventBusDeps) -> Self {
        Self { deps }
    }

    fn publish(&self) {
        let EventBusDeps { unpublished, subscribers, live } = &self.deps;
        while let Some(events) = unpublished.first() {
            for subscriber in subscribers {
                subscriber.tell(EventsCommitted(Arc::clone(&events)));
            }
            live.publish(events.iter().map(|committed| committed.event.clone()).collect());
            unpublished.remove_first();
        }
    }
}

impl Child for EventBus {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.publish();
    }
}

impl Handle<PublishEvents> for EventBus {
    fn handle(&mut self, _: PublishEvents, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.publish();
        Reply::Now(())
    }
}
