//! Commands, their output and their end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use buildbot_protocol::{Message, Request, Update, Value, msgpack};
use tokio::time::Instant;

use super::*;
use crate::domain::Stream;
use crate::domain::log::LineObserver;
use crate::testing::scripted_worker::{Reply, stdout};

#[tokio::test(start_paused = true)]
async fn a_command_returns_after_its_output_is_stored() {
    let wire = TestWire::new();
    let (_worker, link) = wire.attach(WorkerScript::new("w1").reply("make", Reply::stdout("one\ntwo\n", 2))).await;
    let shelf = LogShelf::closed();
    let running = tokio::spawn({
        let command = shell("1", Some(wire.log_on(1, &shelf)));
        async move { link.run(command).await }
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!running.is_finished());
    shelf.allow(1);
    assert_eq!(running.await.unwrap().unwrap().rc, 2);
    assert_eq!(shelf.text(LogId(1)), "oone\notwo\n");
}

#[tokio::test(start_paused = true)]
async fn an_update_is_answered_after_it_is_stored() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let shelf = LogShelf::closed();
    let command = shell("1", Some(wire.log_on(1, &shelf)));
    let running = tokio::spawn(async move { link.run(command).await });
    let started = worker.started().await;
    let updates = vec![stdout("hello\n")];
    let mut answer = worker.tell(Request::Update { command_id: started.id.clone(), updates });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(answer.try_recv().is_err());
    shelf.allow(1);
    assert_eq!(answer.await.unwrap(), Ok(Value::Nil));
    worker.finish(&started.id, Reply::rc(0));
    assert_eq!(running.await.unwrap().unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn everything_a_worker_tells_of_a_command_is_in_its_outcome() {
    let wire = TestWire::new();
    let reply = Reply {
        updates: vec![
            stdout("out\n"),
            Update::FailureReason("timeout".to_owned()),
            Update::Elapsed(1.5),
            Update::Files(vec!["a".to_owned()]),
            Update::Stat(vec![1, 2]),
            Update::Other { key: "new".to_owned(), value: Value::Nil },
        ],
        ..Reply::rc(-1)
    };
    let (_worker, link) = wire.attach(WorkerScript::new("w1").reply("make", reply)).await;
    let outcome = link.run(StartCommand { collect_stdout: true, ..shell("1", None) }).await.unwrap();
    assert_eq!((outcome.rc, outcome.stdout.as_str()), (-1, "out\n"));
    assert_eq!(outcome.failure_reason.as_deref(), Some("timeout"));
    assert_eq!((outcome.elapsed, outcome.stat), (Some(Duration::from_millis(1_500)), vec![1, 2]));
    assert_eq!(outcome.files, ["a"]);
}

#[tokio::test(start_paused = true)]
async fn log_files_and_streams_go_to_their_logs() {
    struct Seen(Vec<(Stream, String)>);
    impl LineObserver for Seen {
        fn line(&mut self, stream: Stream, line: &str) {
            self.0.push((stream, line.to_owned()));
        }
    }
    let wire = TestWire::new();
    let lines = |text: &str| buildbot_protocol::Lines { text: text.to_owned(), times: Vec::new() };
    let updates = vec![
        Update::Header(lines("make\n")),
        stdout("out\n"),
        Update::Stderr(lines("err\n")),
        Update::Log { name: "file".to_owned(), lines: lines("logged\n") },
        Update::Log { name: "unknown".to_owned(), lines: lines("lost\n") },
    ];
    let (_worker, link) = wire.attach(WorkerScript::new("w1").reply("make", Reply { updates, ..Reply::rc(0) })).await;
    let seen = Arc::new(Mutex::new(Seen(Vec::new())));
    let command = StartCommand {
        log_files: vec![("file".to_owned(), wire.log(2))],
        observer: Some(seen.clone()),
        ..shell("1", Some(wire.log(1)))
    };
    link.run(command).await.unwrap();
    assert_eq!(wire.shelf.text(LogId(1)), "hmake\noout\neerr\n");
    assert_eq!(wire.shelf.text(LogId(2)), "ologged\n");
    let expected = [(Stream::Header, "make"), (Stream::Stdout, "out"), (Stream::Stderr, "err")];
    assert_eq!(seen.lock().unwrap().0, expected.map(|(stream, line)| (stream, line.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_panics_costs_nothing_but_itself() {
    struct Broken(Arc<AtomicU32>);
    impl LineObserver for Broken {
        fn line(&mut self, _: Stream, _: &str) {
            self.0.fetch_add(1, Ordering::SeqCst);
            panic!("expected by the test");
        }
    }
    let wire = TestWire::new();
    let (_worker, link) = wire.attach(WorkerScript::new("w1").reply("make", Reply::stdout("a\nb\n", 0))).await;
    let n_seen = Arc::new(AtomicU32::new(0));
    let observer: Arc<Mutex<dyn LineObserver>> = Arc::new(Mutex::new(Broken(Arc::clone(&n_seen))));
    let command = StartCommand { observer: Some(observer), ..shell("1", Some(wire.log(1))) };
    assert_eq!(link.run(command).await.unwrap().rc, 0);
    assert_eq!(wire.shelf.text(LogId(1)), "oa\nob\n");
    assert_eq!(n_seen.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_and_a_failed_command_are_told_apart() {
    let wire = TestWire::new();
    let failure = Reply { error: Some("no memory".to_owned()), ..Reply::default() };
    let script = WorkerScript::new("w1").reply("make", Reply::refusal("no such thing")).reply("rmdir", failure);
    let (_worker, link) = wire.attach(script).await;
    assert_eq!(link.run(shell("1", None)).await, Err(LinkError::Refused("no such thing".to_owned())));
    let rmdir = StartCommand { builder_name: Some("b".to_owned()), ..StartCommand::new("2", "rmdir", BTreeMap::new()) };
    assert_eq!(link.run(rmdir).await, Err(LinkError::CommandFailed("no memory".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_exit_code_may_come_a_little_late_but_not_never() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let running = tokio::spawn({
        let link = link.clone();
        async move { link.run(shell("1", None)).await }
    });
    worker.started().await;
    worker.finish("1", Reply::default());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let update = Request::Update { command_id: "1".to_owned(), updates: vec![Update::Rc(7)] };
    assert_eq!(worker.say(update).await, Ok(Value::Nil));
    assert_eq!(running.await.unwrap().unwrap().rc, 7);

    let began = Instant::now();
    let running = tokio::spawn(async move { link.run(shell("2", None)).await });
    worker.started().await;
    worker.finish("2", Reply::default());
    assert_eq!(running.await.unwrap().unwrap().rc, -1);
    assert_eq!(began.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_command_ends_as_the_worker_says() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let running = tokio::spawn({
        let link = link.clone();
        async move { link.run(shell("1", None)).await }
    });
    worker.started().await;
    link.interrupt("1", "enough");
    assert_eq!(running.await.unwrap().unwrap().rc, -1);
    let expected = Request::InterruptCommand {
        command_id: "1".to_owned(),
        why: "enough".to_owned(),
        builder_name: Some("b".to_owned()),
    };
    assert_eq!(worker.heard().last(), Some(&expected));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_hangs_up_loses_all_its_commands() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let running: Vec<_> = ["1", "2"]
        .map(|id| {
            let link = link.clone();
            tokio::spawn(async move { link.run(shell(id, None)).await })
        })
        .into();
    worker.started().await;
    worker.started().await;
    worker.hang_up();
    for command in running {
        assert!(matches!(command.await.unwrap(), Err(LinkError::Lost(_))));
    }
    wire.detached(link.session()).await;
    assert!(matches!(link.run(shell("3", None)).await, Err(LinkError::Lost(_))));
    assert!(matches!(link.ping().await, Err(LinkError::Lost(_))));
}

#[tokio::test(start_paused = true)]
async fn an_id_is_used_by_one_command_only() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let first = tokio::spawn({
        let link = link.clone();
        async move { link.run(shell("1", None)).await }
    });
    worker.started().await;
    assert!(matches!(link.run(shell("1", None)).await, Err(LinkError::Refused(_))));
    worker.release();
    assert_eq!(first.await.unwrap().unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_master_does_not_know_is_answered_with_an_exception() {
    let wire = TestWire::new();
    let (worker, _link) = wire.attach(WorkerScript::new("w1")).await;
    let unknown = Request::Complete { command_id: "99".to_owned(), error: None };
    assert_eq!(worker.say(unknown).await, Err("'unknown \"command_id\"'".to_owned()));
    assert_eq!(worker.say(Request::Keepalive).await, Err("Command keepalive does not exist.".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_sends_nonsense_is_dropped() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    let mut keyless = msgpack::encode(&Message::Request { seq: 1, request: Request::Keepalive });
    keyless.splice(..4, [0x82, 0xa2, b'o', b'q']);
    worker.send_raw(keyless);
    assert_eq!(link.ping().await, Ok(()));
    worker.send_raw(vec![0xc1]);
    worker.gone().await;
    assert!(wire.detached(link.session()).await.contains("nonsense"));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_stored_fails_its_command_and_nothing_else() {
    let wire = TestWire::new();
    let (_worker, link) = wire.attach(WorkerScript::new("w1").reply("make", Reply::stdout("a\n", 0))).await;
    let log = wire.log_on(1, &LogShelf::broken("disk on fire"));
    assert!(
        matches!(link.run(shell("1", Some(log))).await, Err(LinkError::CommandFailed(why)) if why.contains("fire"))
    );
    assert_eq!(link.run(shell("2", None)).await.unwrap().rc, 0);
}

#[tokio::test(start_paused = true)]
async fn files_travel_block_by_block() {
    struct Echo(Mutex<Vec<TransferStep>>);
    impl Transfer for Echo {
        fn step(&self, step: TransferStep) -> BoxFuture<'static, Result<Vec<u8>, String>> {
            let answer = match &step {
                TransferStep::Read { length } => Ok(vec![7; *length]),
                TransferStep::Unpack => Err("disk full".to_owned()),
                _ => Ok(Vec::new()),
            };
            self.0.lock().unwrap().push(step);
            async move { answer }.boxed()
        }
    }
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let echo = Arc::new(Echo(Mutex::default()));
    let command = StartCommand { transfer: Some(echo.clone()), ..shell("1", None) };
    let running = tokio::spawn(async move { link.run(command).await });
    worker.started().await;
    let id = || "1".to_owned();
    let write = Request::UploadFileWrite { command_id: id(), data: b"block".to_vec() };
    assert_eq!(worker.say(write).await, Ok(Value::Nil));
    let utime = Request::UploadFileUtime { command_id: id(), access_time: 1.0, modified_time: 2.0 };
    assert_eq!(worker.say(utime).await, Ok(Value::Nil));
    assert_eq!(worker.say(Request::ReadFile { command_id: id(), length: 3 }).await, Ok(Value::Bin(vec![7; 3])));
    assert_eq!(worker.say(Request::ReadFile { command_id: id(), length: -3 }).await, Ok(Value::Bin(Vec::new())));
    let unpack = Request::UploadDirectoryUnpack { command_id: id() };
    assert_eq!(worker.say(unpack).await, Err("disk full".to_owned()));
    worker.release();
    running.await.unwrap().unwrap();
    let steps = echo.0.lock().unwrap();
    assert_eq!(steps[0], TransferStep::WriteFile(b"block".to_vec()));
    assert_eq!(steps[1], TransferStep::SetTimes { access: 1.0, modified: 2.0 });
}

#[tokio::test(start_paused = true)]
async fn a_command_without_a_transfer_refuses_files() {
    let wire = TestWire::new();
    let (mut worker, link) = wire.attach(WorkerScript::new("w1")).await;
    worker.hold();
    let running = tokio::spawn(async move { link.run(shell("1", None)).await });
    worker.started().await;
    let close = Request::UploadFileClose { command_id: "1".to_owned() };
    assert!(worker.say(close).await.is_err());
    worker.release();
    running.await.unwrap().unwrap();
}
