//! Logs for programs that show them: any range of lines, a tail that follows, a search.
//!
//! - `GET /logs/{id}/lines?first=&n=`: lines as JSON (`frames`), a negative `first` counts from the end.
//! - `GET /logs/{id}/tail?from=&newest=&grant=`: a WebSocket that sends lines as they come, as many as the client has
//!   granted (`session`).
//! - `GET /logs/{id}/search?q=&regex=&case=&from=&limit=`: hits as they are found, one JSON text a line (`search`).
//!
//! Line numbers in these interfaces count from 0; what people see counts from 1.

mod follower;
mod frames;
mod pull;
mod range;
mod search;
mod session;

#[cfg(test)]
mod tests;

pub use follower::Tails;
pub use range::get as lines;
pub use search::get as search;

use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws;
use serde::Deserialize;

use super::WebState;
use super::error::WebError;
use super::log_reader;
use crate::domain::{Log, LogId};
use pull::Pull;
use session::Session;

/// Incoming frames are short commands; in bytes.
const MAX_FRAME: usize = 4 << 10;

#[derive(Deserialize)]
pub struct TailQuery {
    /// The first line wanted; those that come from now on unless given.
    from: Option<i64>,
    /// A client that is further behind than this wants only so many lines before the end.
    newest: Option<i64>,
    /// Lines that may be sent before the client grants more.
    grant: Option<i64>,
}

/// `GET /logs/{id}/tail`
pub async fn tail(
    state: Data<WebState>,
    path: Path<String>,
    query: Query<TailQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Error> {
    let log = find(&state, &path).await?;
    let seat = state.tails.seat().ok_or(WebError::Overloaded)?;
    let from = query.from.unwrap_or(log.n_lines);
    let pull = Pull::new(from, query.newest, query.grant.unwrap_or(0));
    let follower = state.tails.follow(log, &state.db, &state.handle.live());
    let session = Session::new(state.db.clone(), follower, pull, seat, state.ending.subscribe());
    ws::WsResponseBuilder::new(session, &request, payload).frame_size(MAX_FRAME).start()
}

async fn find(state: &WebState, id: &str) -> Result<Log, WebError> {
    let missing = || WebError::NotFound(format!("There is no log {id}."));
    let id: i64 = id.parse().map_err(|_| missing())?;
    log_reader::find(&state.db, LogId(id)).await?.ok_or_else(missing)
}
