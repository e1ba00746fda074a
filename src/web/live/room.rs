//! The clients of a hub and what each of them waits to be sent. No sockets, no time, no SQL.
//!
//! A client's queue is bounded: who does not empty it is shown the door, with the reason, instead of being waited for.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytestring::ByteString;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::patterns::{self, Patterns, TooLong};
use crate::web::sessions::MASTER_ENDS;

/// Clients of one hub; a seat costs about two kilobytes while nothing happens.
const MAX_CLIENTS: usize = 4_000;
/// Frames that may wait for a client. They are shared with all others that get them.
const QUEUE: usize = 2_048;
/// Patterns of one client. A page of Buildbot's own interface has one for each step and log that it shows.
const MAX_PATTERNS: usize = 1_000;

/// A client, for as long as the hub lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId(pub u64);

/// How a client is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    WebSocket,
    ServerSentEvents,
}

/// The reason the hub lets go of a client. All of them can come again and read anew what they show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    TooSlow,
    HubLagged,
    Unreadable,
    HubDied,
    MasterEnds,
}

impl Ended {
    /// Shorter than the 123 bytes that the end of a WebSocket has room for.
    pub const fn text(self) -> &'static str {
        match self {
            Self::TooSlow => "the client reads too slowly: connect again and reload",
            Self::HubLagged => "the master could not keep up, events were lost: connect again and reload",
            Self::Unreadable => "the master cannot read its database at present: connect again and reload",
            Self::HubDied => "the master lost track of its clients: connect again and reload",
            Self::MasterEnds => MASTER_ENDS,
        }
    }
}

/// The reason a pattern was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("more than {MAX_PATTERNS} paths are consumed")]
    TooMany,
    #[error("the client has been let go")]
    Gone,
}

/// The client's end of its queue.
#[derive(Debug)]
pub struct Inbox {
    queue: mpsc::Receiver<ByteString>,
    ended: Arc<OnceLock<Ended>>,
}

impl Inbox {
    /// The next frame, or why there will be none. Who is let go gets nothing of what still waits for it.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<ByteString, Ended>> {
        if let Some(why) = self.ended.get() {
            return Poll::Ready(Err(*why));
        }
        let frame = ready!(self.queue.poll_recv(cx));
        Poll::Ready(frame.ok_or_else(|| self.ended.get().copied().unwrap_or(Ended::HubDied)))
    }
}

#[derive(Debug)]
struct Client {
    dialect: Dialect,
    /// `None` when it was let go but has not left yet.
    queue: Option<mpsc::Sender<ByteString>>,
    ended: Arc<OnceLock<Ended>>,
    patterns: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub struct Room {
    clients: HashMap<ClientId, Client>,
    patterns: Patterns,
    n_joined: u64,
}

impl Room {
    /// `None` if every seat is taken.
    pub fn join(&mut self, dialect: Dialect) -> Option<(ClientId, Inbox)> {
        if self.clients.len() >= MAX_CLIENTS {
            return None;
        }
        self.n_joined += 1;
        let id = ClientId(self.n_joined);
        let (sender, queue) = mpsc::channel(QUEUE);
        let ended = Arc::new(OnceLock::new());
        let client = Client { dialect, queue: Some(sender), ended: Arc::clone(&ended), patterns: BTreeSet::new() };
        self.clients.insert(id, client);
        Some((id, Inbox { queue, ended }))
    }

    pub fn leave(&mut self, id: ClientId) {
        self.unwatch(id);
        self.clients.remove(&id);
    }

    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    pub fn n_clients(&self) -> usize {
        self.clients.len()
    }

    /// Whether no queue is more than half full.
    pub fn has_room(&self) -> bool {
        let mut queues = self.clients.values().filter_map(|client| client.queue.as_ref());
        queues.all(|queue| queue.capacity() >= QUEUE / 2)
    }

    /// A pattern that is consumed already is fine.
    pub fn consume(&mut self, id: ClientId, pattern: &str) -> Result<(), Refused> {
        patterns::check(pattern)?;
        let client = self.clients.get_mut(&id).filter(|client| client.queue.is_some()).ok_or(Refused::Gone)?;
        if client.patterns.contains(pattern) {
            return Ok(());
        }
        if client.patterns.len() >= MAX_PATTERNS {
            return Err(Refused::TooMany);
        }
        client.patterns.insert(pattern.to_owned());
        self.patterns.insert(pattern, id);
        Ok(())
    }

    /// Whether the pattern was consumed.
    pub fn forget(&mut self, id: ClientId, pattern: &str) -> bool {
        let was_consumed = self.clients.get_mut(&id).is_some_and(|client| client.patterns.remove(pattern));
        if was_consumed {
            self.patterns.remove(pattern, id);
        }
        was_consumed
    }

    /// Whether anybody watches the key; see [`Patterns::is_watched`].
    pub fn is_watched(&self, key: &str) -> bool {
        !self.patterns.is_empty() && self.patterns.is_watched(key)
    }

    /// Queues an element for everybody who watches the key, once for each pattern; the text is made once.
    pub fn deliver(&mut self, key: &str, element: &str) {
        let mut texts = Texts::default();
        for id in self.patterns.watchers(key) {
            let Some(client) = self.clients.get(&id) else { continue };
            let Some(queue) = &client.queue else { continue };
            match queue.try_send(texts.get(client.dialect, key, element)) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => self.end(id, Ended::TooSlow),
                // it is about to leave
                Err(TrySendError::Closed(_)) => {}
            }
        }
    }

    pub fn end_all(&mut self, why: Ended) {
        let all: Vec<ClientId> = self.clients.keys().copied().collect();
        for id in all {
            self.end(id, why);
        }
    }

    /// Its seat stays taken until the client has left.
    fn end(&mut self, id: ClientId, why: Ended) {
        self.unwatch(id);
        if let Some(client) = self.clients.get_mut(&id)
            && client.queue.is_some()
        {
            // the reason first: dropping the queue wakes the client
            let _ = client.ended.set(why);
            client.queue = None;
        }
    }

    fn unwatch(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(&id) {
            for pattern in std::mem::take(&mut client.patterns) {
                self.patterns.remove(&pattern, id);
            }
        }
    }
}

/// The texts of one key and element, each made when the first client wants it.
#[derive(Default)]
struct Texts {
    web_socket: Option<ByteString>,
    server_sent: Option<ByteString>,
}

impl Texts {
    fn get(&mut self, dialect: Dialect, key: &str, element: &str) -> ByteString {
        let (kept, make): (_, fn(&str, &str) -> String) = match dialect {
            Dialect::WebSocket => (&mut self.web_socket, web_socket_text),
            Dialect::ServerSentEvents => (&mut self.server_sent, server_sent_text),
        };
        kept.get_or_insert_with(|| make(key, element).into()).clone()
    }
}

/// Keys are made of numbers and identifiers: nothing in them needs escaping.
fn web_socket_text(key: &str, element: &str) -> String {
    format!(r#"{{"k":"{key}","m":{element}}}"#)
}

/// JSON has no line breaks of its own, so that the element is one line.
fn server_sent_text(key: &str, element: &str) -> String {
    let components = key.replace('/', r#"", ""#);
    format!("event: event\ndata: {{\"key\": [\"{components}\"], \"message\": {element}}}\n\n")
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    const ELEMENT: &str = r#"{"buildid":7}"#;

    fn next(inbox: &mut Inbox) -> Poll<Result<ByteString, Ended>> {
        inbox.poll(&mut Context::from_waker(Waker::noop()))
    }

    /// The frames that wait.
    fn frames(inbox: &mut Inbox) -> Vec<String> {
        let mut frames = Vec::new();
        while let Poll::Ready(Ok(frame)) = next(inbox) {
            frames.push(frame.to_string());
        }
        frames
    }

    #[test]
    fn everybody_gets_what_they_watch_in_order_and_in_their_dialect() {
        let mut room = Room::default();
        let (ann, mut to_ann) = room.join(Dialect::WebSocket).unwrap();
        let (bob, mut to_bob) = room.join(Dialect::ServerSentEvents).unwrap();
        room.consume(ann, "builds/*/*").unwrap();
        room.consume(ann, "builds/*/*").unwrap();
        room.consume(bob, "builds/7/finished").unwrap();
        for key in ["builds/7/new", "steps/1/new", "builds/7/finished"] {
            room.deliver(key, ELEMENT);
        }
        let expected = [r#"{"k":"builds/7/new","m":{"buildid":7}}"#, r#"{"k":"builds/7/finished","m":{"buildid":7}}"#];
        assert_eq!(frames(&mut to_ann), expected);
        let expected =
            ["event: event\ndata: {\"key\": [\"builds\", \"7\", \"finished\"], \"message\": {\"buildid\":7}}\n\n"];
        assert_eq!(frames(&mut to_bob), expected);
    }

    #[test]
    fn two_patterns_that_match_deliver_twice() {
        let mut room = Room::default();
        let (ann, mut inbox) = room.join(Dialect::WebSocket).unwrap();
        room.consume(ann, "builds/*/*").unwrap();
        room.consume(ann, "*/*/*").unwrap();
        room.deliver("builds/7/new", ELEMENT);
        assert_eq!(frames(&mut inbox).len(), 2);
    }

    #[test]
    fn a_client_that_is_too_slow_is_let_go_with_the_reason_and_nobody_else() {
        let mut room = Room::default();
        let (slow, mut to_slow) = room.join(Dialect::WebSocket).unwrap();
        let (quick, mut to_quick) = room.join(Dialect::WebSocket).unwrap();
        room.consume(slow, "*/*/*").unwrap();
        room.consume(quick, "*/*/*").unwrap();
        for _ in 0..QUEUE {
            room.deliver("builds/7/update", ELEMENT);
        }
        assert_eq!(frames(&mut to_quick).len(), QUEUE);
        room.deliver("builds/7/update", ELEMENT);
        assert_eq!(frames(&mut to_quick).len(), 1);
        assert_eq!(next(&mut to_slow), Poll::Ready(Err(Ended::TooSlow)));
        assert_eq!(room.consume(slow, "builds/*/*"), Err(Refused::Gone));
        room.leave(slow);
        room.leave(quick);
        assert!(room.is_empty());
        assert!(room.patterns.is_empty());
    }

    #[test]
    fn all_clients_are_let_go_when_events_are_lost() {
        let mut room = Room::default();
        let (ann, mut inbox) = room.join(Dialect::WebSocket).unwrap();
        room.consume(ann, "builds/*/*").unwrap();
        assert_eq!(next(&mut inbox), Poll::Pending);
        room.end_all(Ended::HubLagged);
        room.end_all(Ended::Unreadable);
        assert_eq!(next(&mut inbox), Poll::Ready(Err(Ended::HubLagged)));
        assert!(!room.is_watched("builds/7/new"));
    }

    #[test]
    fn a_hub_that_dies_is_a_reason_too() {
        let mut room = Room::default();
        let (_, mut inbox) = room.join(Dialect::WebSocket).unwrap();
        drop(room);
        assert_eq!(next(&mut inbox), Poll::Ready(Err(Ended::HubDied)));
    }

    #[test]
    fn what_is_not_consumed_any_more_is_not_sent() {
        let mut room = Room::default();
        let (ann, mut inbox) = room.join(Dialect::WebSocket).unwrap();
        room.consume(ann, "builds/*/*").unwrap();
        assert!(room.forget(ann, "builds/*/*"));
        assert!(!room.forget(ann, "builds/*/*"));
        room.deliver("builds/7/new", ELEMENT);
        assert!(frames(&mut inbox).is_empty());
    }

    #[test]
    fn seats_and_patterns_are_limited() {
        let mut room = Room::default();
        let (ann, _inbox) = room.join(Dialect::WebSocket).unwrap();
        for n in 0..MAX_PATTERNS {
            room.consume(ann, &format!("builds/{n}/*")).unwrap();
        }
        assert_eq!(room.consume(ann, "one/more"), Err(Refused::TooMany));
        assert_eq!(room.consume(ann, "builds/0/*"), Ok(()));
        let seats: Vec<_> = std::iter::from_fn(|| room.join(Dialect::WebSocket)).collect();
        assert_eq!(seats.len(), MAX_CLIENTS - 1);
        room.leave(ann);
        assert!(room.join(Dialect::WebSocket).is_some());
    }

    #[test]
    fn reasons_fit_into_the_end_of_a_web_socket() {
        for why in [Ended::TooSlow, Ended::HubLagged, Ended::Unreadable, Ended::HubDied] {
            assert!(why.text().len() <= 123, "{}", why.text());
        }
    }
}
