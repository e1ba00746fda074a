//! From the handshake to a worker that can be used.

use buildbot_protocol::{Request, Value};

use super::*;
use crate::testing::scripted_worker::Refused;

fn two_builders() -> TestWire {
    let admission = Admission {
        builders: [("one", "zeta"), ("two", "alpha"), ("three", "there")]
            .map(|(name, dir)| (name.to_owned(), dir.to_owned()))
            .to_vec(),
        keepalive: Duration::from_secs(3_600),
    };
    TestWire::with(admission, WireLimits::default())
}

#[tokio::test(start_paused = true)]
async fn a_worker_is_introduced_step_by_step() {
    let wire = two_builders();
    let script = WorkerScript { entries: vec!["there".to_owned()], ..WorkerScript::new("w1") };
    let (worker, link) = wire.attach(script).await;

    let asked = worker.heard();
    let names: Vec<&str> = asked.iter().map(Request::operation).collect();
    let expected = [
        "print",
        "get_worker_info",
        "set_worker_settings",
        "start_command",
        "start_command",
        "print",
        "print",
        "print",
    ];
    assert_eq!(names, expected);
    let Request::SetWorkerSettings(settings) = &asked[2] else { panic!("settings come third") };
    assert_eq!((settings.buffer_timeout, settings.buffer_size), (0.2, 65536));
    let Request::StartCommand { command_name, args, builder_name, .. } = &asked[3] else { panic!("no listdir") };
    assert_eq!((command_name.as_str(), args["path"].as_str(), builder_name), ("listdir", Some("/w/w1"), &None));
    let Request::StartCommand { command_name, args, .. } = &asked[4] else { panic!("no mkdir") };
    let paths = Value::Array(vec!["/w/w1/alpha".into(), "/w/w1/info".into(), "/w/w1/zeta".into()]);
    assert_eq!((command_name.as_str(), &args["paths"]), ("mkdir", &paths));

    assert_eq!(link.facts().basedir, "/w/w1");
    assert_eq!(link.facts().commands.get("shell").as_deref(), Some("3.3"));
    assert_eq!(wire.heard(), [Heard::Attached("w1".to_owned(), link.session())]);
}

#[tokio::test(start_paused = true)]
async fn directories_that_belong_to_nobody_are_removed_if_the_worker_wants_it() {
    let wire = two_builders();
    let mut script = WorkerScript::new("w1");
    script.entries = ["there", "info", "old", "zeta", "alpha"].map(str::to_owned).into();
    script.facts.insert("delete_leftover_dirs".to_owned(), Value::Bool(true));
    let (worker, _link) = wire.attach(script).await;
    let commands: Vec<(String, Value)> = worker
        .heard()
        .into_iter()
        .filter_map(|request| match request {
            Request::StartCommand { command_name, args, .. } => {
                Some((command_name, args.into_values().next().unwrap()))
            }
            _ => None,
        })
        .collect();
    let old = Value::from("/w/w1/old");
    let expected = [
        ("listdir".to_owned(), Value::from("/w/w1")),
        ("stat".to_owned(), old.clone()),
        ("rmdir".to_owned(), Value::Array(vec![old])),
    ];
    assert_eq!(commands, expected);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_where_nothing_is_missing() {
    let wire = two_builders();
    let entries = ["info", "zeta", "alpha", "there"].map(str::to_owned).into();
    let (worker, _link) = wire.attach(WorkerScript { entries, ..WorkerScript::new("w1") }).await;
    assert_eq!(worker.heard().iter().filter(|request| request.operation() == "start_command").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_unauthorized_and_nobody_hears_of_it() {
    let wire = TestWire::new();
    let script = WorkerScript { password: "guess".to_owned(), ..WorkerScript::new("w1") };
    let refused = ScriptedWorker::connect(wire.dial(Dialects::Msgpack), script).await.unwrap_err();
    assert_eq!(refused, Refused(Some(401)));
    assert_eq!(wire.heard(), []);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_does_not_tell_its_directory_is_sent_away() {
    let wire = TestWire::new();
    let mut script = WorkerScript::new("w1");
    script.facts.remove("basedir");
    let mut worker = ScriptedWorker::connect(wire.dial(Dialects::Msgpack), script).await.unwrap();
    worker.gone().await;
    assert_eq!(wire.heard(), []);
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_never_answers_is_sent_away() {
    let wire = TestWire::with(Admission::default(), WireLimits::default());
    let script = WorkerScript::new("w1");
    let mut worker = ScriptedWorker::connect(wire.dial(Dialects::Msgpack), script).await.unwrap();
    worker.stop_answering();
    worker.gone().await;
    assert_eq!(wire.heard(), []);
}

#[tokio::test(start_paused = true)]
async fn builders_added_later_get_their_directories() {
    let wire = TestWire::new();
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    let builders = vec![("three".to_owned(), "new".to_owned())];
    assert!(!link.knows_builders(&builders));
    link.prepare_builders(builders.clone()).await.unwrap();
    assert!(link.knows_builders(&builders));
    let made = worker.heard().into_iter().any(|request| match request {
        Request::StartCommand { args, .. } => args.get("paths") == Some(&Value::Array(vec!["/w/w1/new".into()])),
        _ => false,
    });
    assert!(made);
}

#[tokio::test(start_paused = true)]
async fn a_directory_of_a_builder_that_was_just_removed_stays_until_the_worker_attaches_again() {
    let wire = two_builders();
    let mut script = WorkerScript::new("w1");
    script.facts.insert("delete_leftover_dirs".to_owned(), Value::Int(1));
    script.entries = ["zeta", "alpha", "there", "info"].map(str::to_owned).into();
    let (worker, link) = wire.attach(script).await;
    link.prepare_builders(Vec::new()).await.unwrap();
    let removes =
        |request: &Request| matches!(request, Request::StartCommand { command_name, .. } if command_name == "rmdir");
    assert!(!worker.heard().iter().any(removes));
}

#[tokio::test(start_paused = true)]
async fn a_worker_may_ask_to_be_shut_down() {
    let wire = TestWire::new();
    let (worker, link) = wire.attach(WorkerScript::new("w1")).await;
    assert_eq!(worker.say(Request::Shutdown).await, Ok(Value::Nil));
    link.ping().await.unwrap();
    assert!(wire.heard().contains(&Heard::WantsToLeave("w1".to_owned())));
    assert!(!worker.heard().contains(&Request::Shutdown), "that is for others to decide");
}
