//! Whatever a peer sends over Perspective Broker, and however it is cut, there is a message, a wait or an error.

#[path = "support/pb_reader.rs"]
mod reader;
#[path = "support/pb.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use buildbot_protocol::pb::banana::{Decoder, Long, Writer, encode};
use buildbot_protocol::pb::jelly::NotJelly;
use buildbot_protocol::pb::{
    Broker, BrokerError, Dialect, Expr, Failure, Incoming, Jelly, Limits, Malformed, Unsendable, jelly,
};
use reader::Reader;
use support::{CAPTURES, load, side};

/// Counts what this thread holds.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + change);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most that is held at once during a piece of work, in bytes.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    PEAK.set(before);
    work();
    usize::try_from(PEAK.get() - before).expect("a peak is no valley")
}

const READ_BYTES: usize = 16 * 1024;

/// What a connection may hold: an expression as it is read and as values, its lists growing by doubling, the last read.
fn bound(limits: &Limits) -> usize {
    2 * limits.expression_cost + 2 * limits.string_bytes + 2 * READ_BYTES
}

/// A server that was greeted.
fn server(limits: Limits) -> Broker {
    let mut server = Broker::server(limits);
    server.receive(b"\x02\x82pb\x02\x80\x13\x87\x06\x81").expect("a greeting");
    server.take_output();
    server
}

/// Feeds an endless repetition until the server has enough; returns the reason and the most it held.
fn flood(limits: Limits, head: &[u8], body: &[u8]) -> (BrokerError, usize) {
    let mut server = server(limits);
    let block: Vec<u8> = body.iter().copied().cycle().take(READ_BYTES / body.len() * body.len()).collect();
    let mut verdict = None;
    let peak = peak_of(|| {
        let mut failed = server.receive(head).err();
        for _ in 0..100_000 {
            failed = failed.or_else(|| server.receive(&block).err());
            if failed.is_some() {
                break;
            }
        }
        verdict = failed;
    });
    (verdict.expect("it has an end"), peak)
}

#[test]
fn a_flood_ends_within_the_bound() {
    for limits in [Limits::LOGIN, Limits::SESSION] {
        let n_items = limits.list_items;
        let mut list = Writer::new(Dialect::Pb);
        list.list(n_items).unwrap();
        let list = list.into_bytes();
        let floods: [(&str, &[u8], &[u8]); 5] = [
            ("lists of one within each other", b"", b"\x01\x80"),
            ("a list of empty lists", &list, b"\x00\x80"),
            ("a list of lists of one", &list, b"\x01\x80\x00\x81"),
            ("a list of words", &list, b"\x0c\x87"),
            ("a number without end", b"", b"\x01"),
        ];
        for (what, head, body) in floods {
            let (_, peak) = flood(limits, head, body);
            assert!(peak < bound(&limits), "{what}: {peak} bytes, {} allowed", bound(&limits));
        }
    }
}

#[test]
fn announced_lengths_are_refused_before_anything_is_kept() {
    let cases: [(&[u8], Malformed); 4] = [
        (b"\x01\x00\x28\x82", Malformed::StringTooLong(655_361)),
        (b"\x01\x00\x28\x80", Malformed::ListTooLong(655_361)),
        (&[[0x7f; 64].as_slice(), b"\x82"].concat(), Malformed::StringTooLong(u64::MAX)),
        (&[0x7f; 65], Malformed::TooManyDigits),
    ];
    for (bytes, why) in cases {
        let mut server = server(Limits::SESSION);
        assert_eq!(server.receive(bytes), Err(BrokerError::Malformed(why)));
        assert_eq!(server.receive(b"\x00\x81"), Err(BrokerError::Malformed(why)), "an error is final");
    }
}

#[test]
fn lists_are_nested_so_deep_and_no_deeper() {
    let nested = |depth: usize| [[0x01, 0x80].repeat(depth), vec![0x07, 0x81]].concat();
    let mut decoder = Decoder::new(Limits::SESSION);
    decoder.feed(&nested(64));
    let deepest = decoder.next_expr().unwrap().expect("as deep as may be");
    assert!(encode(&deepest, Dialect::Pb).is_ok());
    assert_eq!(encode(&Expr::List(vec![deepest]), Dialect::Pb), Err(Unsendable::TooDeep));
    decoder.feed(&nested(65));
    assert_eq!(decoder.next_expr(), Err(Malformed::TooDeep));
}

#[test]
fn the_largest_string_is_accepted_and_a_larger_one_is_not_written() {
    let largest = Expr::Bytes(vec![7; 640 * 1024]);
    let mut decoder = Decoder::new(Limits::SESSION);
    decoder.feed(&encode(&largest, Dialect::Pb).unwrap());
    assert_eq!(decoder.next_expr(), Ok(Some(largest)));
    assert!(encode(&Expr::Bytes(vec![7; 640 * 1024 + 1]), Dialect::Pb).is_err());
}

/// A value that means another one ten times, which means another one ten times, and so on.
fn bomb(levels: i64) -> Expr {
    let word = Expr::word;
    let mut items = vec![word("list")];
    for level in 1..=levels {
        let mut inner = vec![word("list")];
        match level {
            1 => inner.push(Expr::Bytes(vec![b'x'; 1000])),
            _ => inner.extend((0..10).map(|_| Expr::List(vec![word("dereference"), Expr::Int(level - 1)]))),
        }
        items.push(Expr::List(vec![word("reference"), Expr::Int(level), Expr::List(inner)]));
    }
    Expr::List(items)
}

#[test]
fn shared_values_cost_what_they_mean() {
    assert!(jelly::read(bomb(3), &Limits::SESSION, &mut Vec::new()).is_ok());
    let bomb = bomb(12);
    let peak = peak_of(|| {
        assert_eq!(jelly::read(bomb, &Limits::SESSION, &mut Vec::new()), Err(NotJelly::TooLarge));
    });
    assert!(peak < bound(&Limits::SESSION), "{peak}");
}

#[test]
fn a_large_value_meant_often_but_used_little_costs_its_size_each_time() {
    let word = Expr::word;
    let large = Expr::List(vec![word("unicode"), word(""), Expr::Bytes(vec![0; 600_000])]);
    let mut items = vec![word("list"), Expr::List(vec![word("reference"), Expr::Int(1), large])];
    items.extend((0..20_000).map(|_| Expr::List(vec![word("dereference"), Expr::Int(1)])));
    assert_eq!(jelly::read(Expr::List(items), &Limits::SESSION, &mut Vec::new()), Err(NotJelly::TooLarge));
}

#[test]
fn a_value_within_itself_is_refused() {
    let word = Expr::word;
    let again = Expr::List(vec![word("dereference"), Expr::Int(1)]);
    let list = Expr::List(vec![word("list"), again]);
    let circle = Expr::List(vec![word("reference"), Expr::Int(1), list]);
    assert_eq!(jelly::read(circle, &Limits::SESSION, &mut Vec::new()), Err(NotJelly::Circle));
}

#[test]
fn an_object_in_a_shared_value_was_sent_once() {
    let word = Expr::word;
    let object = Expr::List(vec![word("remote"), Expr::Int(5)]);
    let tuple = Expr::List(vec![word("tuple"), object.clone()]);
    let shared = Expr::List(vec![word("reference"), Expr::Int(1), tuple]);
    let again = Expr::List(vec![word("dereference"), Expr::Int(1)]);
    let mut received = Vec::new();
    // The use comes first, and one more stands by itself.
    let list = Expr::List(vec![word("list"), again, shared, object]);
    jelly::read(list, &Limits::SESSION, &mut received).unwrap();
    assert_eq!(received, [5, 5]);
}

fn captured_sides() -> Vec<Vec<u8>> {
    let sides = |name: &&str| {
        let reads = load(name);
        [side(&reads, 1, false), side(&reads, 1, true)]
    };
    CAPTURES.iter().flat_map(sides).collect()
}

#[test]
fn a_stream_means_the_same_however_it_is_cut() {
    let mut random = fastrand::Rng::with_seed(3);
    for bytes in captured_sides() {
        let expected = Reader::new().feed(&bytes);
        for size in [1, 7, 100, 5000] {
            let mut reader = Reader::new();
            let mut exprs = Vec::new();
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let (piece, tail) = rest.split_at(random.usize(1..=size).min(rest.len()));
                exprs.extend(reader.feed(piece));
                rest = tail;
            }
            assert!(exprs == expected);
        }
    }
}

#[test]
fn changed_bytes_never_make_it_panic() {
    let mut random = fastrand::Rng::with_seed(4);
    let sides = captured_sides();
    for round in 0..3_000 {
        let mut bytes = sides[round % sides.len()].clone();
        bytes.truncate(8_000);
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        for mut broker in [Broker::server(Limits::SESSION), Broker::client(Limits::SESSION)] {
            for piece in bytes.chunks(random.usize(1..2_000)) {
                let Ok(incoming) = broker.receive(piece) else { break };
                for incoming in incoming {
                    if let Incoming::Call { reply, args, .. } = incoming {
                        args.iter().for_each(|arg| broker.discard(arg));
                        broker.refuse(reply, &Failure::no_such_method("x"));
                    }
                }
            }
        }
    }
}

#[test]
fn noise_never_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(5);
    for _ in 0..30_000 {
        let noise = |random: &mut fastrand::Rng| {
            if random.bool() { random.u8(0x80..0x88) } else { random.u8(..) }
        };
        let bytes: Vec<u8> = (0..random.usize(..64)).map(|_| noise(&mut random)).collect();
        let mut server = server(Limits::LOGIN);
        let _ = server.receive(&bytes);
    }
}

/// Any expression that has only one way to be written.
fn any_expr(random: &mut fastrand::Rng, depth: usize) -> Expr {
    match random.u8(..if depth == 0 { 5 } else { 7 }) {
        0 => Expr::Int(random.i64(..)),
        1 => Expr::Int(i64::from(random.i8(..))),
        2 => {
            let mut digits: Vec<u8> = (0..random.usize(11..64)).map(|_| random.u8(..0x80)).collect();
            digits.push(1);
            Expr::Long(Long { negative: random.bool(), digits: digits.into() })
        }
        3 => Expr::Float(random.f64()),
        4 => any_bytes(random),
        _ => Expr::List((0..random.usize(..6)).map(|_| any_expr(random, depth - 1)).collect()),
    }
}

fn any_bytes(random: &mut fastrand::Rng) -> Expr {
    match random.u8(..3) {
        0 => Expr::word(buildbot_protocol::pb::banana::VOCABULARY[random.usize(..31)]),
        _ => Expr::Bytes((0..random.usize(..40)).map(|_| random.u8(..)).collect()),
    }
}

#[test]
fn any_expression_is_read_as_it_was_written() {
    let mut random = fastrand::Rng::with_seed(6);
    for _ in 0..20_000 {
        let expr = any_expr(&mut random, 5);
        for dialect in [Dialect::None, Dialect::Pb] {
            let mut decoder = Decoder::new(Limits::SESSION);
            decoder.set_dialect(dialect);
            decoder.feed(&encode(&expr, dialect).unwrap());
            assert_eq!(decoder.next_expr().as_ref(), Ok(&Some(expr.clone())));
        }
    }
}

/// Any value, with texts that are words of the vocabulary as often as not.
fn any_jelly(random: &mut fastrand::Rng, depth: usize) -> Jelly {
    let text = |random: &mut fastrand::Rng| ["", "message", "reference", "é", "stdout"][random.usize(..5)].to_owned();
    let many = |random: &mut fastrand::Rng| (0..random.usize(..5)).map(|_| any_jelly(random, depth - 1)).collect();
    match random.u8(..if depth == 0 { 9 } else { 14 }) {
        0 => Jelly::None,
        1 => Jelly::Bool(random.bool()),
        2 => Jelly::Int(random.i64(..)),
        3 => Jelly::Float(random.f64()),
        4 => Jelly::Bytes(text(random).into_bytes()),
        5 => Jelly::Text(text(random)),
        6 => Jelly::Remote(random.u32(..)),
        7 => Jelly::Local(random.u32(..)),
        8 => Jelly::Failure(Box::new(Failure::no_such_method(&text(random)))),
        9 => Jelly::List(many(random)),
        10 => Jelly::Tuple(many(random)),
        11 => Jelly::Set(many(random)),
        12 => Jelly::FrozenSet(many(random)),
        _ => {
            let entries = 0..random.usize(..5);
            Jelly::Dict(entries.map(|_| (any_jelly(random, depth - 1), any_jelly(random, depth - 1))).collect())
        }
    }
}

#[test]
fn any_value_is_read_as_it_was_written() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let value = any_jelly(&mut random, 4);
        let mut out = Writer::new(Dialect::Pb);
        jelly::write(&value, &mut out).unwrap();
        let mut decoder = Decoder::new(Limits::SESSION);
        decoder.set_dialect(Dialect::Pb);
        decoder.feed(&out.into_bytes());
        let expr = decoder.next_expr().unwrap().unwrap();
        assert_eq!(jelly::read(expr, &Limits::SESSION, &mut Vec::new()), Ok(value));
    }
}
