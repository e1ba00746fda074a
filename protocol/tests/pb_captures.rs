//! What real peers said over Perspective Broker is understood, and said again in the same words.

#[path = "support/pb_reader.rs"]
mod reader;
#[path = "support/pb.rs"]
mod support;

use std::collections::{BTreeSet, HashMap};

use buildbot_protocol::pb::banana::{Decoder, Long, Writer, encode};
use buildbot_protocol::pb::login::Challenge;
use buildbot_protocol::pb::{Broker, CallId, Dialect, Expr, Incoming, Jelly, Limits, LocalId, Reply, jelly};
use reader::Reader;
use support::{CAPTURES, from_hex, lines, load, side};

fn dialect(name: &str) -> Dialect {
    Dialect::named(name.as_bytes()).expect("a dialect")
}

/// Reads the notation of `pb-units.txt`.
fn notation<'a>(words: &mut impl Iterator<Item = &'a str>) -> Expr {
    let word = words.next().expect("an item");
    let (kind, rest) = word.split_at(1);
    match kind {
        "I" => Expr::Int(rest.parse().expect("an integer")),
        "F" => Expr::Float(rest.parse().expect("a float")),
        "B" => Expr::Bytes(from_hex(rest)),
        "N" => {
            let (sign, digits) = rest.split_once(':').expect("sign and digits");
            Expr::Long(Long { negative: sign == "1", digits: from_hex(digits).into() })
        }
        "L" => Expr::List((0..rest.parse().expect("a length")).map(|_| notation(words)).collect()),
        _ => unreachable!("unknown notation {word}"),
    }
}

fn units(kind: &str) -> Vec<Vec<String>> {
    lines("pb-units.txt").into_iter().filter(|words| words[0] == kind).collect()
}

#[test]
fn single_values_are_read_and_written_as_twisted_does() {
    let units: Vec<_> = units("banana").into_iter().chain(units("jelly")).collect();
    assert_eq!(units.len(), 78 + 31);
    for words in units {
        let expected = notation(&mut words[2].split(','));
        let (dialect, bytes) = (dialect(&words[1]), from_hex(&words[3]));
        let mut decoder = Decoder::new(Limits::SESSION);
        decoder.set_dialect(dialect);
        decoder.feed(&bytes);
        assert_eq!(decoder.next_expr(), Ok(Some(expected.clone())), "{words:?}");
        assert_eq!(decoder.next_expr(), Ok(None));
        assert_eq!(encode(&expected, dialect), Ok(bytes), "{words:?}");
    }
}

#[test]
fn values_of_jelly_are_written_as_they_were_read() {
    let mut n_shared = 0;
    for words in units("jelly") {
        let expr = notation(&mut words[2].split(','));
        let Ok(value) = jelly::read(expr, &Limits::SESSION, &mut Vec::new()) else {
            assert!(words[3].starts_with("03800487"), "only the list within itself is refused: {words:?}");
            continue;
        };
        let mut out = Writer::new(Dialect::Pb);
        jelly::write(&value, &mut out).unwrap();
        if words[3].contains("0387") {
            n_shared += 1;
        } else {
            assert_eq!(out.into_bytes(), from_hex(&words[3]), "{words:?}");
        }
    }
    assert_eq!(n_shared, 3);
}

#[test]
fn a_value_that_is_meant_twice_is_there_twice() {
    let same = "L3,B6c697374,L3,B7265666572656e6365,I1,L2,B6c697374,I1,L2,B646572656665 72656e6365,I1".replace(' ', "");
    let value = jelly::read(notation(&mut same.split(',')), &Limits::SESSION, &mut Vec::new()).unwrap();
    let one = Jelly::List(vec![Jelly::Int(1)]);
    assert_eq!(value, Jelly::List(vec![one.clone(), one]));
}

#[test]
fn responses_to_challenges_are_those_of_twisted() {
    let units = units("challenge");
    assert_eq!(units.len(), 4);
    for words in units {
        let password = String::from_utf8(from_hex(words[1].trim_matches('-'))).unwrap();
        let challenge = Challenge(from_hex(&words[2]).try_into().unwrap());
        assert_eq!(challenge.response(&password).to_vec(), from_hex(&words[3]), "{words:?}");
        assert!(challenge.accepts(&from_hex(&words[3]), &password));
    }
}

#[test]
fn every_captured_expression_is_written_again_byte_for_byte() {
    let mut n_exprs = 0;
    for name in CAPTURES {
        let reads = load(name);
        let connections: BTreeSet<u32> = reads.iter().map(|read| read.connection).collect();
        for (connection, from_server) in connections.iter().flat_map(|it| [(*it, false), (*it, true)]) {
            let bytes = side(&reads, connection, from_server);
            let exprs = Reader::new().feed(&bytes);
            let mut written = encode(&exprs[0], Dialect::None).unwrap();
            exprs[1..].iter().for_each(|expr| written.extend(encode(expr, Dialect::Pb).unwrap()));
            assert_eq!(written, bytes, "{name}, connection {connection}");
            n_exprs += exprs.len();
        }
    }
    assert_eq!(n_exprs, 3003);
}

/// One side of a connection that is played again.
struct Player {
    broker: Broker,
    /// Calls of the other side that are to be answered.
    replies: HashMap<CallId, Reply>,
    n_exported: u32,
    said: Vec<u8>,
}

impl Player {
    fn new(broker: Broker) -> Self {
        Self { broker, replies: HashMap::new(), n_exported: 0, said: Vec::new() }
    }

    /// Makes objects until those in a value exist; both sides count from 1.
    fn export_for(&mut self, value: &Jelly) {
        match value {
            Jelly::Remote(id) => {
                while self.n_exported < *id {
                    assert_eq!(self.broker.export(), Ok(LocalId(self.n_exported + 1)));
                    self.n_exported += 1;
                }
            }
            Jelly::List(items) | Jelly::Tuple(items) => items.iter().for_each(|item| self.export_for(item)),
            Jelly::Dict(entries) => entries.iter().for_each(|(_, value)| self.export_for(value)),
            _ => {}
        }
    }

    fn collect(&mut self) {
        self.said.extend(self.broker.take_output());
    }
}

/// `from` says what `to` has just understood.
fn say_again(from: &mut Player, to: &mut Player, incoming: Incoming) {
    match incoming {
        Incoming::Ready | Incoming::Released(_) => {}
        Incoming::NotUnderstood(what) => unreachable!("{what}"),
        Incoming::Call { target, method, args, kwargs, reply } => {
            args.iter().chain(kwargs.iter().map(|(_, value)| value)).for_each(|value| from.export_for(value));
            let kwargs: Vec<(&str, Jelly)> =
                kwargs.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            let call = from.broker.call(target, &method, &args, &kwargs).expect("what was said can be said again");
            to.replies.insert(call, reply);
        }
        Incoming::Answer { call, value } => {
            from.export_for(&value);
            let reply = from.replies.remove(&call).expect("it was called");
            from.broker.answer(reply, &value).expect("what was said can be said again");
        }
        Incoming::Error { call, failure } => {
            if let Some(reply) = from.replies.remove(&call) {
                from.broker.refuse(reply, &failure);
            }
        }
    }
    from.collect();
}

fn head(expr: &Expr) -> Option<&[u8]> {
    expr.as_list()?.first()?.as_bytes()
}

fn has_failure(expr: &Expr) -> bool {
    match expr {
        Expr::Bytes(bytes) => bytes == b"twisted.spread.pb.CopyableFailure",
        Expr::List(items) => items.iter().any(has_failure),
        _ => false,
    }
}

/// Failures have keys that nobody needs; those are not written again.
fn without_failures(exprs: Vec<Expr>) -> Vec<Expr> {
    let shortened = |expr: Expr| {
        if has_failure(&expr) {
            Expr::List(expr.as_list().expect("only messages hold failures")[..2].to_vec())
        } else {
            expr
        }
    };
    exprs.into_iter().map(shortened).collect()
}

#[test]
fn two_brokers_have_the_captured_conversations_again() {
    for name in CAPTURES {
        let reads = load(name);
        let connections: BTreeSet<u32> = reads.iter().map(|read| read.connection).collect();
        for connection in connections {
            let mut server = Player::new(Broker::server(Limits::SESSION));
            let mut client = Player::new(Broker::client(Limits::SESSION));
            server.collect();
            let (mut from_server, mut from_client) = (Reader::new(), Reader::new());
            let mut heard = [Vec::new(), Vec::new()];
            for read in reads.iter().filter(|read| read.connection == connection) {
                let (from, to, reader) = match read.from_server {
                    true => (&mut server, &mut client, &mut from_server),
                    false => (&mut client, &mut server, &mut from_client),
                };
                for expr in reader.feed(&read.bytes) {
                    let is_first = heard[usize::from(read.from_server)].is_empty();
                    let dialect = if is_first { Dialect::None } else { Dialect::Pb };
                    if head(&expr) == Some(b"decref") {
                        let id = u32::try_from(expr.as_list().unwrap()[1].as_int().unwrap()).unwrap();
                        from.broker.discard(&Jelly::Remote(id));
                        from.collect();
                    }
                    for incoming in to.broker.receive(&encode(&expr, dialect).unwrap()).unwrap() {
                        say_again(from, to, incoming);
                    }
                    to.collect();
                    heard[usize::from(read.from_server)].push(expr);
                }
            }
            let [client_heard, server_heard] = heard;
            for (player, heard) in [(client, client_heard), (server, server_heard)] {
                let said = without_failures(Reader::new().feed(&player.said));
                let heard = without_failures(heard);
                for (n, (said, heard)) in said.iter().zip(&heard).enumerate() {
                    assert_eq!(said, heard, "{name}, connection {connection}, expression {n}");
                }
                assert_eq!(said.len(), heard.len(), "{name}, connection {connection}");
            }
        }
    }
}
