//! Clients that try, administrate and watch.

use buildbot_protocol::pb::Target;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::domain::try_job::{TryBuild, TryBuildId, TryRequest};
use crate::domain::{BuildId, BuildRequestId, Results, TryJob, TryStatus};

/// Accepts jobs for `b` and tells what the test says of them.
struct Desk {
    jobs: Mutex<Vec<TryJob>>,
    status: watch::Sender<TryStatus>,
}

impl TryDesk for Desk {
    fn builder_names(&self) -> Vec<String> {
        vec!["b".to_owned(), "c".to_owned()]
    }

    fn submit(&self, job: TryJob) -> BoxFuture<'static, Result<Option<watch::Receiver<TryStatus>>, String>> {
        let outcome = match job.builder_names.first().map(String::as_str) {
            Some("b") => Ok(Some(self.status.subscribe())),
            Some("broken") => Err("the database is away".to_owned()),
            _ => Ok(None),
        };
        self.jobs.lock().unwrap().push(job);
        std::future::ready(outcome).boxed()
    }
}

impl Desk {
    fn new() -> Arc<Self> {
        let request =
            TryRequest { id: BuildRequestId(7), builder_name: "b".to_owned(), results: None, builds: Vec::new() };
        Arc::new(Self { jobs: Mutex::default(), status: watch::Sender::new(TryStatus { requests: vec![request] }) })
    }

    /// The one build is this far.
    fn tell(&self, steps: &[(&str, Option<Results>)], finished: Option<Results>) {
        let steps = steps.iter().map(|(name, results)| ((*name).to_owned(), *results)).collect();
        let finished = finished.map(|results| (results, "in words".to_owned()));
        self.status.send_modify(|status| {
            status.requests[0].results = finished.as_ref().map(|(results, _)| *results);
            status.requests[0].builds = vec![TryBuild { id: TryBuildId::Build(BuildId(3)), steps, finished }];
        });
    }
}

/// A client that has logged in as `ann`.
async fn log_in(wire: &TestWire) -> (Peer, Target) {
    let mut peer = Peer::new(wire.dial(Dialects::Any));
    let login = peer.log_in("ann", "secret", Jelly::None).await;
    let perspective = peer.answer_to(login).await.unwrap().as_remote().unwrap();
    (peer, perspective.into())
}

fn job(builder: &str) -> Vec<Jelly> {
    let patch = Jelly::Tuple(vec![Jelly::Int(1), Jelly::Bytes(b"--- a/f".to_vec())]);
    vec![text("main"), text("abc"), patch, text("git://r"), text(""), Jelly::List(vec![text(builder)])]
}

fn remote(value: &Jelly) -> Target {
    value.as_remote().unwrap().into()
}

#[tokio::test(start_paused = true)]
async fn a_client_hears_of_its_build_from_the_first_step_to_the_end() {
    let (wire, desk) = (wire(), Desk::new());
    wire.gate.admit_as("ann", Visitor::Try(desk.clone()));
    let (mut peer, perspective) = log_in(&wire).await;
    let names = peer.ask(perspective, "getAvailableBuilderNames", &[]).await;
    assert_eq!(names, Ok(Jelly::List(vec![text("b"), text("c")])));
    let buildset = remote(&peer.ask(perspective, "try", &job("b")).await.unwrap());
    assert_eq!(desk.jobs.lock().unwrap()[0].patch_body, b"--- a/f");
    let requests = peer.ask(buildset, "getBuildRequests", &[]).await.unwrap().into_items().unwrap();
    let request = requests[0].clone().into_items().unwrap();
    assert_eq!((requests.len(), &request[0]), (1, &text("b")));
    let client: Jelly = peer.broker.export().unwrap().into();
    assert_eq!(peer.ask(remote(&request[1]), "subscribe", std::slice::from_ref(&client)).await, Ok(Jelly::None));

    desk.tell(&[("git", Some(Results::Success))], None);
    let new = peer.answer("newbuild", Jelly::None).await;
    assert_eq!(new[1], text("b"));
    let build = remote(&new[0]);
    let subscribed = peer.tell(build, "subscribe", &[client, Jelly::Int(20)]);
    let finished = peer.tell(build, "waitUntilFinished", &[]);
    assert_eq!(peer.answer_to(subscribed).await, Ok(Jelly::None));
    let started = peer.answer("stepStarted", Jelly::None).await;
    assert_eq!(started, [text("b"), new[0].clone(), text("git"), Jelly::None]);
    assert_eq!(peer.answer("stepFinished", Jelly::None).await[4], Jelly::Int(0));

    desk.tell(&[("git", Some(Results::Success)), ("make", None)], None);
    assert_eq!(peer.answer("stepStarted", Jelly::None).await[2], text("make"));
    desk.tell(&[("git", Some(Results::Success)), ("make", Some(Results::Failure))], Some(Results::Failure));
    assert_eq!(peer.answer("stepFinished", Jelly::None).await[4], Jelly::Int(2));
    assert_eq!(peer.answer_to(finished).await, Ok(new[0].clone()), "what was waited for is the build itself");
    assert_eq!(peer.ask(build, "getResults", &[]).await, Ok(Jelly::Int(2)));
    assert_eq!(peer.ask(build, "getText", &[]).await, Ok(Jelly::List(vec![text("in words")])));
    assert!(peer.ask(build, "explode", &[]).await.unwrap_err().is_no_such_method());
    peer.gone().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_waits_for_its_build_may_be_silent_for_hours() {
    let (wire, desk) = (wire(), Desk::new());
    wire.gate.admit_as("ann", Visitor::Try(desk.clone()));
    let (mut peer, perspective) = log_in(&wire).await;
    let buildset = remote(&peer.ask(perspective, "try", &job("b")).await.unwrap());
    tokio::time::sleep(Duration::from_secs(7_200)).await;
    assert!(peer.ask(buildset, "getBuildRequests", &[]).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_not_accepted_is_answered_and_the_client_may_try_another() {
    let (wire, desk) = (wire(), Desk::new());
    wire.gate.admit_as("ann", Visitor::Try(desk));
    let (mut peer, perspective) = log_in(&wire).await;
    assert_eq!(peer.ask(perspective, "try", &job("strange")).await, Ok(Jelly::None));
    assert!(peer.ask(perspective, "try", &job("broken")).await.unwrap_err().value.contains("database"));
    assert!(peer.ask(perspective, "try", &[]).await.is_err());
    assert!(peer.ask(perspective, "try", &job("b")).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_client_without_a_job_may_not_stay_for_ever() {
    let (wire, desk) = (wire(), Desk::new());
    wire.gate.admit_as("ann", Visitor::Try(desk));
    let (mut peer, _) = log_in(&wire).await;
    peer.gone().await;
}

/// Repeats what it is asked for.
struct Echo;

impl UserDesk for Echo {
    fn carry_out(&self, command: UserCommand) -> BoxFuture<'static, Result<String, String>> {
        let text = format!("{} {:?} {:?}", command.operation, command.ids, command.info);
        std::future::ready(if command.operation == "drop" { Err(text) } else { Ok(text) }).boxed()
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_administrates_users() {
    let wire = wire();
    wire.gate.admit_as("ann", Visitor::Users(Arc::new(Echo)));
    let (mut peer, perspective) = log_in(&wire).await;
    let args =
        |operation: &str| vec![text(operation), Jelly::None, Jelly::None, Jelly::List(vec![text("joe")]), Jelly::None];
    assert_eq!(peer.ask(perspective, "commandline", &args("get")).await, Ok(text("get [\"joe\"] []")));
    assert!(peer.ask(perspective, "commandline", &args("drop")).await.is_err());
    assert!(peer.ask(perspective, "addChange", &args("get")).await.unwrap_err().is_no_such_method());
}

/// Tells what the test says.
struct Tower(Mutex<Vec<mpsc::Sender<StatusNotice>>>);

impl StatusDesk for Tower {
    fn watch(&self) -> mpsc::Receiver<StatusNotice> {
        let (sender, receiver) = mpsc::channel(4);
        self.0.lock().unwrap().push(sender);
        receiver
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_watches_is_told_as_long_as_it_answers() {
    let (wire, tower) = (wire(), Arc::new(Tower(Mutex::default())));
    wire.gate.admit_as("ann", Visitor::Status(tower.clone()));
    let (mut peer, perspective) = log_in(&wire).await;
    let client: Jelly = peer.broker.export().unwrap().into();
    assert_eq!(peer.ask(perspective, "subscribe", &[client]).await, Ok(Jelly::None));
    let sender = tower.0.lock().unwrap()[0].clone();
    for number in 0..10 {
        sender.send([("event", "buildStarted".into()), ("number", Value::Int(number))].into()).await.unwrap();
        let told = peer.answer("event", Jelly::None).await;
        assert_eq!(told, [dict(&[("event", text("buildStarted")), ("number", Jelly::Int(number))])]);
    }
    drop(peer);
    sender.closed().await;
}
