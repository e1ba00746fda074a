//! The same events as server-sent events: `/sse/listen/<pattern>` opens a stream and says its id, with which
//! `/sse/add/<id>/<pattern>` and `/sse/remove/<id>/<pattern>` change what it brings.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Path};
use futures_util::stream;

use super::HubPlace;
use super::hub::{Seat, SeatKey};
use super::room::{Dialect, Inbox};
use crate::web::WebState;
use crate::web::error::WebError;

/// How long a stream is silent before a comment shows whether anybody is still there.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// The streams of all threads by their ids: a change of subscriptions may arrive at another thread than its stream.
#[derive(Default)]
pub struct Listeners(Mutex<HashMap<String, SeatKey>>);

impl Listeners {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, SeatKey>> {
        // Each change under the lock is complete in itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Option<SeatKey> {
        self.lock().get(id).cloned()
    }
}

/// An open stream.
struct Listener {
    id: String,
    state: Data<WebState>,
    inbox: Inbox,
    _seat: Seat,
    is_greeted: bool,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.state.listeners.lock().remove(&self.id);
    }
}

/// `/sse/...`
pub async fn get(path: Path<String>, state: Data<WebState>, hub: Data<HubPlace>) -> Result<HttpResponse, WebError> {
    let (command, rest) = path.split_once('/').unwrap_or((&path, ""));
    match command {
        "listen" => listen(rest, state, hub).await,
        "add" | "remove" => {
            let (id, pattern) = rest.split_once('/').unwrap_or((rest, ""));
            change(command, id, pattern, &state).await
        }
        _ => listen(&path, state, hub).await,
    }
}

async fn listen(pattern: &str, state: Data<WebState>, hub: Data<HubPlace>) -> Result<HttpResponse, WebError> {
    let (seat, inbox) = Seat::take(hub.get(&state), Dialect::ServerSentEvents).await?;
    if !pattern.is_empty() {
        let consumed = seat.key().consume(pattern.to_owned()).await;
        consumed.map_err(|refused| WebError::BadRequest(refused.to_string()))?;
    }
    let id = new_id();
    state.listeners.lock().insert(id.clone(), seat.key());
    let listener = Listener { id, state, inbox, _seat: seat, is_greeted: false };
    let response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        // compression would keep events back until there are enough of them
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(stream::unfold(listener, next));
    Ok(response)
}

/// The next block of the stream; it ends when the hub lets go of the client, which then comes again.
async fn next(mut listener: Listener) -> Option<(Result<Bytes, Infallible>, Listener)> {
    if !listener.is_greeted {
        listener.is_greeted = true;
        let handshake = format!("event: handshake\ndata: {}\n\n", listener.id);
        return Some((Ok(handshake.into()), listener));
    }
    let frame = tokio::time::timeout(HEARTBEAT, poll_fn(|cx| listener.inbox.poll(cx))).await;
    match frame {
        Ok(Ok(frame)) => Some((Ok(frame.into_bytes()), listener)),
        Ok(Err(_)) => None,
        Err(_) => Some((Ok(Bytes::from_static(b": still here\n\n")), listener)),
    }
}

async fn change(command: &str, id: &str, pattern: &str, state: &WebState) -> Result<HttpResponse, WebError> {
    let bad_request = |text: &str| WebError::BadRequest(text.to_owned());
    if id.is_empty() {
        return Err(bad_request("need uuid"));
    }
    let seat = state.listeners.find(id).ok_or_else(|| bad_request("unknown uuid"))?;
    if command == "add" {
        seat.consume(pattern.to_owned()).await.map_err(|refused| bad_request(&refused.to_string()))?;
    } else if !seat.forget(pattern.to_owned()).await {
        return Err(WebError::NotFound("consumer is not listening to this event".to_owned()));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok"))
}

/// In the form of a random UUID. Whoever knows it may change what the stream brings, so it cannot be guessed: the keys
/// of the hashes come from the operating system.
fn new_id() -> String {
    let (high, low) = (RandomState::new().hash_one(1), RandomState::new().hash_one(2));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        0x8000 | (low >> 48 & 0x3fff),
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_look_like_uuids_and_differ() {
        let (one, other) = (new_id(), new_id());
        let lengths: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_ne!(one, other);
    }
}
