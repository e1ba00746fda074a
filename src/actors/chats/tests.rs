//! A bot in virtual time, with a server that the test plays.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::*;
use crate::actors::applied::Applied;
use crate::actors::builders::StopBuild;
use crate::actors::supervisor::Running;
use crate::config::Loader;
use crate::db::transitions::{ConfigIds, FinishBuild, FinishCause, StartBuild, StartBuildOutcome, SyncReporters};
use crate::domain::{BuildId, BuildRequestId, Properties, Results, Timestamp};
use crate::reporters::irc::connection::{Dialer, Dialling, Line};
use crate::testing::test_db::{TestDb, TestSite};
use crate::testing::{probe_ask, virtual_time};

const START: Timestamp = Timestamp::from_secs(1_767_225_600);
const PATIENCE: Duration = Duration::from_secs(600);

/// Gives the connections that the test has made; without one there is no server.
#[derive(Default)]
struct Scripted {
    lines: Mutex<VecDeque<Line>>,
    n_attempts: Mutex<usize>,
}

impl Dialer for Scripted {
    fn dial(&self) -> Dialling {
        *self.n_attempts.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let line = self.lines.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        Box::pin(async move { line.ok_or_else(|| "connection refused".to_owned()) })
    }
}

/// The server's end of a connection.
struct Server {
    to_bot: mpsc::Sender<Result<String, String>>,
    from_bot: mpsc::Receiver<String>,
}

impl Server {
    async fn say(&self, line: &str) {
        self.to_bot.send(Ok(line.to_owned())).await.unwrap();
    }

    /// The next line, but not the marks behind what was told: those are confirmed.
    async fn next(&mut self) -> String {
        loop {
            let line =
                tokio::time::timeout(PATIENCE, self.from_bot.recv()).await.expect("a line").expect("the bot is there");
            match line.strip_prefix("PING ") {
                Some(mark) if mark.starts_with("told-") => self.say(&format!(":s PONG s {mark}")).await,
                _ => return line,
            }
        }
    }

    /// Lets the bot in, and into the channel.
    async fn welcome(&mut self) {
        assert_eq!(self.next().await, "NICK bot");
        self.next().await;
        self.say(":s 001 bot :Welcome").await;
        assert_eq!(self.next().await, "JOIN #ci");
        self.say(":bot!b@h JOIN #ci").await;
    }

    async fn order(&self, text: &str) {
        self.say(&format!(":alice!al@h PRIVMSG #ci :bot: {text}")).await;
    }

    /// Waits until the bot knows that all it said was heard.
    async fn is_confirmed(&mut self) {
        self.ask("getid").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    /// Says something to the bot, and hears the answer.
    async fn ask(&mut self, text: &str) -> String {
        self.order(text).await;
        self.next().await
    }
}

struct Bench {
    db: TestDb,
    site: TestSite,
    clock: Clock,
    dialer: Arc<Scripted>,
    supervisor: Supervisor,
    in_force: watch::Sender<Arc<Applied>>,
}

impl Bench {
    async fn new(more: &str) -> Self {
        let clock = virtual_time(START);
        let db = TestDb::new(&clock);
        let site = db.site().await;
        let text = format!(
            "from buildbot.plugins import *\nc = BuildmasterConfig = {{}}\n\
             c['workers'] = [worker.Worker('w', 'pw')]\nc['protocols'] = {{'pb': {{'port': 9989}}}}\n\
             c['buildbotURL'] = 'http://ci/'\n\
             c['builders'] = [util.BuilderConfig('b', workername='w', factory=util.BuildFactory())]\n\
             c['schedulers'] = [schedulers.AnyBranchScheduler('s', treeStableTimer=None, builderNames=['b'])]\n\
             c['services'] = [reporters.IRC('h', 'bot', ['#ci'], name='irc', useColors=False, {more})]\n"
        );
        let config = Loader::new("/srv/master").text("master.cfg", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let builders = [("b".to_owned(), site.builder)].into();
        let ids = ConfigIds { builders, workers: [("w".to_owned(), site.worker)].into(), ..ConfigIds::default() };
        let in_force = watch::Sender::new(Arc::new(Applied { config: Arc::new(config), ids }));
        let (supervisor, _) = Supervisor::new();
        db.db.write(SyncReporters { names: vec!["irc".to_owned()] }).await.unwrap();
        Self { db, site, clock, dialer: Arc::default(), supervisor, in_force }
    }

    /// The next connection that the bot makes leads to this server.
    fn server(&self) -> Server {
        let (to_bot, incoming) = mpsc::channel(100);
        let (outgoing, from_bot) = mpsc::channel(1000);
        self.dialer.lines.lock().unwrap_or_else(PoisonError::into_inner).push_back(Line { outgoing, incoming });
        Server { to_bot, from_bot }
    }

    fn start(&self) -> Running<Bot> {
        let (stop, _) = probe_ask::<StopBuild>(PATIENCE);
        let desk = CommandDesk {
            db: self.db.db.clone(),
            clock: self.clock.clone(),
            config: self.in_force.subscribe(),
            stop,
            stop_wish: Arc::default(),
        };
        let deps = BotDeps {
            db: self.db.db.clone(),
            clock: self.clock.clone(),
            config: self.in_force.subscribe(),
            desk,
            chance: |below| below / 2,
        };
        let config = Arc::new(self.in_force.borrow().config.chats[0].clone());
        let dialer: Arc<dyn Dialer> = self.dialer.clone();
        let shell = self.supervisor.prepare(ChildSpec::permanent("chat", "irc"));
        shell.start(move || Bot::new(Arc::clone(&config), deps.clone(), Arc::clone(&dialer)))
    }

    async fn begin(&self, request: BuildRequestId) -> BuildId {
        let (builder, worker) = (self.site.builder, self.site.worker);
        let (requests, properties, state_string) = (vec![request], Properties::new(), String::new());
        let start = StartBuild { builder, requests, worker, properties, state_string, shown_at: None };
        let StartBuildOutcome::Started(build) = self.db.db.write(start).await.unwrap() else { panic!("not started") };
        build.id
    }

    async fn end(&self, build: BuildId, results: Results) {
        let state_string = "done".to_owned();
        let properties = Properties::new();
        let finish = FinishBuild { build, results, state_string, properties, cause: FinishCause::Normal };
        self.db.db.write(finish).await.unwrap();
    }

    async fn build(&self, results: Results) {
        let request = self.db.request(&self.site).await.requests[0].1;
        let build = self.begin(request).await;
        self.end(build, results).await;
    }

    fn n_attempts(&self) -> usize {
        *self.dialer.n_attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[actix::test]
async fn events_that_are_wanted_are_told_in_the_channel() {
    let bench = Bench::new("notify_events=['failure', 'successToFailure', 'failureToSuccess']").await;
    let mut server = bench.server();
    let bot = bench.start();
    server.welcome().await;
    for results in [Results::Success, Results::Failure, Results::Success] {
        bench.build(results).await;
        bot.tell().tell(ReconsiderNews);
    }
    assert_eq!(server.next().await, "PRIVMSG #ci :build #2 of b failed (done): http://ci/builders/1/builds/2");
    assert_eq!(server.next().await, "PRIVMSG #ci :build #3 of b succeeded: http://ci/builders/1/builds/3");
}

#[actix::test]
async fn a_bot_without_a_server_tries_for_ever_and_tells_what_it_missed() {
    let bench = Bench::new("notify_events=['finished']").await;
    let bot = bench.start();
    bench.build(Results::Success).await;
    bot.tell().tell(ReconsiderNews);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    // 45 seconds, and half of fifteen by chance.
    assert!((68..=70).contains(&bench.n_attempts()), "{}", bench.n_attempts());
    let mut server = bench.server();
    server.welcome().await;
    assert!(server.next().await.starts_with("PRIVMSG #ci :while I was away: build #1 of b succeeded"));
    server.is_confirmed().await;
    // Lost again for a moment: what was confirmed is not told again, what happens meanwhile is counted.
    drop(server);
    for _ in 0..5 {
        bench.build(Results::Failure).await;
        bot.tell().tell(ReconsiderNews);
    }
    let mut server = bench.server();
    server.welcome().await;
    let said = server.next().await;
    assert!(
        said.contains("while I was away, 5 things happened since ") && said.ends_with("'bot: missed' tells them"),
        "{said}"
    );
    assert!(server.ask("missed").await.contains("build #2 of b failed"));
    for number in 3..=6 {
        assert!(server.next().await.contains(&format!("build #{number} of b failed")));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(server.ask("missed").await, "PRIVMSG #ci :alice: nothing was missed here");
}

#[actix::test]
async fn what_the_server_has_not_confirmed_is_told_again() {
    let bench = Bench::new("notify_events=['finished']").await;
    let mut server = bench.server();
    let bot = bench.start();
    server.welcome().await;
    bench.build(Results::Success).await;
    bot.tell().tell(ReconsiderNews);
    let lost = server.from_bot.recv().await.unwrap();
    assert!(lost.contains("build #1"), "{lost}");
    let mut next = bench.server();
    server.to_bot.send(Err("reset".to_owned())).await.unwrap();
    next.welcome().await;
    assert!(next.next().await.contains("while I was away: build #1 of b succeeded"));
}

#[actix::test]
async fn who_forces_a_build_is_told_how_it_goes_also_after_a_restart() {
    let bench = Bench::new("allowForce=True").await;
    let mut server = bench.server();
    let bot = bench.start();
    server.welcome().await;
    assert_eq!(server.ask("force build b").await, "PRIVMSG #ci :alice: build of b forced, request 1");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let build = bench.begin(BuildRequestId(1)).await;
    bot.tell().tell(ReconsiderNews);
    assert!(server.next().await.contains("build #1 of b started"));
    server.is_confirmed().await;
    bot.stop().await;
    let bot = bench.start();
    let mut server = bench.server();
    server.welcome().await;
    bench.end(build, Results::Failure).await;
    bot.tell().tell(ReconsiderNews);
    assert!(server.next().await.contains("build #1 of b failed"));
}

#[actix::test]
async fn what_a_place_wants_to_hear_is_kept() {
    let bench = Bench::new("").await;
    let mut server = bench.server();
    let bot = bench.start();
    server.welcome().await;
    assert_eq!(server.ask("notify list").await, "PRIVMSG #ci :alice: no events are told here");
    assert_eq!(server.ask("notify on failure").await, "PRIVMSG #ci :alice: told here: failure");
    server.say(":bob!b@h PRIVMSG bot :notify on").await;
    assert_eq!(server.next().await, "PRIVMSG bob :told here: finished, started");
    tokio::time::sleep(Duration::from_secs(1)).await;
    bot.stop().await;
    let bot = bench.start();
    let mut server = bench.server();
    server.welcome().await;
    bench.build(Results::Failure).await;
    bot.tell().tell(ReconsiderNews);
    let mut said = vec![server.next().await, server.next().await, server.next().await];
    said.sort();
    assert!(said[0].starts_with("PRIVMSG #ci :build #1 of b failed"), "{said:?}");
    assert!(said[1].starts_with("PRIVMSG bob :build #1 of b failed"), "{said:?}");
    assert!(said[2].starts_with("PRIVMSG bob :build #1 of b started"), "{said:?}");
}

#[actix::test]
async fn a_server_that_falls_silent_is_given_up() {
    let bench = Bench::new("lostDelay=2").await;
    let mut server = bench.server();
    let _bot = bench.start();
    server.welcome().await;
    assert_eq!(server.next().await, "PING alive");
    let mut next = bench.server();
    next.welcome().await;
    assert_eq!(bench.n_attempts(), 2);
}

#[actix::test]
async fn rights_hold_and_channels_come_and_go() {
    let bench = Bench::new("authz={'join': ['alice'], 'leave': True}").await;
    let mut server = bench.server();
    let _bot = bench.start();
    server.welcome().await;
    assert_eq!(server.ask("force build b").await, "PRIVMSG #ci :alice: you may not 'force' here");
    server.say(":eve!e@h PRIVMSG bot :join #x").await;
    assert_eq!(server.next().await, "PRIVMSG eve :you may not 'join' here");
    let mut said = [server.ask("join #x key").await, server.next().await];
    said.sort();
    assert_eq!(said, ["JOIN #x key", "PRIVMSG #ci :alice: I come to #x"]);
    let mut said = [server.ask("leave #ci").await, server.next().await];
    said.sort();
    assert_eq!(said, ["PART #ci", "PRIVMSG #ci :alice: I leave #ci"]);
}

#[actix::test]
async fn a_flood_of_orders_is_answered_at_the_pace_of_a_server() {
    let bench = Bench::new("").await;
    let mut server = bench.server();
    let _bot = bench.start();
    server.welcome().await;
    for _ in 0..8 {
        server.order("getid").await;
    }
    let begin = tokio::time::Instant::now();
    for _ in 0..8 {
        assert_eq!(server.next().await, "PRIVMSG #ci :alice: you are alice!al@h");
    }
    assert_eq!(begin.elapsed().as_secs(), 3);
}
