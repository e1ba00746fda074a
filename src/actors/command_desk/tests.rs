//! The desk with a database and without actors.

use tokio::sync::watch;

use super::*;
use crate::actors::applied::Applied;
use crate::actors::supervisor::{Child, ChildSpec, Handle, Reply, Running, ShellContext, Supervisor};
use crate::commands::parse;
use crate::config::Loader;
use crate::db::transitions::{ConfigIds, StartBuild, StartBuildOutcome};
use crate::db::views::{buildsets, properties};
use crate::domain::Timestamp;
use crate::testing::test_db::{TestDb, TestSite};
use crate::testing::virtual_time;

const CONFIG: &str = "from buildbot.plugins import *\nc = BuildmasterConfig = {}\n\
     c['workers'] = [worker.Worker('w', 'pw')]\nc['protocols'] = {'pb': {'port': 9989}}\n\
     c['builders'] = [util.BuilderConfig('b', workername='w', factory=util.BuildFactory())]\n\
     c['schedulers'] = [schedulers.AnyBranchScheduler('s', treeStableTimer=None, builderNames=['b'])]\n";

/// Takes every order to stop a build.
struct Stopper {
    stopped: watch::Sender<Option<String>>,
}

impl Child for Stopper {}

impl Handle<StopBuild> for Stopper {
    fn handle(&mut self, message: StopBuild, _: &mut ShellContext<'_, Self>) -> Reply<bool> {
        self.stopped.send_replace(Some(message.reason));
        Reply::Now(true)
    }
}

struct Bench {
    db: TestDb,
    site: TestSite,
    desk: CommandDesk,
    stopped: watch::Receiver<Option<String>>,
    _stopper: Running<Stopper>,
    _in_force: watch::Sender<Arc<Applied>>,
}

impl Bench {
    async fn new() -> Self {
        let clock = virtual_time(Timestamp::from_secs(1_767_225_600));
        let db = TestDb::new(&clock);
        let site = db.site().await;
        let config = Loader::new("/srv/master").text("master.cfg", CONFIG).unwrap_or_else(|errors| panic!("{errors}"));
        let ids = ConfigIds { builders: [("b".to_owned(), site.builder)].into(), ..ConfigIds::default() };
        let in_force = watch::Sender::new(Arc::new(Applied { config: Arc::new(config), ids }));
        let (supervisor, _) = Supervisor::new();
        let (told, stopped) = watch::channel(None);
        let stopper = supervisor.prepare(ChildSpec::permanent("stopper", "stopper"));
        let stopper = stopper.start(move || Stopper { stopped: told.clone() });
        let desk = CommandDesk {
            db: db.db.clone(),
            clock,
            config: in_force.subscribe(),
            stop: stopper.ask(std::time::Duration::from_secs(5)),
            stop_wish: Arc::default(),
        };
        Self { db, site, desk, stopped, _stopper: stopper, _in_force: in_force }
    }

    async fn say(&self, line: &str) -> Result<Answer, String> {
        let command = parse(line).map_err(|error| error.to_string())?.unwrap();
        let asker = Asker { name: "alice on #ci".to_owned(), place: Place::Chats };
        self.desk.carry_out(command, &asker).await.map_err(|error| error.to_string())
    }

    async fn start(&self, request: BuildRequestId) {
        let (builder, worker) = (self.site.builder, self.site.worker);
        let (requests, properties, state_string) = (vec![request], Properties::new(), "compiling".to_owned());
        let start = StartBuild { builder, requests, worker, properties, state_string, shown_at: None };
        let StartBuildOutcome::Started(_) = self.db.db.write(start).await.unwrap() else { panic!("not started") };
    }
}

#[actix::test]
async fn a_force_stores_a_buildset_that_says_who_wanted_it() {
    let bench = Bench::new().await;
    let line = "force build --branch=main --revision=abc --props=fast=1 b to see";
    let answer = bench.say(line).await.unwrap();
    let request = answer.forced.unwrap();
    assert_eq!(answer.lines, [format!("build of b forced, request {request}")]);
    let (buildset, set) = bench
        .db
        .db
        .read(move |conn| {
            let id = build_request_set(conn, request)?;
            Ok((buildsets::find(conn, id)?.unwrap(), properties::of_buildset(conn, id)?))
        })
        .await
        .unwrap();
    assert_eq!(buildset.reason, "force: by alice on #ci: to see");
    assert_eq!(buildset.scheduler, "status.words");
    let stamp = &buildset.source_stamps[0].stamp.spec;
    assert_eq!((stamp.branch.as_deref(), stamp.revision.as_deref()), (Some("main"), Some("abc")));
    let text = |name: &str| set.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    assert_eq!((text("fast").as_deref(), text("owner").as_deref()), (Some("1"), Some("alice on #ci")));
}

fn build_request_set(
    conn: &mut crate::db::views::Connection,
    request: BuildRequestId,
) -> Result<crate::domain::BuildsetId, DbError> {
    let line = crate::db::views::build_requests::find(conn, request)?;
    Ok(line.map(|line| line.buildset_id).unwrap_or_default())
}

#[actix::test]
async fn a_force_is_made_of_what_people_may_type() {
    let bench = Bench::new().await;
    let refused = "the branch 'a;b' is not of the form '^[\\w.+/~-]*$'";
    assert_eq!(bench.say("force build --branch=a;b b").await, Err(refused.to_owned()));
    assert!(bench.say("force build --revision=$(x) b").await.is_err_and(|error| error.contains("the revision")));
    assert!(bench.say("force build --props=fast=`x` b").await.is_err_and(|error| error.contains("property '`x`'")));
}

#[actix::test]
async fn a_builder_that_is_not_there_is_told_with_the_nearest() {
    let bench = Bench::new().await;
    assert_eq!(bench.say("force build c").await, Err("there is no builder 'c', perhaps 'b'".to_owned()));
    assert_eq!(bench.say("status nothing").await, Err("there is no builder 'nothing'".to_owned()));
    assert_eq!(bench.say("stop build b").await, Err("no build of b runs".to_owned()));
}

#[actix::test]
async fn running_builds_are_seen_and_stopped() {
    let bench = Bench::new().await;
    let request = bench.say("force build b").await.unwrap().forced.unwrap();
    assert_eq!(bench.say("status b").await.unwrap().lines, ["b: offline, 1 request waits"]);
    bench.start(request).await;
    assert_eq!(bench.say("status").await.unwrap().lines, ["b: build #1 runs for 0 s (compiling)"]);
    assert_eq!(bench.say("list builds").await.unwrap().lines, ["b: build #1 runs for 0 s (compiling)"]);
    assert_eq!(bench.say("stop build b enough").await.unwrap().lines, ["build #1 of b is being stopped"]);
    assert_eq!(bench.stopped.borrow().as_deref(), Some("by alice on #ci: enough"));
}

#[actix::test]
async fn the_end_of_the_master_is_wished_for() {
    let bench = Bench::new().await;
    assert!(bench.say("shutdown check").await.unwrap().lines[0].contains("nobody has asked"));
    assert_eq!(bench.say("shutdown stop").await, Err("the master is not ending".to_owned()));
    bench.say("shutdown start").await.unwrap();
    assert_eq!(*bench.desk.stop_wish.borrow(), StopWish::Clean);
    assert!(bench.say("shutdown check").await.unwrap().lines[0].contains("ends once"));
    bench.say("shutdown stop").await.unwrap();
    assert_eq!(*bench.desk.stop_wish.borrow(), StopWish::None);
    bench.say("shutdown now").await.unwrap();
    assert_eq!(*bench.desk.stop_wish.borrow(), StopWish::Now);
}

#[actix::test]
async fn every_harmless_command_has_an_answer() {
    let bench = Bench::new().await;
    let lines =
        ["hello", "version", "source", "commands", "help force", "getid", "dance", "destroy it", "list workers"];
    for line in lines.into_iter().chain(["list all builders", "list 3 changes", "last all", "excited", "nay"]) {
        assert!(!bench.say(line).await.unwrap().lines.is_empty(), "{line}");
    }
    assert_eq!(bench.say("mute").await, Err("that is for chats".to_owned()));
}
