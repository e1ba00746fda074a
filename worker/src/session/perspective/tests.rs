//! The worker in the hands of a scripted master.

use std::cell::Cell;
use std::collections::VecDeque;

use buildbot_protocol::pb::Reply;
use tokio::io::DuplexStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, LocalSet};

use super::*;
use crate::base_dir::BaseDir;
use crate::config::WorkerConfig;

const CHALLENGE: [u8; 16] = *b"0123456789abcdef";

struct Call {
    target: Target,
    method: String,
    args: Vec<Jelly>,
    reply: Reply,
}

struct Master {
    broker: Broker,
    stream: DuplexStream,
    heard: VecDeque<Incoming>,
    worker: JoinHandle<End>,
    wish: watch::Sender<bool>,
    attached: Rc<Cell<bool>>,
    place: tempfile::TempDir,
}

impl Master {
    fn new(configure: impl FnOnce(&mut WorkerConfig)) -> Self {
        let place = tempfile::tempdir().unwrap();
        let (stream, theirs) = tokio::io::duplex(1 << 16);
        let (wish, wants_to_end) = watch::channel(false);
        let mut config = WorkerConfig::new("master:9989", "ours", "pass");
        configure(&mut config);
        let worker = Rc::new(Worker { base_dir: BaseDir::new(place.path()).unwrap(), config, wants_to_end });
        let attached = Rc::new(Cell::new(false));
        let is_attached = Rc::clone(&attached);
        let worker = spawn_local(async move { run(theirs, worker, &|| is_attached.set(true)).await });
        let broker = Broker::server(Limits::SESSION);
        Self { broker, stream, heard: VecDeque::new(), worker, wish, attached, place }
    }

    /// The next thing the worker says.
    async fn next(&mut self) -> Incoming {
        loop {
            let output = self.broker.take_output();
            self.stream.write_all(&output).await.unwrap();
            if let Some(heard) = self.heard.pop_front() {
                return heard;
            }
            let mut piece = [0; 4096];
            let n = self.stream.read(&mut piece).await.unwrap();
            assert!(0 < n, "the worker closed the connection");
            self.heard.extend(self.broker.receive(&piece[..n]).unwrap());
        }
    }

    async fn call_of(&mut self, expected: &str) -> Call {
        match self.next().await {
            Incoming::Call { target, method, args, reply, .. } if method == expected => {
                Call { target, method, args, reply }
            }
            other => panic!("{other:?} is no call of {expected}"),
        }
    }

    fn answer(&mut self, reply: Reply, value: Jelly) {
        self.broker.answer(reply, &value).unwrap();
    }

    /// Calls the worker; its answer, which has to be the next thing it says.
    async fn ask(&mut self, object: RemoteId, method: &str, args: &[Jelly]) -> Result<Jelly, Failure> {
        let id = self.broker.call(object.into(), method, args, &[]).unwrap();
        match self.next().await {
            Incoming::Answer { call, value } if call == id => Ok(value),
            Incoming::Error { call, failure } if call == id => Err(failure),
            other => panic!("{other:?} is no answer to {method}"),
        }
    }

    /// Lets the worker in; the worker itself, and the perspective by which it calls.
    async fn log_in(&mut self) -> (RemoteId, LocalId) {
        assert_eq!(self.next().await, Incoming::Ready);
        let login = self.call_of("login").await;
        assert_eq!((login.target, login.args), (Target::Root, vec![Jelly::Bytes(b"ours".to_vec())]));
        let challenger = self.broker.export().unwrap();
        self.answer(login.reply, Jelly::Tuple(vec![Jelly::Bytes(CHALLENGE.to_vec()), challenger.into()]));
        let mut respond = self.call_of("respond").await;
        let worker = respond.args[1].as_remote().unwrap();
        let Some(Jelly::Bytes(response)) = respond.args.drain(..1).next() else { panic!("no response") };
        assert!(Challenge(CHALLENGE).accepts(&response, "pass"));
        let perspective = self.broker.export().unwrap();
        assert!(!self.attached.get());
        self.answer(respond.reply, perspective.into());
        assert_eq!(self.next().await, Incoming::Released(challenger));
        assert!(self.attached.get());
        (worker, perspective)
    }

    /// Sets one builder; its object.
    async fn set_builder(&mut self, worker: RemoteId) -> RemoteId {
        let pair = Jelly::Tuple(vec!["a builder".into(), "dir".into()]);
        let builders = self.ask(worker, "setBuilderList", &[Jelly::List(vec![pair])]).await.unwrap();
        assert!(self.place.path().join("dir").is_dir());
        let Jelly::Dict(builders) = builders else { panic!("no builders") };
        builders[0].1.as_remote().unwrap()
    }

    /// Starts a command; its object, and what the worker answers.
    async fn start(
        &mut self,
        builder: RemoteId,
        name: &str,
        args: &[(&str, Jelly)],
    ) -> (LocalId, Result<Jelly, Failure>) {
        let command = self.broker.export().unwrap();
        let args = args.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
        let args = [command.into(), "17".into(), name.into(), Jelly::Dict(args)];
        (command, self.ask(builder, "startCommand", &args).await)
    }

    /// Answers updates until the command is complete and has been let go of; all that was said, one entry each.
    async fn follow(&mut self, command: LocalId) -> Vec<(String, Jelly)> {
        let mut said = Vec::new();
        loop {
            match self.next().await {
                Incoming::Call { method, args, reply, .. } if method == "update" => {
                    for update in args.into_iter().flat_map(Jelly::into_items).flatten() {
                        let entry = update.into_items().unwrap().remove(0).into_entries().unwrap().remove(0);
                        said.push((entry.0.into_text().unwrap(), entry.1));
                    }
                    self.answer(reply, Jelly::Int(0));
                }
                Incoming::Call { method, args, reply, .. } if method == "complete" => {
                    assert_eq!(args, [Jelly::None]);
                    self.answer(reply, Jelly::None);
                }
                Incoming::Released(object) if object == command => return said,
                other => panic!("unexpected: {other:?}"),
            }
        }
    }
}

fn value<'a>(said: &'a [(String, Jelly)], key: &str) -> &'a Jelly {
    &said.iter().find(|(name, _)| name == key).unwrap_or_else(|| panic!("no {key} in {said:?}")).1
}

#[tokio::test(start_paused = true)]
async fn a_worker_logs_in_tells_what_it_is_and_gives_a_finished_command_back() {
    let script = async {
        let mut master = Master::new(|config| config.numcpus = Some(3));
        let (worker, _) = master.log_in().await;
        let info = master.ask(worker, "getWorkerInfo", &[]).await.unwrap();
        let info = to_value(info);
        assert_eq!(info.as_map().unwrap()["numcpus"], Value::Int(3));
        assert!(info.as_map().unwrap()["worker_commands"].as_map().unwrap().contains_key("uploadFile"));
        let builder = master.set_builder(worker).await;
        let (command, started) = master.start(builder, "mkdir", &[("dir", "build/new".into())]).await;
        assert_eq!(started, Ok(Jelly::None));
        let said = master.follow(command).await;
        assert_eq!(value(&said, "rc"), &Jelly::Int(0));
        assert!(master.place.path().join("dir/build/new").is_dir());
        assert_eq!(master.set_builder(worker).await, builder, "it is the same builder");
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_is_written_to_the_masters_object_block_by_block() {
    let script = async {
        let mut master = Master::new(|_| {});
        let (worker, _) = master.log_in().await;
        let builder = master.set_builder(worker).await;
        std::fs::write(master.place.path().join("dir/file"), b"abc\xff").unwrap();
        let writer = master.broker.export().unwrap();
        let args = [
            ("workdir", "".into()),
            ("workersrc", "file".into()),
            ("writer", writer.into()),
            ("blocksize", Jelly::Int(3)),
        ];
        let (command, _) = master.start(builder, "uploadFile", &args).await;
        for block in [&b"abc"[..], b"\xff"] {
            let write = master.call_of("write").await;
            assert_eq!((write.target, write.args), (Target::Object(writer.0), vec![Jelly::Bytes(block.to_vec())]));
            master.answer(write.reply, Jelly::None);
        }
        let close = master.call_of("close").await;
        master.answer(close.reply, Jelly::None);
        let said = master.follow(command).await;
        assert_eq!(value(&said, "rc"), &Jelly::Int(0));
        assert_eq!(master.next().await, Incoming::Released(writer));
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_file_is_read_from_the_masters_object_until_it_is_empty() {
    let script = async {
        let mut master = Master::new(|_| {});
        let (worker, _) = master.log_in().await;
        let builder = master.set_builder(worker).await;
        let reader = master.broker.export().unwrap();
        let args = [("workdir", "".into()), ("slavedest", "new/file".into()), ("reader", reader.into())];
        let (command, _) = master.start(builder, "downloadFile", &args).await;
        for block in [&b"\x00\xff"[..], b""] {
            let read = master.call_of("read").await;
            master.answer(read.reply, Jelly::Bytes(block.to_vec()));
        }
        let close = master.call_of("close").await;
        assert_eq!((close.target, close.method.as_str()), (Target::Object(reader.0), "close"));
        master.answer(close.reply, Jelly::None);
        master.follow(command).await;
        assert_eq!(std::fs::read(master.place.path().join("dir/new/file")).unwrap(), b"\x00\xff");
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_started_is_refused_as_buildbot_does_and_its_objects_are_given_back() {
    let script = async {
        let mut master = Master::new(|_| {});
        let (worker, _) = master.log_in().await;
        let builder = master.set_builder(worker).await;
        let cases = [("svn", "buildbot_worker.base.UnknownCommand"), ("stat", "builtins.ValueError")];
        for (name, expected) in cases {
            let command = master.broker.export().unwrap();
            let args = [command.into(), "1".into(), name.into(), Jelly::Dict(vec![])];
            let call = master.broker.call(builder.into(), "startCommand", &args, &[]).unwrap();
            assert_eq!(master.next().await, Incoming::Released(command));
            let Incoming::Error { call: refused, failure } = master.next().await else { panic!("no error") };
            assert_eq!((refused, failure.type_name.as_str()), (call, expected));
        }
        let unknown = master.ask(worker, "explode", &[]).await;
        assert!(unknown.is_err_and(|failure| failure.is_no_such_method()));
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_confined_worker_keeps_to_its_directory() {
    let script = async {
        let mut master = Master::new(|config| config.confine = true);
        let (worker, _) = master.log_in().await;
        let builder = master.set_builder(worker).await;
        let (command, _) = master.start(builder, "stat", &[("file", "/etc/passwd".into())]).await;
        let said = master.follow(command).await;
        assert_eq!(value(&said, "rc"), &Jelly::Int(i64::from(nix::libc::EACCES)));
        assert!(said.iter().all(|(key, _)| key != "stat"));
        let pair = Jelly::Tuple(vec!["b".into(), "/tmp".into()]);
        assert!(master.ask(worker, "setBuilderList", &[Jelly::List(vec![pair])]).await.is_err());
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn directories_without_a_builder_are_deleted_only_if_the_worker_is_told_so() {
    let script = async {
        for told in [false, true] {
            let mut master = Master::new(|config| config.delete_leftover_dirs = told);
            for name in ["info", "old"] {
                std::fs::create_dir(master.place.path().join(name)).unwrap();
            }
            let (worker, _) = master.log_in().await;
            master.set_builder(worker).await;
            assert_eq!(master.place.path().join("old").exists(), !told);
            assert!(master.place.path().join("info").exists());
        }
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_and_a_failed_one_are_told_apart() {
    let script = async {
        for (failure, is_refused) in [(Failure::unauthorized(), true), (Failure::pb_error("busy"), false)] {
            let mut master = Master::new(|_| {});
            assert_eq!(master.next().await, Incoming::Ready);
            let login = master.call_of("login").await;
            master.broker.refuse(login.reply, &failure);
            let output = master.broker.take_output();
            master.stream.write_all(&output).await.unwrap();
            let end = master.worker.await.unwrap();
            assert_eq!(end == End::Refused, is_refused, "{end:?}");
        }
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_wish_to_end_reaches_the_perspective_and_the_master_ends_the_worker() {
    let script = async {
        let mut master = Master::new(|_| {});
        let (worker, perspective) = master.log_in().await;
        master.wish.send_replace(true);
        let shutdown = master.call_of("shutdown").await;
        assert_eq!(shutdown.target, Target::Object(perspective.0));
        master.answer(shutdown.reply, Jelly::None);
        assert_eq!(master.ask(worker, "shutdown", &[]).await, Ok(Jelly::None));
        assert_eq!(master.worker.await.unwrap(), End::Shutdown);
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_master_that_does_not_answer_signs_of_life_is_gone() {
    let script = async {
        let mut master = Master::new(|config| config.keepalive = 10);
        let (_, perspective) = master.log_in().await;
        let first = master.call_of("keepalive").await;
        assert_eq!(first.target, Target::Object(perspective.0));
        master.answer(first.reply, Jelly::None);
        let _unanswered = master.call_of("keepalive").await;
        let end = master.worker.await.unwrap();
        assert_eq!(end, End::Lost("the master does not answer".to_owned()));
    };
    LocalSet::new().run_until(script).await;
}

#[tokio::test(start_paused = true)]
async fn a_master_that_does_not_answer_gets_no_more_than_a_window_of_updates() {
    let script = async {
        let mut master = Master::new(|config| config.keepalive = 0);
        let (worker, _) = master.log_in().await;
        let builder = master.set_builder(worker).await;
        for id in 0..12 {
            let command = master.broker.export().unwrap();
            let args = Jelly::Dict(vec![("dir".into(), "d".into())]);
            let args = [command.into(), format!("{id}").as_str().into(), "mkdir".into(), args];
            master.broker.call(builder.into(), "startCommand", &args, &[]).unwrap();
        }
        let mut unanswered = Vec::new();
        // The time passes only while nobody has anything to do.
        while let Ok(heard) = tokio::time::timeout(Duration::from_secs(3600), master.next()).await {
            if let Incoming::Call { method, reply, .. } = heard
                && method == "update"
            {
                unanswered.push(reply);
            }
        }
        assert_eq!(unanswered.len(), crate::session::WINDOW);
        let reply = unanswered.remove(0);
        master.answer(reply, Jelly::Int(0));
        let mut next = master.next().await;
        while !matches!(&next, Incoming::Call { method, .. } if method == "update") {
            next = master.next().await;
        }
    };
    LocalSet::new().run_until(script).await;
}
