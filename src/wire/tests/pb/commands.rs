//! Commands, their output and their files.

use buildbot_protocol::pb::{Failure, Target};
use futures_util::future::BoxFuture;

use super::*;
use crate::wire::{Transfer, TransferStep};

/// A command that runs, with the object the worker was given for it.
async fn start(
    attached: &mut Attached,
    command: StartCommand,
) -> (tokio::task::JoinHandle<Result<crate::domain::CommandOutcome, LinkError>>, Target, Jelly) {
    let link = attached.link.clone();
    let running = tokio::spawn(async move { link.run(command).await });
    let called = attached.peer.called().await;
    assert_eq!((called.method.as_str(), called.target), ("startCommand", Target::Object(attached.b.0)));
    attached.peer.broker.answer(called.reply, &Jelly::None).unwrap();
    let mut args = called.args.into_iter();
    let object = args.next().unwrap().as_remote().unwrap().into();
    (running, object, args.nth(2).unwrap())
}

fn update(key: &str, value: Jelly) -> Jelly {
    Jelly::List(vec![Jelly::List(vec![dict(&[(key, value)]), Jelly::Int(0)])])
}

#[tokio::test(start_paused = true)]
async fn a_command_may_be_over_before_its_start_is_answered() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let link = attached.link.clone();
    let log = wire.log(1);
    let running = tokio::spawn(async move { link.run(shell("7", Some(log))).await });
    let peer = &mut attached.peer;
    let called = peer.called().await;
    let expected = [text("7"), text("shell"), dict(&[("command", text("make"))])];
    assert_eq!(called.args[1..], expected);
    let object = called.args[0].as_remote().unwrap().into();
    for (key, value) in [("stdout", text("one\r\ntwo\rthr")), ("stdout", text("ee")), ("rc", Jelly::Int(3))] {
        assert_eq!(peer.ask(object, "update", &[update(key, value)]).await, Ok(Jelly::Int(0)));
    }
    assert_eq!(peer.ask(object, "complete", &[Jelly::None]).await, Ok(Jelly::None));
    peer.broker.answer(called.reply, &Jelly::None).unwrap();
    peer.tell(attached.perspective.into(), "keepalive", &[]);
    assert_eq!(running.await.unwrap().unwrap().rc, 3);
    assert_eq!(wire.shelf.text(LogId(1)), "oone\notwo\nothree\n");
}

#[tokio::test(start_paused = true)]
async fn an_update_is_answered_after_it_is_stored() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let shelf = LogShelf::closed();
    let (running, object, _) = start(&mut attached, shell("1", Some(wire.log_on(1, &shelf)))).await;
    let call = attached.peer.tell(object, "update", &[update("stdout", text("hello\n"))]);
    let waited = tokio::time::timeout(Duration::from_secs(60), attached.peer.answer_to(call)).await;
    assert!(waited.is_err());
    shelf.allow(1);
    assert_eq!(attached.peer.answer_to(call).await, Ok(Jelly::Int(0)));
    attached.peer.ask(object, "update", &[update("rc", Jelly::Int(0))]).await.unwrap();
    attached.peer.ask(object, "complete", &[Jelly::None]).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_and_a_failed_command_are_told_apart() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let link = attached.link.clone();
    let running = tokio::spawn(async move { link.run(shell("1", None)).await });
    let failure = Failure::new("buildbot_worker.base.UnknownCommand", "unrecognized");
    attached.peer.fail("startCommand", &failure).await;
    let refused = LinkError::Refused("buildbot_worker.base.UnknownCommand: unrecognized".to_owned());
    assert_eq!(running.await.unwrap(), Err(refused));

    let (running, object, _) = start(&mut attached, shell("2", None)).await;
    let failure = Failure { traceback: "line 1".to_owned(), ..Failure::new("builtins.ValueError", "oops") };
    attached.peer.ask(object, "complete", &[Jelly::Failure(Box::new(failure))]).await.unwrap();
    let failed = LinkError::CommandFailed("builtins.ValueError: oops\nline 1".to_owned());
    assert_eq!(running.await.unwrap(), Err(failed));
}

#[tokio::test(start_paused = true)]
async fn an_interrupt_goes_to_the_builder_of_the_command() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let (running, object, _) = start(&mut attached, shell("5", None)).await;
    attached.link.interrupt("5", "stop it");
    let called = attached.peer.called().await;
    assert_eq!((called.method.as_str(), called.target), ("interruptCommand", Target::Object(attached.b.0)));
    assert_eq!(called.args, [text("5"), text("stop it")]);
    attached.peer.ask(object, "update", &[update("rc", Jelly::Int(-1))]).await.unwrap();
    attached.peer.ask(object, "complete", &[Jelly::None]).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().rc, -1);
}

#[tokio::test(start_paused = true)]
async fn a_builder_that_came_later_is_told_first() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let link = attached.link.clone();
    let command = StartCommand { builder_name: Some("new/one".to_owned()), ..shell("1", None) };
    let running = tokio::spawn(async move { link.run(command).await });
    let (b, peer) = (attached.b, &mut attached.peer);
    let new = peer.broker.export().unwrap();
    let told = peer.answer("setBuilderList", dict(&[("b", b.into()), ("new/one", new.into())])).await;
    let Jelly::List(pairs) = &told[0] else { panic!("{told:?}") };
    assert_eq!(pairs[2], Jelly::Tuple(vec![text("new/one"), text("new_one")]));
    let called = peer.called().await;
    assert_eq!((called.method.as_str(), called.target), ("startCommand", Target::Object(new.0)));
    let object = called.args[0].as_remote().unwrap().into();
    peer.broker.answer(called.reply, &Jelly::None).unwrap();
    peer.ask(object, "update", &[update("rc", Jelly::Int(0))]).await.unwrap();
    peer.ask(object, "complete", &[Jelly::None]).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_connection_loses_all_commands() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let (running, ..) = start(&mut attached, shell("1", None)).await;
    drop(attached.peer);
    assert_eq!(running.await.unwrap(), Err(LinkError::Lost("the connection was lost".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn nonsense_ends_the_connection() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    attached.peer.write(b"\x05\x81").await;
    assert!(wire.detached(attached.link.session()).await.contains("nonsense"));
}

#[tokio::test(start_paused = true)]
async fn the_worker_is_asked_to_shut_down() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    attached.link.shutdown();
    let called = attached.peer.called().await;
    assert_eq!((called.method.as_str(), called.target), ("shutdown", Target::Object(attached.peer.mind.0)));
}

#[tokio::test(start_paused = true)]
async fn the_worker_may_ask_to_be_shut_down() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let perspective = attached.perspective.into();
    assert_eq!(attached.peer.ask(perspective, "shutdown", &[]).await, Ok(Jelly::None));
    // What follows is heard after it.
    attached.peer.ask(perspective, "keepalive", &[]).await.unwrap();
    let mut heard = wire.gate.heard.subscribe();
    heard.wait_for(|all| all.contains(&Heard::WantsToLeave("w1".to_owned()))).await.unwrap();
}

/// Writes down what it is asked.
struct Recorder(Arc<Mutex<Vec<TransferStep>>>);

impl Transfer for Recorder {
    fn step(&self, step: TransferStep) -> BoxFuture<'static, Result<Vec<u8>, String>> {
        self.0.lock().unwrap().push(step.clone());
        let answer = match step {
            TransferStep::Read { .. } => Ok(b"block".to_vec()),
            TransferStep::WriteFile(data) if data == b"too much" => Err("the disk is full".to_owned()),
            _ => Ok(Vec::new()),
        };
        async move { answer }.boxed()
    }
}

/// A transfer by a command of this name, and the object for its file.
async fn transfer(attached: &mut Attached, name: &str, object: &str) -> (Arc<Mutex<Vec<TransferStep>>>, Target) {
    let steps = Arc::default();
    let recorder: Arc<dyn Transfer> = Arc::new(Recorder(Arc::clone(&steps)));
    let args = [("path".to_owned(), "/w/f".into())].into();
    let command = StartCommand {
        builder_name: Some("b".to_owned()),
        transfer: Some(recorder),
        ..StartCommand::new(name.to_owned(), name.to_owned(), args)
    };
    let (_, _, args) = start(attached, command).await;
    let mut entries = args.into_entries().unwrap().into_iter();
    let file = entries.find(|(key, _)| *key == text(object)).unwrap().1.as_remote().unwrap();
    (steps, file.into())
}

#[tokio::test(start_paused = true)]
async fn files_travel_block_by_block() {
    let wire = wire();
    let mut attached = attach(&wire, "w1").await;
    let bytes = |bytes: &[u8]| Jelly::Bytes(bytes.to_vec());
    let (steps, file) = transfer(&mut attached, "upload_file", "writer").await;
    let peer = &mut attached.peer;
    assert_eq!(peer.ask(file, "write", &[bytes(b"list")]).await, Ok(Jelly::None));
    let refused = peer.ask(file, "write", &[bytes(b"too much")]).await;
    assert_eq!(refused, Ok(Jelly::None), "a worker in Python does not survive an error");
    peer.ask(file, "close", &[]).await.unwrap();
    peer.ask(file, "utime", &[Jelly::Tuple(vec![Jelly::Int(1), Jelly::Float(2.5)])]).await.unwrap();
    peer.ask(file, "utime", &[Jelly::Tuple(vec![Jelly::None, Jelly::None])]).await.unwrap();
    assert!(peer.ask(file, "read", &[Jelly::Int(1)]).await.unwrap_err().is_no_such_method());
    let expected = [
        TransferStep::WriteFile(b"list".to_vec()),
        TransferStep::WriteFile(b"too much".to_vec()),
        TransferStep::CloseFile,
        TransferStep::SetTimes { access: 1.0, modified: 2.5 },
    ];
    assert_eq!(*steps.lock().unwrap(), expected);

    let (steps, file) = transfer(&mut attached, "upload_directory", "writer").await;
    attached.peer.ask(file, "write", &[bytes(b"tar")]).await.unwrap();
    attached.peer.ask(file, "unpack", &[]).await.unwrap();
    assert_eq!(*steps.lock().unwrap(), [TransferStep::WriteDirectory(b"tar".to_vec()), TransferStep::Unpack]);

    let (steps, file) = transfer(&mut attached, "download_file", "reader").await;
    assert_eq!(attached.peer.ask(file, "read", &[Jelly::Int(5)]).await, Ok(bytes(b"block")));
    attached.peer.ask(file, "close", &[]).await.unwrap();
    assert_eq!(*steps.lock().unwrap(), [TransferStep::Read { length: 5 }, TransferStep::CloseRead]);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_calls_and_never_listens_is_not_heard_for_long() {
    let admission = Admission { keepalive: Duration::from_secs(60), ..Admission::default() };
    let wire = TestWire::with(admission, WireLimits::default());
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let mind = peer.mind.into();
    let login = peer.log_in("w1", "secret", mind).await;
    peer.answer("print", Jelly::None).await;
    peer.answer("getWorkerInfo", facts()).await;
    peer.answer("setBuilderList", dict(&[])).await;
    let perspective = peer.answer_to(login).await.unwrap().as_remote().unwrap();
    let link = wire.attached(0).await;

    // Every one of these is refused, with more words than it has itself.
    let mut n_written = 0;
    loop {
        for _ in 0..100 {
            peer.tell(perspective.into(), "x", &[]);
        }
        let bytes = peer.broker.take_output();
        let written = tokio::time::timeout(Duration::from_secs(10), peer.try_write(&bytes)).await;
        if !written.unwrap_or(false) {
            break;
        }
        n_written += bytes.len();
        assert!(n_written < 8 << 20, "{n_written} bytes were read, and none of the answers was");
    }
    let (_other, other) = wire.attach(WorkerScript::new("w2")).await;
    assert_eq!(other.run(shell("1", None)).await.unwrap().rc, 0);
    assert!(wire.detached(link.session()).await.contains("no sign of life"));
}
