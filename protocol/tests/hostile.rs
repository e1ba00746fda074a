//! Whatever a peer sends, the decoder answers with a message or an error.

mod support;

use buildbot_protocol::msgpack::{DecodeError, Malformed, Refusal, decode, encode};
use buildbot_protocol::{Lines, Message, Request, Response, Update, Value};

fn seeds() -> Vec<Vec<u8>> {
    ["worker-min.txt", "worker-full.txt"]
        .into_iter()
        .flat_map(|name| support::load(name).into_values())
        .flat_map(|side| side.messages)
        .collect()
}

#[test]
fn changed_bytes_never_make_it_panic() {
    let mut random = fastrand::Rng::with_seed(1);
    let seeds = seeds();
    for round in 0..60_000 {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        if let Ok(message) = decode(&bytes) {
            let again = decode(&encode(&message)).expect("what was understood can be written");
            assert_eq!(format!("{again:?}"), format!("{message:?}"));
        }
    }
}

#[test]
fn a_message_cut_anywhere_is_truncated() {
    for bytes in seeds() {
        for end in 0..bytes.len() {
            assert_eq!(decode(&bytes[..end]), Err(DecodeError::Malformed(Malformed::Truncated)));
        }
    }
}

#[test]
fn noise_never_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(2);
    for _ in 0..60_000 {
        let bytes: Vec<u8> = (0..random.usize(..64)).map(|_| random.u8(..)).collect();
        let _ = decode(&bytes);
    }
}

/// A map of text to values, as any peer may send it.
fn map(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x80 | u8::try_from(entries.len()).expect("few entries")];
    for (key, value) in entries {
        bytes.push(0xa0 | u8::try_from(key.len()).expect("short keys"));
        bytes.extend_from_slice(key.as_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

#[test]
fn a_message_without_op_or_number_has_no_answer() {
    for (entries, missing) in [
        (&[("seq_number", &[0x01][..])][..], "op"),
        (&[("op", &[0xa5, b'p', b'r', b'i', b'n', b't'][..])][..], "seq_number"),
        (&[("op", &[0xc0][..]), ("seq_number", &[0x01][..])][..], "op"),
    ] {
        let error = decode(&map(entries)).unwrap_err();
        assert_eq!(error, DecodeError::Unanswerable(missing));
        assert_eq!(error.answer(), None);
    }
}

#[test]
fn an_unknown_operation_is_answered_with_its_name() {
    let bytes = map(&[("op", &[0xa3, b'f', b'l', b'y'][..]), ("seq_number", &[0x07][..])]);
    let error = decode(&bytes).unwrap_err();
    assert_eq!(error, DecodeError::Refused { seq: 7, refusal: Refusal::UnknownOperation("fly".to_owned()) });
    let expected = Response { seq: 7, result: Err("Command fly does not exist.".to_owned()) };
    assert_eq!(error.answer(), Some(Message::Response(expected)));
}

#[test]
fn a_missing_argument_is_answered_with_its_name() {
    let bytes = map(&[("op", &[0xa5, b'p', b'r', b'i', b'n', b't'][..]), ("seq_number", &[0x07][..])]);
    let Some(Message::Response(response)) = decode(&bytes).unwrap_err().answer() else { panic!("no answer") };
    assert_eq!(response.result, Err("'message did not contain obligatory \"message\" key'".to_owned()));
}

#[test]
fn an_argument_of_another_type_is_refused() {
    let bytes = map(&[
        ("op", &[0xa5, b'p', b'r', b'i', b'n', b't'][..]),
        ("message", &[0x01][..]),
        ("seq_number", &[0x07][..]),
    ]);
    assert_eq!(decode(&bytes), Err(DecodeError::Refused { seq: 7, refusal: Refusal::WrongType("message") }));
}

#[test]
fn bytes_after_the_message_are_an_error() {
    let mut bytes = encode(&Message::Request { seq: 1, request: Request::Keepalive });
    bytes.push(0xc0);
    assert_eq!(decode(&bytes), Err(DecodeError::Malformed(Malformed::TrailingBytes)));
}

#[test]
fn positions_of_line_ends_count_characters() {
    let lines = Lines { text: "é\nab\n".to_owned(), times: vec![1.0, 2.0] };
    let updates = vec![Update::Stdout(lines)];
    let request = Request::Update { command_id: "1".to_owned(), updates };
    let bytes = encode(&Message::Request { seq: 0, request: request.clone() });
    let positions = [0x92, 0x01, 0x04];
    assert!(bytes.windows(3).any(|three| three == positions), "{bytes:02x?}");
    assert_eq!(decode(&bytes), Ok(Message::Request { seq: 0, request }));
}

#[test]
fn an_exception_without_text_is_still_one() {
    let bytes = map(&[
        ("op", &[0xa8, b'r', b'e', b's', b'p', b'o', b'n', b's', b'e'][..]),
        ("seq_number", &[0x02][..]),
        ("result", &[0x05][..]),
        ("is_exception", &[0xc3][..]),
    ]);
    let Ok(Message::Response(response)) = decode(&bytes) else { panic!("no response") };
    assert_eq!(response, Response { seq: 2, result: Err(format!("{:?}", Value::Int(5))) });
}
