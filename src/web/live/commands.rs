//! What a client of `/ws` may ask for, and the replies.

use crate::json::{self, Value, json};

/// A request with the id under which it is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub command: Command,
    pub id: Value,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Ping,
    StartConsuming(String),
    StopConsuming(String),
}

/// Reads a request, or gives the reply that says what is wrong with it.
pub fn parse(text: &str) -> Result<Request, String> {
    let request: Value = json::from_str(text).map_err(|_| failure(400, "the frame is no JSON", &Value::Null))?;
    let id = request.get("_id").cloned();
    if id.is_none() && request.get("type").is_none() {
        return Err(failure(400, "no '_id' or 'type' in websocket frame", &Value::Null));
    }
    let id = id.unwrap_or(Value::Null);
    let Some(command) = request.get("cmd") else {
        return Err(failure(400, "no 'cmd' in websocket frame", &Value::Null));
    };
    let command = match command.as_str() {
        Some("ping") => Command::Ping,
        Some("startConsuming") => Command::StartConsuming(path(&request, &id)?),
        Some("stopConsuming") => Command::StopConsuming(path(&request, &id)?),
        Some(other) => return Err(failure(404, &format!("no such command type '{other}'"), &id)),
        None => return Err(failure(404, &format!("no such command type '{command}'"), &id)),
    };
    Ok(Request { command, id })
}

fn path(request: &Value, id: &Value) -> Result<String, String> {
    match request.get("path") {
        Some(Value::String(path)) => Ok(path.clone()),
        Some(other) => Err(failure(400, &format!("invalid path format '{other}'"), id)),
        None => Err(failure(400, "the command needs a 'path'", id)),
    }
}

/// `OK`, or `pong`.
pub fn success(message: &str, id: &Value) -> String {
    json::to_string(&json!({ "msg": message, "code": 200, "_id": id }))
}

pub fn failure(code: u16, error: &str, id: &Value) -> String {
    json::to_string(&json!({ "error": error, "code": code, "_id": id }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_understood() {
        let command = |text: &str| parse(text).unwrap().command;
        assert_eq!(command(r#"{"cmd": "ping", "_id": 1}"#), Command::Ping);
        assert_eq!(
            command(r#"{"cmd": "startConsuming", "path": "builds/*/*", "_id": "x"}"#),
            Command::StartConsuming("builds/*/*".to_owned())
        );
        assert_eq!(
            command(r#"{"cmd": "stopConsuming", "path": "", "type": "t"}"#),
            Command::StopConsuming(String::new())
        );
        assert_eq!(parse(r#"{"cmd": "ping", "_id": null}"#).unwrap().id, Value::Null);
    }

    #[test]
    fn mistakes_are_named_with_the_id_and_the_code_of_buildbot() {
        let cases = [
            (r#"{"cmd": "dance", "_id": 7}"#, 404, json!(7)),
            (r#"{"cmd": 5, "_id": 7}"#, 404, json!(7)),
            (r#"{"cmd": "startConsuming", "_id": 8}"#, 400, json!(8)),
            (r#"{"cmd": "startConsuming", "path": 5, "_id": 11}"#, 400, json!(11)),
            (r#"{"_id": 9}"#, 400, Value::Null),
            (r#"{"cmd": "ping"}"#, 400, Value::Null),
            ("[]", 400, Value::Null),
            ("no json", 400, Value::Null),
        ];
        for (text, code, id) in cases {
            let reply: Value = json::from_str(&parse(text).unwrap_err()).unwrap();
            assert_eq!((&reply["code"], &reply["_id"]), (&json!(code), &id), "{text}");
            assert!(reply["error"].is_string(), "{text}");
        }
    }

    #[test]
    fn successes_look_as_clients_expect_them() {
        let reply: Value = json::from_str(&success("pong", &json!("x"))).unwrap();
        assert_eq!(reply, json!({"msg": "pong", "code": 200, "_id": "x"}));
    }
}
