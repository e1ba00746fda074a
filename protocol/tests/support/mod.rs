//! Captured connections, taken apart into WebSocket messages.

use std::collections::BTreeMap;
use std::path::Path;

/// What one side of one connection sent.
#[derive(Debug, Default)]
pub struct Side {
    /// The request or answer up to and including its empty line.
    pub handshake: String,
    /// Payloads of the binary messages, unmasked.
    pub messages: Vec<Vec<u8>>,
}

/// Key: connection number and direction, `C>S` or `S>C`.
pub fn load(name: &str) -> BTreeMap<(u32, String), Side> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name);
    let text = std::fs::read_to_string(&path).expect("the capture is there");
    let mut streams: BTreeMap<(u32, String), Stream> = BTreeMap::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let mut word = || words.next().expect("three words a line");
        let key = (word().parse().expect("a connection number"), word().to_owned());
        streams.entry(key).or_default().feed(&from_hex(word()));
    }
    streams.into_iter().map(|(key, stream)| (key, stream.finish())).collect()
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// Takes reads as they come and emits whole messages.
#[derive(Default)]
struct Stream {
    pending: Vec<u8>,
    side: Side,
}

impl Stream {
    fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        if self.side.handshake.is_empty() {
            let Some(end) = self.pending.windows(4).position(|four| four == b"\r\n\r\n") else { return };
            self.side.handshake = String::from_utf8(self.pending.drain(..end + 4).collect()).expect("a header of text");
        }
        while let Some((len, payload)) = frame(&self.pending) {
            self.pending.drain(..len);
            self.side.messages.push(payload);
        }
    }

    fn finish(self) -> Side {
        assert!(self.pending.is_empty(), "{} bytes are no whole frame", self.pending.len());
        self.side
    }
}

/// The length and payload of the first frame, if it is there as a whole. The captures hold binary messages only.
fn frame(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    let (&first, &second) = (bytes.first()?, bytes.get(1)?);
    assert_eq!(first, 0x82, "a final binary frame");
    let (extended, mut at) = match second & 0x7f {
        126 => (Some(bytes.get(2..4)?), 4),
        127 => (Some(bytes.get(2..10)?), 10),
        _ => (None, 2),
    };
    let len = match extended {
        Some(bytes) => bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)),
        None => usize::from(second & 0x7f),
    };
    let mut mask = [0; 4];
    if second & 0x80 != 0 {
        mask.copy_from_slice(bytes.get(at..at + 4)?);
        at += 4;
    }
    let payload = bytes.get(at..at + len)?;
    Some((at + len, payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect()))
}
