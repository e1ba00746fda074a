//! Reading the arguments of commands.

use std::time::Duration;

use buildbot_protocol::Value;

use super::{Arguments, CommandError};

pub fn text(args: &Arguments, name: &str) -> Result<String, CommandError> {
    match args.get(name) {
        Some(Value::Str(text)) => Ok(text.clone()),
        Some(Value::Bin(bytes)) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        _ => Err(CommandError::Failed(format!("argument '{name}' is no text"))),
    }
}

/// One text or a list of them.
pub fn texts(args: &Arguments, name: &str) -> Result<Vec<String>, CommandError> {
    match args.get(name) {
        Some(Value::Array(items)) => {
            let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
            texts.ok_or_else(|| CommandError::Failed(format!("argument '{name}' holds something that is no text")))
        }
        _ => text(args, name).map(|text| vec![text]),
    }
}

pub fn flag(args: &Arguments, name: &str, default: bool) -> bool {
    match args.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Int(number)) => *number != 0,
        _ => default,
    }
}

/// Seconds, whole or not; anything that is no usable duration is none.
pub fn duration(args: &Arguments, name: &str) -> Option<Duration> {
    let seconds = args.get(name)?.as_f64()?;
    Duration::try_from_secs_f64(seconds).ok()
}

pub fn whole(args: &Arguments, name: &str) -> Option<i64> {
    args.get(name)?.as_int()
}
