//! What workers of older releases said to another master, said to ours: the same commands, the same output.

use std::collections::BTreeMap;

use buildbot_protocol::pb::banana::Decoder;
use buildbot_protocol::pb::{Dialect, Expr, Failure, Limits, Target, jelly};

use super::*;

const CAPTURES: [(&str, &str); 5] = [
    ("0.8.14", include_str!("../../../../protocol/tests/vectors/pb-worker-old-0.8.14.txt")),
    ("1.8.2", include_str!("../../../../protocol/tests/vectors/pb-worker-old-1.8.2.txt")),
    ("2.10.5", include_str!("../../../../protocol/tests/vectors/pb-worker-old-2.10.5.txt")),
    ("3.5.0", include_str!("../../../../protocol/tests/vectors/pb-worker-old-3.5.0.txt")),
    ("3.11.9", include_str!("../../../../protocol/tests/vectors/pb-worker-old-3.11.9.txt")),
];

/// What a captured worker said.
#[derive(Default)]
struct Said {
    /// Answers to its description: the dictionary with its directory, its commands, its version.
    facts: Vec<Jelly>,
    commands: Option<Jelly>,
    /// Calls on the objects of commands, in the order in which the commands began.
    told: BTreeMap<i64, Vec<(String, Jelly)>>,
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn value(expr: &Expr) -> Jelly {
    jelly::read(expr.clone(), &Limits::SESSION, &mut Vec::new()).unwrap()
}

fn read(capture: &str) -> Said {
    let mut decoder = Decoder::new(Limits::SESSION);
    for line in capture.lines().filter(|line| line.starts_with("1 C>S ")) {
        decoder.feed(&from_hex(line.split(' ').nth(2).unwrap()));
    }
    decoder.next_expr().unwrap();
    decoder.set_dialect(Dialect::Pb);
    let mut said = Said::default();
    while let Some(expr) = decoder.next_expr().unwrap() {
        let items = expr.as_list().unwrap();
        match (items[0].as_bytes().unwrap(), items.get(2)) {
            (b"message", Some(target)) => {
                let method = String::from_utf8(items[3].as_bytes().unwrap().to_vec()).unwrap();
                let argument = value(&items[5]).into_items().unwrap_or_default().into_iter().next();
                if let (Some(target), Some(argument), "update" | "complete") =
                    (target.as_int(), argument, method.as_str())
                {
                    said.told.entry(target).or_default().push((method, argument));
                }
            }
            (b"answer", Some(answer)) => match value(answer) {
                Jelly::Dict(entries) if has(&entries, "basedir") => said.facts.push(Jelly::Dict(entries)),
                Jelly::Dict(entries) if has(&entries, "mkdir") => said.commands = Some(Jelly::Dict(entries)),
                _ => {}
            },
            _ => {}
        }
    }
    said
}

fn has(entries: &[(Jelly, Jelly)], key: &str) -> bool {
    entries.iter().any(|(other, _)| other.clone().into_text().as_deref() == Some(key))
}

/// Attaches as the captured worker did, whichever questions it understood.
async fn attach_as(wire: &TestWire, release: &str, said: &Said) -> (Peer, WorkerLink) {
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind.into();
    let login = peer.log_in("w1", "secret", mind).await;
    peer.answer("print", Jelly::None).await;
    let facts = said.facts[0].clone();
    match &said.commands {
        Some(commands) => {
            peer.fail("getWorkerInfo", &Failure::no_such_method("getWorkerInfo")).await;
            peer.answer("getSlaveInfo", facts).await;
            peer.answer("getCommands", commands.clone()).await;
            peer.answer("getVersion", Jelly::Bytes(release.as_bytes().to_vec())).await;
        }
        None => drop(peer.answer("getWorkerInfo", facts).await),
    }
    let builder = peer.broker.export().unwrap();
    peer.answer("setBuilderList", dict(&[("b", builder.into())])).await;
    peer.answer("print", Jelly::None).await;
    peer.answer("print", Jelly::None).await;
    peer.answer_to(login).await.unwrap();
    (peer, wire.attached(0).await)
}

/// What the first shell command of all captures printed, stream by stream.
fn expected(stream: char) -> Vec<&'static str> {
    match stream {
        'o' => {
            vec!["start", "line 1", "line 2", "line 3", "unicode é", "bad \u{fffd} byte", "cr1", "cr2", "end", "notail"]
        }
        _ => vec!["err"],
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_every_release_become_the_same_log() {
    for (release, capture) in CAPTURES {
        let said = read(capture);
        let wire = wire();
        let (mut peer, link) = attach_as(&wire, release, &said).await;
        assert!(!link.facts().version.is_empty(), "{release}");
        assert!(link.facts().commands.contains("upload_file"), "{release}");

        // The first command made a directory; the second one is a shell that says everything.
        let words = said.told.values().nth(1).unwrap();
        let (log, trace) = (wire.log(1), wire.log(2));
        let mut command = shell("7", Some(log));
        command.log_files = vec![("mylog".to_owned(), trace)];
        let running = tokio::spawn(async move { link.run(command).await });
        let called = peer.called().await;
        assert_eq!(called.method, "startCommand");
        let object = called.args[0].as_remote().unwrap().into();
        for (method, argument) in words {
            peer.ask(object, method, std::slice::from_ref(argument)).await.unwrap();
        }
        peer.broker.answer(called.reply, &Jelly::None).unwrap();
        peer.tell(Target::Object(1), "keepalive", &[]);
        let outcome = running.await.unwrap().unwrap();
        assert_eq!(outcome.rc, 0, "{release}");

        let text = wire.shelf.text(LogId(1));
        for stream in ['o', 'e'] {
            let lines: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(stream)).collect();
            assert_eq!(lines, expected(stream), "{release}: {text}");
        }
        assert!(text.lines().any(|line| line.starts_with('h')), "{release}");
        assert_eq!(wire.shelf.text(LogId(2)).trim_start_matches('o'), "log1\n", "{release}");
    }
}
