//! Elements of REST as JSON objects, and the envelope around them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Properties, Property};
use crate::json::{self, Value, json};

/// One element: a JSON object with sorted keys.
pub type Element = BTreeMap<String, Value>;

/// What a collection answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Elements {
    pub elements: Vec<Element>,
    /// What `meta.total` says.
    pub total: i64,
}

/// An element of a type whose fields are those of REST.
pub fn element<T: Serialize>(value: &T) -> Element {
    match json!(value) {
        Value::Object(fields) => fields.into_iter().collect(),
        _ => Element::new(),
    }
}

/// `{name: [value, source]}`
pub fn properties(properties: &Properties) -> Value {
    let pair = |(name, Property { value, source }): (&str, &Property)| {
        (name.to_owned(), json!([json::of_property(value), source]))
    };
    properties.iter().map(pair).collect()
}

/// JSON text in which everything beyond ASCII is escaped; indented for people, compact for programs.
pub fn text(value: &Value, compact: bool) -> String {
    let text = if compact { json::to_string(value) } else { json::to_string_pretty(value) };
    escape_non_ascii(text)
}

fn escape_non_ascii(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + text.len() / 4);
    let mut units = [0; 2];
    for letter in text.chars() {
        if letter.is_ascii() {
            escaped.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn non_ascii_is_escaped_as_utf16() {
        assert_eq!(text(&json!({"a": "é😀"}), true), r#"{"a":"\u00e9\ud83d\ude00"}"#);
    }
}
