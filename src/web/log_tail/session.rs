//! One client that tails a log.
//!
//! Its context is the body of an answer and runs only when the client can take more: it holds a place in the log and at
//! most one piece of it. The client is sent
//!
//! - `{"type":"state","n_lines":120,"complete":false}` whenever that changes, without credit,
//! - lines as `frames` says, as many as it has granted; the first may be older than those it asked for,
//!
//! and sends objects with any of `grant` (so many lines more), `from` (go on with this line) and `newest` (when further
//! behind than so many lines, skip what is older; `null` for none skipped). After the last line of a complete log the
//! connection is closed.

use std::sync::Arc;

use actix::fut::wrap_future;
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, StreamHandler};
use actix_web_actors::ws::{CloseCode, Message, ProtocolError, WebsocketContext};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::follower::{Follower, Growth, Seat};
use super::frames::{self, Piece};
use super::pull::Pull;
use crate::db::Db;
use crate::db::views::log_text::Span;
use crate::json::{self, Value, json};
use crate::web::error::WebError;
use crate::web::log_reader;
use crate::web::sessions::{self, HEARTBEAT, MASTER_ENDS, end, until_the_end};

/// Lines that are read from the store at once.
const MOST_LINES: i64 = 1_000;

pub struct Session {
    db: Db,
    follower: Arc<Follower>,
    pull: Pull,
    /// A piece is on its way.
    busy: bool,
    told: Option<Growth>,
    ending: watch::Receiver<bool>,
    heard: Instant,
    _seat: Seat,
}

/// The log has grown, or ended.
struct Grown;

impl Session {
    /// `ending` becomes true when the master ends.
    pub fn new(db: Db, follower: Arc<Follower>, pull: Pull, seat: Seat, ending: watch::Receiver<bool>) -> Self {
        Self { db, follower, pull, busy: false, told: None, ending, heard: Instant::now(), _seat: seat }
    }

    /// Sends what the client takes, one piece at a time.
    fn pump(&mut self, ctx: &mut WebsocketContext<Self>) {
        if self.busy {
            return;
        }
        let growth = self.follower.growth();
        if self.told != Some(growth) {
            self.told = Some(growth);
            let state = json!({ "type": "state", "n_lines": growth.n_lines, "complete": growth.complete });
            ctx.text(json::to_string(&state));
        }
        let Some(line) = self.pull.wants(growth.n_lines) else {
            if growth.complete && self.pull.is_at(growth.n_lines) {
                end(ctx, CloseCode::Normal, "the log is complete");
            }
            return;
        };
        self.busy = true;
        let recent = self.follower.recent(line);
        let stored = self.read(line);
        let piece = async move {
            match recent {
                Some(piece) => {
                    // the piece before is gone before this one is made
                    tokio::task::yield_now().await;
                    Ok(Some(piece))
                }
                None => stored.await,
            }
        };
        ctx.spawn(wrap_future::<_, Self>(piece).map(|piece, session, ctx| session.send(piece, ctx)));
    }

    /// Reads from the store, for a client that is behind what is kept ready.
    fn read(&self, line: i64) -> impl Future<Output = Result<Option<Piece>, WebError>> + 'static {
        let (db, log, kind) = (self.db.clone(), self.follower.log, self.follower.kind);
        let n_lines = self.pull.credit().min(MOST_LINES);
        let span = Span { first_line: line, n_lines, most_bytes: frames::MOST_BYTES };
        async move {
            let page = log_reader::page(&db, log, span).await?;
            Ok((0 < page.n_lines).then(|| frames::of_page(&page, kind)))
        }
    }

    fn send(&mut self, piece: Result<Option<Piece>, WebError>, ctx: &mut WebsocketContext<Self>) {
        self.busy = false;
        match piece {
            Ok(Some(piece)) => {
                self.pull.sent(piece.first, piece.n_lines);
                ctx.text(piece.frame);
                self.pump(ctx);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(log.id = self.follower.log.0, "a log cannot be read: {error}");
                end(ctx, CloseCode::Error, "the log cannot be read");
            }
        }
    }

    fn obey(&mut self, text: &str, ctx: &mut WebsocketContext<Self>) {
        let command: Value = json::from_str(text).unwrap_or(Value::Null);
        if !command.is_object() {
            return end(ctx, CloseCode::Unsupported, "commands are objects");
        }
        if let Some(newest) = command.get("newest") {
            self.pull.set_newest(newest.as_i64());
        }
        if let Some(line) = command.get("from").and_then(Value::as_i64) {
            self.pull.go_to(line);
        }
        if let Some(n_lines) = command.get("grant").and_then(Value::as_i64) {
            self.pull.grant(n_lines);
        }
        self.pump(ctx);
    }
}

impl Actor for Session {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let growth = self.follower.watch();
        ctx.add_stream(stream::unfold(growth, |mut growth| async move {
            growth.changed().await.ok()?;
            Some((Grown, growth))
        }));
        ctx.run_interval(HEARTBEAT, |session, ctx| sessions::look_for_life(session.heard, ctx));
        let ending = wrap_future::<_, Self>(until_the_end(self.ending.clone()));
        ctx.spawn(ending.map(|(), _, ctx| end(ctx, CloseCode::Away, MASTER_ENDS)));
        self.pump(ctx);
    }
}

impl StreamHandler<Grown> for Session {
    fn handle(&mut self, _: Grown, ctx: &mut Self::Context) {
        self.pump(ctx);
    }

    /// The follower lives as long as this session does.
    fn finished(&mut self, _: &mut Self::Context) {}
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        self.heard = Instant::now();
        match message {
            Ok(Message::Text(text)) => self.obey(&text, ctx),
            Ok(Message::Ping(payload)) => ctx.pong(&payload),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Binary(_) | Message::Continuation(_)) => {
                end(ctx, CloseCode::Unsupported, "commands are text in one piece");
            }
            Err(ProtocolError::Overflow) => end(ctx, CloseCode::Size, "the command is too long"),
            Err(_) => end(ctx, CloseCode::Protocol, "this is no WebSocket frame"),
        }
    }
}
