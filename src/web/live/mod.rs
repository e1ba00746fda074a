//! What happens, told while it happens: `/ws` as Buildbot has it, and the same as server-sent events.
//!
//! One hub for each thread that serves HTTP hears the feed of the master, reads what events are about once, and sends
//! it to those of its clients who watch a routing key that matches. An event that nobody watches costs nothing.

mod commands;
mod elements;
mod hub;
mod keys;
mod patterns;
mod room;
mod session;
pub mod sse;

use std::cell::RefCell;

use actix::{Actor, Addr};
use actix_web::web::{Data, Payload};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws::WsResponseBuilder;

use self::hub::{Hub, Seat};
use self::room::Dialect;
use self::session::Session;
use super::WebState;

/// Largest frame that a client may send, in bytes; commands are short.
const MAX_FRAME: usize = 4_096;

/// The place of a thread's hub, which starts with its first client.
#[derive(Default)]
pub struct HubPlace(RefCell<Option<Addr<Hub>>>);

impl HubPlace {
    fn get(&self, state: &WebState) -> Addr<Hub> {
        let mut hub = self.0.borrow_mut();
        match &*hub {
            Some(hub) if hub.connected() => hub.clone(),
            _ => hub
                .insert(
                    Hub::new(state.handle.live(), state.db.clone(), state.clock.clone(), state.ending.subscribe())
                        .start(),
                )
                .clone(),
        }
    }
}

/// `/ws`. Where the request comes from is checked before (`guard`).
pub async fn websocket(
    request: HttpRequest,
    stream: Payload,
    state: Data<WebState>,
    hub: Data<HubPlace>,
) -> Result<HttpResponse, Error> {
    let (seat, inbox) = Seat::take(hub.get(&state), Dialect::WebSocket).await?;
    WsResponseBuilder::new(Session::new(seat, inbox), &request, stream).frame_size(MAX_FRAME).start()
}
