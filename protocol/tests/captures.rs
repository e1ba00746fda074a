//! What real peers said is understood, and said again in the same words.

mod support;

use buildbot_protocol::msgpack::{decode, encode};
use buildbot_protocol::{Message, Request, Update};

const CAPTURES: [(&str, usize); 4] = [
    ("worker-min.txt", 42),
    ("worker-full.txt", 260),
    ("worker-keepstamp-failure.txt", 98),
    ("worker-interrupt-shutdown.txt", 32),
];

fn messages(name: &str) -> Vec<Vec<u8>> {
    support::load(name).into_values().flat_map(|side| side.messages).collect()
}

#[test]
fn every_captured_message_is_understood() {
    for (name, n_messages) in CAPTURES {
        let messages = messages(name);
        for bytes in &messages {
            if let Err(error) = decode(bytes) {
                panic!("{name}: {error}: {}", String::from_utf8_lossy(bytes));
            }
        }
        assert_eq!(messages.len(), n_messages, "{name}");
    }
}

#[test]
fn no_captured_update_has_a_key_that_is_not_understood() {
    for (name, _) in CAPTURES {
        for bytes in messages(name) {
            if let Ok(Message::Request { request: Request::Update { updates, .. }, .. }) = decode(&bytes) {
                assert!(!updates.iter().any(|update| matches!(update, Update::Other { .. })), "{name}: {updates:?}");
            }
        }
    }
}

#[test]
fn a_captured_message_is_written_again_with_the_same_meaning() {
    for (name, _) in CAPTURES {
        for bytes in messages(name) {
            let message = decode(&bytes).unwrap();
            let written = encode(&message);
            assert_eq!(decode(&written).as_ref(), Ok(&message), "{name}");
            assert_eq!(written.len(), bytes.len(), "{name}: {message:?}");
        }
    }
}

/// Arguments are kept sorted, so a map that came in another order is written in ours.
#[test]
fn a_captured_message_without_unsorted_maps_is_written_byte_for_byte() {
    let sorted = |message: &Message| {
        !matches!(message, Message::Request { request: Request::StartCommand { .. }, .. })
            && !matches!(message, Message::Response(response) if matches!(&response.result, Ok(value) if value.as_map().is_some()))
    };
    let mut n_equal = 0;
    for (name, _) in CAPTURES {
        for bytes in messages(name) {
            let message = decode(&bytes).unwrap();
            if sorted(&message) {
                assert_eq!(encode(&message), bytes, "{name}: {message:?}");
                n_equal += 1;
            }
        }
    }
    assert_eq!(n_equal, 374);
}

#[test]
fn a_refused_handshake_has_an_answer_without_a_body() {
    let sides = support::load("worker-wrong-password.txt");
    for ((_, direction), side) in sides {
        assert!(side.messages.is_empty());
        if direction == "S>C" {
            assert_eq!(side.handshake, "HTTP/1.1 401 Unauthorized\r\n\r\n");
        }
    }
}
