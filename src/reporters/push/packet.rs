//! A packet: what happened, when, and about what.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use crate::domain::{PropertyValue, Timestamp};

/// What happened, in words of 0.8.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketEvent {
    /// Such as `buildFinished`.
    pub name: &'static str,
    /// What it is about, by name.
    pub payload: Vec<(&'static str, PropertyValue)>,
}

/// The dictionary that is sent. `id` grows from packet to packet and is the same in every attempt.
pub fn packet(event: PacketEvent, id: i64, at: Timestamp, title: &str, drops_empty: bool) -> PropertyValue {
    let payload = event.payload.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut payload = PropertyValue::Map(payload);
    if drops_empty {
        payload = without_empty(payload).unwrap_or(PropertyValue::Map(BTreeMap::new()));
    }
    super::super::dictionary::map([
        ("id", id.into()),
        ("timestamp", moment(at).into()),
        ("project", title.into()),
        ("event", event.name.into()),
        ("payload", payload),
    ])
}

/// In UTC: `2026-11-21 14:03:00.000000`.
fn moment(at: Timestamp) -> String {
    let Ok(instant) = jiff::Timestamp::from_microsecond(at.micros()) else { return String::new() };
    instant.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S.%6f").to_string()
}

/// A value without entries that say nothing; `None` if nothing is left.
fn without_empty(value: PropertyValue) -> Option<PropertyValue> {
    match value {
        PropertyValue::Null => None,
        PropertyValue::Str(text) => (!text.is_empty()).then_some(PropertyValue::Str(text)),
        // The places within a list mean something.
        PropertyValue::List(items) => (!items.is_empty()).then_some(PropertyValue::List(items)),
        PropertyValue::Map(entries) => {
            let entries = entries.into_iter().filter_map(|(name, value)| Some((name, without_empty(value)?)));
            let entries: BTreeMap<_, _> = entries.collect();
            (!entries.is_empty()).then_some(PropertyValue::Map(entries))
        }
        other => Some(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::reporters::fixtures::at;

    fn text(drops_empty: bool) -> String {
        let build = super::super::super::dictionary::map([
            ("number", 0.into()),
            ("eta", PropertyValue::Null),
            ("text", PropertyValue::List(Vec::new())),
            ("times", PropertyValue::List(vec![1.into(), PropertyValue::Null])),
        ]);
        let event = PacketEvent { name: "buildStarted", payload: vec![("build", build)] };
        json::to_string(&json::of_property(&packet(event, 7, at(0), "T", drops_empty)))
    }

    #[test]
    fn a_packet_says_what_happened_when_and_about_what() {
        assert_eq!(
            text(true),
            r#"{"event":"buildStarted","id":7,"payload":{"build":{"number":0,"times":[1,null]}},"project":"T","timestamp":"2023-11-14 22:13:20.000000"}"#
        );
    }

    #[test]
    fn entries_without_a_value_stay_if_nobody_filters() {
        assert!(text(false).contains(r#""eta":null"#));
    }
}
