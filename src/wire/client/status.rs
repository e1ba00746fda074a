//! Watches what happens on a master, through its `PBListener`.

use std::collections::BTreeMap;

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Failure, Incoming, Jelly, LocalId, to_value};

use super::connection::{Account, ClientError, Connection};

/// One thing that happened; what a field is called and whether it is there depends on the event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusEvent {
    pub event: String,
    /// The other fields as texts.
    pub fields: BTreeMap<String, String>,
}

/// A connection that hears of everything.
pub struct StatusWatcher {
    connection: Connection,
}

impl StatusWatcher {
    pub async fn connect(account: &Account) -> Result<Self, ClientError> {
        let mut connection = Connection::log_in(account).await?;
        let client: LocalId = connection.broker.export()?;
        connection.ask("subscribe", &[client.into()]).await?;
        Ok(Self { connection })
    }

    /// Waits for the next thing to happen.
    pub async fn next(&mut self) -> Result<StatusEvent, ClientError> {
        loop {
            let Incoming::Call { method, args, reply, .. } = self.connection.next().await? else { continue };
            if method != "event" {
                self.connection.broker.refuse(reply, &Failure::no_such_method(&method));
                continue;
            }
            self.connection.broker.answer(reply, &Jelly::None)?;
            if let Some(Value::Map(fields)) = args.into_iter().next().map(to_value) {
                return Ok(read(fields));
            }
        }
    }
}

fn read(mut fields: BTreeMap<String, Value>) -> StatusEvent {
    let event = match fields.remove("event") {
        Some(Value::Str(event)) => event,
        _ => String::new(),
    };
    let texts = fields.into_iter().filter_map(|(key, value)| match value {
        Value::Str(text) => Some((key, text)),
        Value::Int(number) => Some((key, number.to_string())),
        _ => None,
    });
    StatusEvent { event, fields: texts.collect() }
}
