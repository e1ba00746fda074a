//! A little of what the fuzzer does, in every run: the same entries, fed from fixed seeds.

#[path = "../../fuzz/src/lib.rs"]
mod entries;
#[path = "support/pb.rs"]
mod support;

use support::{CAPTURES, lines, load, side};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost:9989\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\
    Authorization: Basic dy1tcDptcHBhc3M=\r\nSec-WebSocket-Key: 8OFILm8jZ/FBs+RnVaYsvw==\r\n\
    Sec-WebSocket-Version: 13\r\n\r\n";

/// Seeds as they are, then with bytes changed, cut out, doubled and made up.
fn feed(entry: fn(&[u8]), seeds: &[Vec<u8>], n_rounds: usize) {
    seeds.iter().for_each(|seed| entry(seed));
    let mut random = fastrand::Rng::with_seed(8);
    for round in 0..n_rounds {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..bytes.len().max(1)).min(bytes.len());
            let end = (at + random.usize(..64)).min(bytes.len());
            match random.u8(..4) {
                0 => bytes[at..end].iter_mut().take(3).for_each(|byte| *byte = random.u8(..)),
                1 => drop(bytes.drain(at..end)),
                2 => bytes.extend_from_within(at..end),
                _ => bytes.insert(at, random.u8(0x78..0x90)),
            }
        }
        entry(&bytes);
    }
}

/// The first few kilobytes of what each side said, without the negotiation where the entry begins behind it.
fn conversations(from: usize) -> Vec<Vec<u8>> {
    let sides = |name: &&str| {
        let reads = load(name);
        [side(&reads, 1, false), side(&reads, 1, true)]
    };
    let sides = CAPTURES.iter().flat_map(sides);
    sides.map(|bytes| bytes[from..].iter().copied().take(3000).collect()).collect()
}

#[test]
fn banana_keeps_its_promises() {
    feed(entries::banana, &conversations(2), 3_000);
}

#[test]
fn jelly_keeps_its_promises() {
    let values = lines("pb-units.txt").into_iter().filter(|words| words[0] == "jelly");
    let seeds: Vec<Vec<u8>> = values.map(|words| support::from_hex(&words[3])).collect();
    feed(entries::jelly, &seeds, 20_000);
}

#[test]
fn the_broker_keeps_its_promises() {
    let seeds: Vec<Vec<u8>> = conversations(0).into_iter().map(|bytes| [vec![60, 200], bytes].concat()).collect();
    feed(entries::broker, &seeds, 3_000);
}

#[test]
fn msgpack_keeps_its_promises() {
    let seeds: Vec<Vec<u8>> = lines("worker-min.txt")
        .into_iter()
        .map(|words| support::from_hex(&words[2]))
        .filter(|bytes| bytes.starts_with(&[0x82]) && bytes[1] < 126)
        .map(|bytes| bytes[2..2 + usize::from(bytes[1])].to_vec())
        .collect();
    assert_eq!(seeds.len(), 9);
    feed(entries::msgpack, &seeds, 20_000);
}

#[test]
fn the_upgrade_keeps_its_promises() {
    assert!(buildbot_protocol::upgrade::parse(REQUEST).is_ok());
    feed(entries::upgrade, &[REQUEST.to_vec()], 20_000);
}
