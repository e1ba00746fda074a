//! `/ws`: acknowledges subscriptions, so that clients which wait for that go on; events are not sent yet.

use std::collections::HashSet;

use actix::{Actor, StreamHandler};
use actix_web::web::Payload;
use actix_web::{Error, HttpRequest, HttpResponse};
use actix_web_actors::ws;

use crate::json::{self, Value, json};

/// Patterns one session may subscribe to.
const MAX_SUBSCRIPTIONS: usize = 1_000;

pub async fn websocket(request: HttpRequest, stream: Payload) -> Result<HttpResponse, Error> {
    ws::start(Session::default(), &request, stream)
}

/// One client.
#[derive(Default)]
struct Session {
    subscriptions: HashSet<String>,
}

impl Actor for Session {
    type Context = ws::WebsocketContext<Self>;
}

impl StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session {
    fn handle(&mut self, message: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        match message {
            Ok(ws::Message::Text(text)) => ctx.text(json::to_string(&self.answer(&text))),
            Ok(ws::Message::Ping(payload)) => ctx.pong(&payload),
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                actix::ActorContext::stop(ctx);
            }
            Ok(_) => {}
            Err(_) => actix::ActorContext::stop(ctx),
        }
    }
}

impl Session {
    fn answer(&mut self, text: &str) -> Value {
        let request: Value = json::from_str(text).unwrap_or(Value::Null);
        let id = request.get("_id").cloned().unwrap_or(Value::Null);
        let failure = |code: u16, error: &str| json!({ "error": error, "code": code, "_id": id });
        if id.is_null() && request.get("type").is_none() {
            return failure(400, "no '_id' or 'type' in websocket frame");
        }
        let Some(command) = request.get("cmd").and_then(Value::as_str) else {
            return failure(400, "no 'cmd' in websocket frame");
        };
        if command == "ping" {
            return json!({ "msg": "pong", "code": 200, "_id": id });
        }
        let Some(path) = request.get("path").and_then(Value::as_str) else {
            return failure(400, "the path must be a text");
        };
        match command {
            "startConsuming" if self.subscriptions.len() < MAX_SUBSCRIPTIONS => {
                self.subscriptions.insert(path.to_owned());
            }
            "startConsuming" => return failure(400, "too many paths are consumed"),
            "stopConsuming" if self.subscriptions.remove(path) => {}
            "stopConsuming" => return failure(400, &format!("path was not consumed '{path}'")),
            other => return failure(404, &format!("no such command type '{other}'")),
        }
        json!({ "msg": "OK", "code": 200, "_id": id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(session: &mut Session, text: &str) -> i64 {
        session.answer(text)["code"].as_i64().unwrap()
    }

    #[test]
    fn commands_are_acknowledged_and_mistakes_named() {
        let mut session = Session::default();
        let cases = [
            (r#"{"cmd": "ping", "_id": 1}"#, 200),
            (r#"{"cmd": "startConsuming", "path": "builds/*/*", "_id": 2}"#, 200),
            (r#"{"cmd": "startConsuming", "path": "builds/*/*", "_id": 3}"#, 200),
            (r#"{"cmd": "stopConsuming", "path": "builds/*/*", "_id": 4}"#, 200),
            (r#"{"cmd": "stopConsuming", "path": "builds/*/*", "_id": 5}"#, 400),
            (r#"{"cmd": "startConsuming", "path": 7, "_id": 6}"#, 400),
            (r#"{"cmd": "dance", "path": "x", "_id": 7}"#, 404),
            (r#"{"_id": 8}"#, 400),
            (r#"{"cmd": "ping"}"#, 400),
            ("no json", 400),
        ];
        for (text, expected) in cases {
            assert_eq!(code(&mut session, text), expected, "{text}");
        }
        assert_eq!(session.answer(r#"{"cmd": "ping", "_id": "x"}"#), json!({"msg": "pong", "code": 200, "_id": "x"}));
    }
}
