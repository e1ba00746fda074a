//! Two brokers talk to each other.

use buildbot_protocol::pb::banana::encode;
use buildbot_protocol::pb::{
    Broker, BrokerError, CallId, Dialect, Expr, Failure, Incoming, Jelly, Limits, LocalId, RemoteId, Reply, SendError,
    Target,
};

/// A client and a server that have greeted each other.
fn pair() -> (Broker, Broker) {
    let (mut client, mut server) = (Broker::client(Limits::SESSION), Broker::server(Limits::SESSION));
    assert_eq!(client.receive(&server.take_output()), Ok(vec![]));
    assert_eq!(server.receive(&client.take_output()), Ok(vec![Incoming::Ready]));
    assert_eq!(client.receive(&server.take_output()), Ok(vec![Incoming::Ready]));
    (client, server)
}

/// Hands over what one side has to say, and returns what the other understood.
fn hand_over(from: &mut Broker, to: &mut Broker) -> Vec<Incoming> {
    to.receive(&from.take_output()).expect("brokers of ours understand each other")
}

/// The arguments of a single call, and the right to answer it.
fn only_call(mut incoming: Vec<Incoming>) -> (Target, Vec<Jelly>, Reply) {
    assert_eq!(incoming.len(), 1, "{incoming:?}");
    match incoming.remove(0) {
        Incoming::Call { target, args, reply, .. } => (target, args, reply),
        other => unreachable!("{other:?} is no call"),
    }
}

#[test]
fn a_call_is_answered_with_a_value_or_an_error() {
    let (mut client, mut server) = pair();
    let kwargs = [("message", Jelly::from("list"))];
    let first = client.call(Target::Root, "print", &[Jelly::Int(-7)], &kwargs).unwrap();
    let second = client.call(Target::Root, "fail", &[], &[]).unwrap();
    assert_eq!((first, second), (CallId(1), CallId(2)));
    let mut calls = hand_over(&mut client, &mut server).into_iter();
    let Some(Incoming::Call { target, method, args, kwargs, reply }) = calls.next() else { panic!("no call") };
    assert_eq!((target, method.as_str(), args), (Target::Root, "print", vec![Jelly::Int(-7)]));
    assert_eq!(kwargs, [("message".to_owned(), Jelly::from("list"))]);
    server.answer(reply, &Jelly::Bytes(b"done".to_vec())).unwrap();
    let Some(Incoming::Call { reply, .. }) = calls.next() else { panic!("no second call") };
    server.refuse(reply, &Failure::unauthorized());

    let answers = hand_over(&mut server, &mut client);
    let failure = Failure::unauthorized();
    assert!(failure.is_unauthorized() && failure.is("builtins.Exception"));
    let expected = [
        Incoming::Answer { call: first, value: Jelly::Bytes(b"done".to_vec()) },
        Incoming::Error { call: second, failure },
    ];
    assert_eq!(answers, expected);
}

#[test]
fn an_answer_to_nothing_is_dropped_and_what_it_brought_is_let_go() {
    let (mut client, mut server) = pair();
    let call = client.call(Target::Root, "x", &[], &[]).unwrap();
    let (.., reply) = only_call(hand_over(&mut client, &mut server));
    let object = server.export().unwrap();
    server.answer(reply, &object.into()).unwrap();
    let answer = server.take_output();
    assert_eq!(client.receive(&answer), Ok(vec![Incoming::Answer { call, value: object.into() }]));
    assert_eq!(client.receive(&answer), Ok(vec![]));
    assert_eq!(client.take_output(), b"\x02\x80\x1d\x87\x01\x81", "one decref for the second one");
}

#[test]
fn an_object_lives_until_it_was_let_go_as_often_as_it_was_sent() {
    let (mut client, mut server) = pair();
    let object = client.export().unwrap();
    for _ in 0..3 {
        client.call(Target::Root, "take", &[Jelly::List(vec![object.into()])], &[]).unwrap();
    }
    assert_eq!(hand_over(&mut client, &mut server).len(), 3);
    server.discard(&object.into());
    assert_eq!(hand_over(&mut server, &mut client), []);
    server.call(RemoteId(object.0).into(), "hello", &[Jelly::Local(object.0)], &[]).unwrap();
    let (target, args, _) = only_call(hand_over(&mut server, &mut client));
    assert_eq!((target, args[0].as_local()), (Target::Object(object.0), Some(object)));
    server.release(RemoteId(object.0));
    server.release(RemoteId(object.0));
    assert_eq!(hand_over(&mut server, &mut client), [Incoming::Released(object)]);
}

#[test]
fn a_call_of_an_object_that_is_gone_or_was_never_sent_is_an_error() {
    let (mut client, mut server) = pair();
    let (known, unknown) = (client.export().unwrap(), client.export().unwrap());
    client.call(Target::Root, "take", &[known.into()], &[]).unwrap();
    hand_over(&mut client, &mut server);
    client.withdraw(known);
    for object in [known, unknown, LocalId(77)] {
        let call = server.call(Target::Object(object.0), "hello", &[], &[]).unwrap();
        assert_eq!(hand_over(&mut server, &mut client), []);
        let failure = Failure::pb_error("Invalid Object ID");
        assert_eq!(hand_over(&mut client, &mut server), [Incoming::Error { call, failure }]);
    }
    let call = server.call(Target::Root, "login", &[], &[]).unwrap();
    assert_eq!(hand_over(&mut server, &mut client), [], "a client has no root");
    assert!(matches!(hand_over(&mut client, &mut server)[..], [Incoming::Error { call: it, .. }] if it == call));
}

#[test]
fn an_object_that_does_not_exist_is_not_sent() {
    let (mut client, _) = pair();
    let refused = client.call(Target::Root, "take", &[Jelly::Remote(1)], &[]);
    assert_eq!(refused, Err(SendError::UnknownObject(1)));
    assert_eq!(client.take_output(), b"");
}

#[test]
fn what_cannot_be_sent_counts_for_nothing() {
    let (mut client, mut server) = pair();
    let object = client.export().unwrap();
    let too_long = Jelly::Bytes(vec![0; 640 * 1024 + 1]);
    let refused = client.call(Target::Root, "take", &[object.into(), too_long], &[]);
    assert!(matches!(refused, Err(SendError::Unsendable(_))));
    assert_eq!(client.take_output(), b"");
    assert_eq!(client.call(Target::Root, "take", &[object.into()], &[]), Ok(CallId(1)));
    hand_over(&mut client, &mut server);
    server.release(RemoteId(object.0));
    assert_eq!(hand_over(&mut server, &mut client), [Incoming::Released(object)]);
}

#[test]
fn an_error_whose_text_cannot_be_sent_is_an_error_still() {
    let (mut client, mut server) = pair();
    let call = client.call(Target::Root, "x", &[], &[]).unwrap();
    let (.., reply) = only_call(hand_over(&mut client, &mut server));
    server.refuse(reply, &Failure::pb_error("x".repeat(1 << 20)));
    let failure = Failure::pb_error("an error whose text is too long");
    assert_eq!(hand_over(&mut server, &mut client), [Incoming::Error { call, failure }]);
}

#[test]
fn a_peer_without_a_vocabulary_is_spoken_to_without_it() {
    let mut server = Broker::server(Limits::SESSION);
    server.take_output();
    let mut bytes = encode(&Expr::word("none"), Dialect::None).unwrap();
    let version = Expr::List(vec![Expr::word("version"), Expr::Int(6)]);
    bytes.extend(encode(&version, Dialect::None).unwrap());
    assert_eq!(server.receive(&bytes), Ok(vec![Incoming::Ready]));
    assert_eq!(server.take_output(), encode(&version, Dialect::None).unwrap());
}

#[test]
fn nothing_is_called_before_the_dialect_is_known() {
    let mut client = Broker::client(Limits::SESSION);
    assert_eq!(client.call(Target::Root, "login", &[], &[]), Err(SendError::NotReady));
}

/// What a server says to an expression of a client that has greeted.
fn verdict(expr: &Expr) -> Result<Vec<Incoming>, BrokerError> {
    let (_, mut server) = pair();
    server.receive(&encode(expr, Dialect::Pb).expect("it is short"))
}

#[test]
fn what_is_no_message_ends_the_connection() {
    let list = |items: &[Expr]| Expr::List(items.to_vec());
    let word = Expr::word;
    for bad in [
        Expr::Int(1),
        word("message"),
        list(&[]),
        list(&[Expr::Int(1)]),
        list(&[word("hello")]),
        list(&[word("version"), Expr::Int(6)]),
        list(&[word("message"), Expr::Int(1)]),
        list(&[word("decref"), word("x")]),
        list(&[word("answer"), Expr::Int(1)]),
        list(&[word("cachemessage"), Expr::Int(1)]),
    ] {
        assert!(matches!(verdict(&bad), Err(BrokerError::NotAMessage(_))), "{bad:?}");
    }
}

#[test]
fn other_dialects_and_versions_end_the_connection() {
    let mut server = Broker::server(Limits::SESSION);
    assert_eq!(server.receive(b"\x03\x82foo"), Err(BrokerError::NoDialect));
    let mut client = Broker::client(Limits::SESSION);
    assert_eq!(client.receive(b"\x01\x80\x03\x82foo"), Err(BrokerError::NoDialect));
    let mut server = Broker::server(Limits::SESSION);
    assert_eq!(server.receive(b"\x02\x82pb\x02\x80\x13\x87\x05\x81"), Err(BrokerError::Version(5)));
}

#[test]
fn an_exception_may_be_a_bare_name() {
    let (mut client, mut server) = pair();
    let call = client.call(Target::Root, "x", &[], &[]).unwrap();
    hand_over(&mut client, &mut server);
    let error = Expr::List(vec![Expr::word("error"), Expr::Int(1), Expr::word("exceptions.KeyError")]);
    let heard = client.receive(&encode(&error, Dialect::Pb).unwrap()).unwrap();
    let [Incoming::Error { call: it, failure }] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((*it, failure.type_name.as_str()), (call, "exceptions.KeyError"));
    assert!(failure.is("exceptions.KeyError"));
}

#[test]
fn a_call_that_wants_no_answer_gets_none() {
    let (_, mut server) = pair();
    let tree = |tag: &str| Expr::List(vec![Expr::word(tag)]);
    let call = Expr::List(vec![
        Expr::word("message"),
        Expr::Int(1),
        Expr::word("root"),
        Expr::word("x"),
        Expr::Int(0),
        tree("tuple"),
        tree("dictionary"),
    ]);
    let (.., reply) = only_call(server.receive(&encode(&call, Dialect::Pb).unwrap()).unwrap());
    server.refuse(reply, &Failure::pb_error("x"));
    assert_eq!(server.take_output(), b"");
}

#[test]
fn what_each_side_holds_is_bounded() {
    let limits = Limits { references: 3, calls: 2, ..Limits::SESSION };
    let (mut client, mut server) = pair();
    client.set_limits(limits);
    for _ in 0..3 {
        client.export().unwrap();
    }
    assert_eq!(client.export(), Err(SendError::TooManyObjects));
    let three: Vec<Jelly> = (1..=3).map(Jelly::Remote).collect();
    client.call(Target::Root, "x", &three, &[]).unwrap();
    client.call(Target::Root, "x", &[], &[]).unwrap();
    assert_eq!(client.call(Target::Root, "x", &[], &[]), Err(SendError::TooManyCalls));
    server.set_limits(Limits { references: 2, ..limits });
    assert_eq!(server.receive(&client.take_output()), Err(BrokerError::TooManyReferences));
}
