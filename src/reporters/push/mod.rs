//! Buildbot 0.8's `status_push`: everything that happens, packet by packet and in order, to a server or a function.
//!
//! What waits is in the database, so that the buffer needs no file of its own.

mod dictionary;
mod packet;

use std::time::Duration;

pub use dictionary::{build, buildset, change, properties, request, step, times};
pub use packet::{PacketEvent, packet};

use super::http::HttpConfig;
use crate::domain::Callback;
use crate::json;

/// `status.StatusPush` and `status.HttpStatusPush`.
#[derive(Clone, Debug, PartialEq)]
pub struct PushConfig {
    pub end: PushEnd,
    /// Most packets that are sent together.
    pub chunk: usize,
    /// Most bytes of a request; a packet that is larger alone is dropped. `None` is no limit.
    pub most_bytes: Option<usize>,
    /// How long packets are gathered before they are sent.
    pub gather: Duration,
    /// The pause after an attempt that failed.
    pub retry: Duration,
    /// Most packets that wait; more push the oldest out. `None` is no limit.
    pub most_waiting: Option<i64>,
    /// Whether entries without a value are left out.
    pub drops_empty: bool,
    /// Events that are not told, by their names of 0.8.
    pub unwanted: Vec<String>,
}

/// Who gets the packets.
#[derive(Clone, Debug, PartialEq)]
pub enum PushEnd {
    /// As the field `packets` of a form, with these besides.
    Form { http: HttpConfig, fields: Vec<(String, String)>, pretty: bool },
    /// `function(packets)`; it has failed if it raises.
    Function(Callback),
}

impl PushConfig {
    /// What is sent of packets that were stored one by one.
    pub fn body<'a>(&self, packets: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let list = joined(packets);
        match &self.end {
            PushEnd::Function(_) => list.into_bytes(),
            PushEnd::Form { fields, pretty, .. } => {
                let list = if *pretty { indented(&list) } else { list };
                let more = fields.iter().map(|(name, value)| format!("&{}={}", encoded(name), encoded(value)));
                format!("packets={}{}", encoded(&list), more.collect::<String>()).into_bytes()
            }
        }
    }
}

fn joined<'a>(packets: impl Iterator<Item = &'a [u8]>) -> String {
    let texts: Vec<_> = packets.map(String::from_utf8_lossy).collect();
    format!("[{}]", texts.join(","))
}

fn indented(list: &str) -> String {
    json::from_str(list).map_or_else(|_| list.to_owned(), |value: json::Value| json::to_string_pretty(&value))
}

/// As a form says it.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => encoded.push(char::from(byte)),
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::mail::Trust;
    use crate::secrets::LateText;

    fn to_server(pretty: bool) -> PushConfig {
        let http = HttpConfig {
            url: LateText::from("http://x/"),
            auth: None,
            headers: Vec::new(),
            signing_key: None,
            trust: Trust::System,
            identity: None,
            debug: false,
            content: "application/x-www-form-urlencoded",
        };
        PushConfig {
            end: PushEnd::Form { http, fields: vec![("key".to_owned(), "a&b".to_owned())], pretty },
            chunk: 200,
            most_bytes: None,
            gather: Duration::ZERO,
            retry: Duration::ZERO,
            most_waiting: None,
            drops_empty: true,
            unwanted: Vec::new(),
        }
    }

    #[test]
    fn packets_are_one_field_of_a_form() {
        let packets: [&[u8]; 2] = [b"{\"id\":1}", b"{\"id\":2}"];
        let body = to_server(false).body(packets.into_iter());
        assert_eq!(String::from_utf8(body).unwrap(), "packets=%5B%7B%22id%22%3A1%7D%2C%7B%22id%22%3A2%7D%5D&key=a%26b");
        let pretty = String::from_utf8(to_server(true).body(packets.into_iter())).unwrap();
        assert!(pretty.contains("%0A"), "{pretty}");
    }
}
