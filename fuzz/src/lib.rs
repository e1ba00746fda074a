//! What hostile bytes are fed to, one function for each reader. Each panics when a promise is broken.

use buildbot_protocol::pb::banana::{Decoder, Writer, encode};
use buildbot_protocol::pb::{Broker, Dialect, Failure, Incoming, Jelly, Limits, RemoteId, Target, jelly};
use buildbot_protocol::{msgpack, upgrade};

/// So much of an input decides how the rest is cut.
const N_CUTS: usize = 2;

/// Expressions are read alike however they are cut, and written again with the same meaning.
pub fn banana(bytes: &[u8]) {
    let (cuts, bytes) = bytes.split_at(N_CUTS.min(bytes.len()));
    let whole = exprs(&[bytes]);
    assert_eq!(written(&whole), written(&exprs(&pieces(cuts, bytes))));
    for expr in &whole {
        let bytes = encode(expr, Dialect::Pb).expect("what was read can be written");
        assert_eq!(written(&exprs(&[&bytes])), [bytes]);
    }
}

/// A value that was read is read again as the same.
pub fn jelly(bytes: &[u8]) {
    for expr in exprs(&[bytes]) {
        let Ok(value) = jelly::read(expr, &Limits::SESSION, &mut Vec::new()) else { continue };
        let mut out = Writer::new(Dialect::Pb);
        // A shared value may be deeper than what we write.
        if jelly::write(&value, &mut out).is_ok() {
            let bytes = out.into_bytes();
            let again = exprs(&[&bytes]).pop().map(|expr| jelly::read(expr, &Limits::SESSION, &mut Vec::new()));
            assert_eq!(format!("{again:?}"), format!("{:?}", Some(Ok::<_, jelly::NotJelly>(value))));
        }
    }
}

/// A conversation with both kinds of broker, whose owners answer everything and keep nothing.
pub fn broker(bytes: &[u8]) {
    let (cuts, bytes) = bytes.split_at(N_CUTS.min(bytes.len()));
    let server = Broker::server(Limits::LOGIN);
    let client = Broker::client(Limits::SESSION);
    for mut broker in [server, client] {
        for piece in pieces(cuts, bytes) {
            let Ok(incoming) = broker.receive(piece) else { break };
            incoming.into_iter().for_each(|incoming| react(&mut broker, incoming));
            broker.take_output();
        }
    }
}

fn react(broker: &mut Broker, incoming: Incoming) {
    match incoming {
        Incoming::Ready => {
            for _ in 0..3 {
                let object = broker.export().expect("three are not too many");
                broker.call(Target::Root, "take", &[object.into()], &[]).expect("it is short");
            }
        }
        Incoming::Call { target: Target::Root, args, reply, .. } => {
            args.iter().for_each(|arg| broker.discard(arg));
            broker.refuse(reply, &Failure::no_such_method("x"));
        }
        Incoming::Call { target: Target::Object(id), args, reply, .. } => {
            broker.release(RemoteId(id));
            // Objects of the peer are none of ours, so most values cannot be given back.
            let _ = broker.answer(reply, &Jelly::Tuple(args));
        }
        Incoming::Answer { value, .. } => broker.discard(&value),
        Incoming::Error { .. } | Incoming::Released(_) | Incoming::NotUnderstood(_) => {}
    }
}

/// A message that was understood is written with the same meaning.
pub fn msgpack(bytes: &[u8]) {
    if let Ok(message) = msgpack::decode(bytes) {
        let again = msgpack::decode(&msgpack::encode(&message)).expect("what was understood can be written");
        assert_eq!(format!("{again:?}"), format!("{message:?}"));
    }
}

/// The header of a WebSocket.
pub fn upgrade(bytes: &[u8]) {
    if let Ok(request) = upgrade::parse(bytes) {
        assert!(!request.key.contains("\r\n") && !request.authorization.contains("\r\n"));
    }
}

fn exprs(pieces: &[&[u8]]) -> Vec<buildbot_protocol::pb::Expr> {
    let mut decoder = Decoder::new(Limits::SESSION);
    decoder.set_dialect(Dialect::Pb);
    let mut exprs = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Ok(Some(expr)) = decoder.next_expr() {
            exprs.push(expr);
        }
    }
    exprs
}

/// Bytes can be compared where numbers that are none cannot.
fn written(exprs: &[buildbot_protocol::pb::Expr]) -> Vec<Vec<u8>> {
    exprs.iter().map(|expr| encode(expr, Dialect::Pb).expect("what was read can be written")).collect()
}

fn pieces<'a>(cuts: &[u8], mut bytes: &'a [u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let mut sizes = cuts.iter().map(|size| usize::from(*size) + 1).cycle();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(sizes.next().unwrap_or(usize::MAX).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}
