//! Between the values of calls and those that both dialects share.

use super::Jelly;
use crate::Value;

/// For a peer that gets text as `unicode` and bytes as bytes.
pub fn from_value(value: Value) -> Jelly {
    match value {
        Value::Nil => Jelly::None,
        Value::Bool(flag) => Jelly::Bool(flag),
        Value::Int(number) => Jelly::Int(number),
        Value::Float(number) => Jelly::Float(number),
        Value::Str(text) => Jelly::Text(text),
        Value::Bin(bytes) => Jelly::Bytes(bytes),
        Value::Array(items) => Jelly::List(items.into_iter().map(from_value).collect()),
        Value::Map(items) => {
            Jelly::Dict(items.into_iter().map(|(key, value)| (Jelly::Text(key), from_value(value))).collect())
        }
    }
}

/// What a peer said, as far as the shared values can hold it: bytes are text (old peers have no other), references and
/// unknown things are nothing, and entries whose key is no text are left out.
pub fn to_value(jelly: Jelly) -> Value {
    match jelly {
        Jelly::Bool(flag) => Value::Bool(flag),
        Jelly::Int(number) => Value::Int(number),
        Jelly::Float(number) => Value::Float(number),
        Jelly::Text(_) | Jelly::Bytes(_) => jelly.into_text().map_or(Value::Nil, Value::Str),
        Jelly::List(items) | Jelly::Tuple(items) | Jelly::Set(items) | Jelly::FrozenSet(items) => {
            Value::Array(items.into_iter().map(to_value).collect())
        }
        Jelly::Dict(entries) => {
            let entries = entries.into_iter();
            Value::Map(entries.filter_map(|(key, value)| Some((key.into_text()?, to_value(value)))).collect())
        }
        Jelly::None
        | Jelly::Long(_)
        | Jelly::Remote(_)
        | Jelly::Local(_)
        | Jelly::Failure(_)
        | Jelly::Opaque { .. } => Value::Nil,
    }
}
