//! One client of `/ws`.
//!
//! Its context is the body of an answer and runs only when the client can take more. So it pulls from its queue at the
//! hub, and the hub measures its patience there.

use actix::fut::wrap_future;
use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, StreamHandler};
use actix_web_actors::ws::{CloseCode, Message, ProtocolError, WebsocketContext};
use bytestring::ByteString;
use futures_util::stream;
use tokio::time::Instant;

use super::commands::{self, Command, Request};
use super::hub::{Seat, SeatKey};
use super::room::{Ended, Inbox};
use crate::web::sessions::{self, HEARTBEAT, end};

pub struct Session {
    seat: Seat,
    inbox: Option<Inbox>,
    heard: Instant,
}

impl Session {
    pub fn new(seat: Seat, inbox: Inbox) -> Self {
        Self { seat, inbox: Some(inbox), heard: Instant::now() }
    }

    fn obey(&self, text: &str, ctx: &mut WebsocketContext<Self>) {
        let Request { command, id } = match commands::parse(text) {
            Ok(request) => request,
            Err(reply) => return ctx.text(reply),
        };
        let seat = self.seat.key();
        let reply = async move {
            match command {
                Command::Ping => commands::success("pong", &id),
                Command::StartConsuming(path) => match seat.consume(path).await {
                    Ok(()) => commands::success("OK", &id),
                    Err(refused) => commands::failure(400, &refused.to_string(), &id),
                },
                Command::StopConsuming(path) => stop_consuming(seat, path, &id).await,
            }
        };
        // in order, and only when it is so: clients read after the reply and must not miss what happens meanwhile
        ctx.wait(wrap_future::<_, Self>(reply).map(|reply, _, ctx| ctx.text(reply)));
    }
}

async fn stop_consuming(seat: SeatKey, path: String, id: &crate::json::Value) -> String {
    if seat.forget(path.clone()).await {
        commands::success("OK", id)
    } else {
        commands::failure(400, &format!("path was not consumed '{path}'"), id)
    }
}

impl Actor for Session {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(mut inbox) = self.inbox.take() {
            ctx.add_stream(stream::poll_fn(move |cx| inbox.poll(cx).map(Some)));
        }
        ctx.run_interval(HEARTBEAT, |session, ctx| sessions::look_for_life(session.heard, ctx));
    }
}

impl StreamHandler<Result<ByteString, Ended>> for Session {
    fn handle(&mut self, frame: Result<ByteString, Ended>, ctx: &mut Self::Context) {
        match frame {
            Ok(text) => ctx.text(text),
            Err(why @ Ended::MasterEnds) => end(ctx, CloseCode::Away, why.text()),
            Err(why) => end(ctx, CloseCode::Again, why.text()),
        }
    }
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Self::Context) {
        self.heard = Instant::now();
        match message {
            Ok(Message::Text(text)) => self.obey(&text, ctx),
            Ok(Message::Binary(bytes)) => self.obey(&String::from_utf8_lossy(&bytes), ctx),
            Ok(Message::Ping(payload)) => ctx.pong(&payload),
            Ok(Message::Pong(_) | Message::Nop) => {}
            Ok(Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Continuation(_)) => end(ctx, CloseCode::Unsupported, "commands come in one piece"),
            Err(ProtocolError::Overflow) => end(ctx, CloseCode::Size, "the command is too long"),
            Err(_) => end(ctx, CloseCode::Protocol, "this is no WebSocket frame"),
        }
    }
}
