//! The only door to `serde_json`.
//!
//! The configuration engine turns on `serde_json/arbitrary_precision` for the whole binary, which breaks reading
//! floats into flattened, untagged and internally tagged types straight from text. Everything is therefore read into
//! a [`Value`] first; clippy forbids the direct way elsewhere. The tests below are the four cases that broke.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
pub use serde_json::{Value, json};

use crate::domain::PropertyValue;

/// The reason a text is not the JSON that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("invalid JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

#[expect(clippy::disallowed_methods, reason = "the door itself")]
pub fn from_slice<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    let value: Value = serde_json::from_slice(bytes)?;
    Ok(serde_json::from_value(value)?)
}

pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    from_slice(text.as_bytes())
}

/// Compact JSON. Types of this program always serialise; a bug here shows as `null`.
#[expect(clippy::disallowed_methods, reason = "the door itself")]
pub fn to_string<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}

/// JSON indented by two.
pub fn to_string_pretty<T: Serialize>(value: &T) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|_| "null".to_owned())
}

/// A property value as JSON.
pub fn of_property(value: &PropertyValue) -> Value {
    match value {
        PropertyValue::Null => Value::Null,
        PropertyValue::Bool(flag) => Value::Bool(*flag),
        PropertyValue::Int(number) => Value::from(*number),
        PropertyValue::Float(number) => serde_json::Number::from_f64(*number).map_or(Value::Null, Value::Number),
        PropertyValue::Str(text) => Value::String(text.clone()),
        PropertyValue::List(items) => Value::Array(items.iter().map(of_property).collect()),
        PropertyValue::Map(items) => items.iter().map(|(key, item)| (key.clone(), of_property(item))).collect(),
    }
}

/// JSON as a property value; a number beyond 64 bits becomes a float.
pub fn to_property(value: &Value) -> PropertyValue {
    match value {
        Value::Null => PropertyValue::Null,
        Value::Bool(flag) => PropertyValue::Bool(*flag),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => PropertyValue::Int(whole),
            None => number.as_f64().map_or(PropertyValue::Null, PropertyValue::Float),
        },
        Value::String(text) => PropertyValue::Str(text.clone()),
        Value::Array(items) => PropertyValue::List(items.iter().map(to_property).collect()),
        Value::Object(items) => {
            let items: BTreeMap<_, _> = items.iter().map(|(key, item)| (key.clone(), to_property(item))).collect();
            PropertyValue::Map(items)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Inner {
        x: f64,
    }

    #[derive(Deserialize)]
    struct Flattened {
        #[serde(flatten)]
        inner: Inner,
    }

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(f64),
    }

    #[derive(Deserialize)]
    #[serde(tag = "op")]
    enum Tagged {
        Wait { seconds: f64 },
    }

    #[test]
    fn floats_survive_flattened_untagged_and_tagged_types() {
        let flattened: Flattened = from_str(r#"{"x": 1.5}"#).unwrap();
        assert_eq!(flattened.inner.x, 1.5);
        let Untagged::Number(number) = from_str("1.5").unwrap();
        assert_eq!(number, 1.5);
        let Tagged::Wait { seconds } = from_str(r#"{"op": "Wait", "seconds": 0.5}"#).unwrap();
        assert_eq!(seconds, 0.5);
    }

    #[test]
    fn property_values_survive_a_round_trip() {
        let text = r#"{"a":[1,2.5,null,true,"x"],"b":{}}"#;
        let value: Value = from_str(text).unwrap();
        assert_eq!(to_string(&of_property(&to_property(&value))), text);
    }
}
