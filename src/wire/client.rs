//! The other end of Perspective Broker: what the clients of a master say, ours or Buildbot's own.
//!
//! For programs that do one thing and end: one connection, one caller.

mod connection;
mod status;
mod tester;

pub use connection::{Account, ClientError};
pub use status::{StatusEvent, StatusWatcher};
pub use tester::{BuildNews, Tester};

use buildbot_protocol::Value;
use buildbot_protocol::pb::{Jelly, from_value};

use self::connection::Connection;
pub use super::visitor::UserCommand;
use crate::domain::{NewChange, PropertyValue};

/// Sends a change; the codebase only if it has one, for masters that know of none. `vc` is the name of its version
/// control system.
pub async fn send_change(account: &Account, change: &NewChange, vc: Option<&str>) -> Result<(), ClientError> {
    let mut connection = Connection::log_in(account).await?;
    connection.ask("addChange", &[dictionary(change, vc)]).await?;
    connection.close().await;
    Ok(())
}

/// Has users administrated; answers what was done.
pub async fn administrate_users(account: &Account, command: UserCommand) -> Result<String, ClientError> {
    let mut connection = Connection::log_in(account).await?;
    let ids = command.ids.into_iter().map(Jelly::Text).collect();
    let info = command.info.into_iter().map(|user| {
        Jelly::Dict(user.into_iter().map(|(name, value)| (Jelly::Text(name), Jelly::Text(value))).collect())
    });
    let info: Vec<Jelly> = info.collect();
    let unless_empty = |items: Vec<Jelly>| if items.is_empty() { Jelly::None } else { Jelly::List(items) };
    let text = |text: Option<String>| text.map_or(Jelly::None, Jelly::Text);
    let args = [
        Jelly::Text(command.operation),
        text(command.bb_username),
        text(command.bb_password),
        unless_empty(ids),
        unless_empty(info),
    ];
    let answer = connection.ask("commandline", &args).await?;
    connection.close().await;
    Ok(answer.into_text().unwrap_or_default())
}

fn dictionary(change: &NewChange, vc: Option<&str>) -> Jelly {
    let text = |text: &str| Jelly::from(text);
    let optional = |text: Option<&str>| text.map_or(Jelly::None, Jelly::from);
    let when = change.when.map_or(Jelly::None, |when| {
        #[expect(clippy::cast_precision_loss, reason = "microseconds are exact until the year 2255")]
        Jelly::Float(when.micros() as f64 / 1e6)
    });
    let files = change.files.iter().map(|file| text(file)).collect();
    let properties = change.properties.iter().map(|(name, property)| (text(name), jelly(&property.value))).collect();
    let mut entries = vec![
        ("project", text(&change.project)),
        ("repository", text(&change.repository)),
        ("who", text(&change.author)),
        ("files", Jelly::List(files)),
        ("comments", text(&change.comments)),
        ("branch", optional(change.branch.as_deref())),
        ("revision", optional(change.revision.as_deref())),
        ("category", optional(change.category.as_deref())),
        ("when", when),
        ("properties", Jelly::Dict(properties)),
        ("revlink", text(change.revlink.as_deref().unwrap_or_default())),
        ("src", optional(vc)),
    ];
    if !change.codebase.is_empty() {
        entries.push(("codebase", text(&change.codebase)));
    }
    Jelly::Dict(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
}

fn jelly(value: &PropertyValue) -> Jelly {
    from_value(value_of(value))
}

fn value_of(value: &PropertyValue) -> Value {
    match value {
        PropertyValue::Null => Value::Nil,
        PropertyValue::Bool(flag) => Value::Bool(*flag),
        PropertyValue::Int(number) => Value::Int(*number),
        PropertyValue::Float(number) => Value::Float(*number),
        PropertyValue::Str(text) => Value::Str(text.clone()),
        PropertyValue::List(items) => Value::Array(items.iter().map(value_of).collect()),
        PropertyValue::Map(items) => {
            Value::Map(items.iter().map(|(key, item)| (key.clone(), value_of(item))).collect())
        }
    }
}
