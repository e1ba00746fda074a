//! Reporters in virtual time, with a transport that does what it is told.

mod packets;

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::*;
use crate::actors::applied::Applied;
use crate::actors::scripts::{Scripts, ScriptsConfig};
use crate::actors::supervisor::Running;
use crate::config::Loader;
use crate::db::transitions::{
    ConfigIds, FinishBuild, FinishCause, IngestChanges, PruneEvents, SetWorkerState, StartBuild, StartBuildOutcome,
};
use crate::db::views::reporters as view;
use crate::domain::script::ScriptLimits;
use crate::domain::{Delivery, DeliveryState, NewChange, Properties, Results, Timestamp};
use crate::json;
use crate::reporters::{Outcome, Parcel, Sending};
use crate::testing::test_db::{TestDb, TestSite};
use crate::testing::virtual_time;

const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Takes everything, unless it was told otherwise.
#[derive(Default)]
struct Scripted {
    /// Answers to the next attempts.
    answers: Mutex<VecDeque<Outcome>>,
    is_dead: Mutex<bool>,
    attempts: Mutex<Vec<Parcel>>,
}

fn taken() -> Outcome {
    Outcome::Sent { refused: Vec::new(), later: Vec::new() }
}

impl Scripted {
    fn answer(&self, outcome: Outcome) {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).push_back(outcome);
    }

    fn die(&self, dead: bool) {
        *self.is_dead.lock().unwrap_or_else(PoisonError::into_inner) = dead;
    }

    fn attempts(&self) -> Vec<Parcel> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for Scripted {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner).push(parcel.clone());
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let dead = *self.is_dead.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome =
            if dead { Outcome::Unreachable("connection refused".to_owned()) } else { answer.unwrap_or(taken()) };
        Box::pin(async move { outcome })
    }
}

const MAIL: &str = "reporters.MailNotifier(name='mail', fromaddr='ci@example.org', extraRecipients=['team@example.org'], \
    generators=[reporters.BuildStatusGenerator(mode='all', report_new=True)])";

/// A database, a configuration with one reporter, and what keeps actors alive.
struct Bench {
    db: TestDb,
    site: TestSite,
    clock: Clock,
    transport: Arc<Scripted>,
    supervisor: Supervisor,
    in_force: watch::Sender<Arc<Applied>>,
    scripts: Running<Scripts>,
}

impl Bench {
    async fn new(reporter: &str) -> Self {
        let clock = virtual_time(START);
        let db = TestDb::new(&clock);
        let site = db.site().await;
        let text = format!(
            "from buildbot.plugins import *\nc = BuildmasterConfig = {{}}\n\
             c['workers'] = [worker.Worker('w', 'pw', notify_on_missing=['admin@example.org'], missing_timeout=600)]\n\
             c['protocols'] = {{'pb': {{'port': 9989}}}}\nc['buildbotURL'] = 'http://ci.example.org/'\n\
             c['builders'] = [util.BuilderConfig('b', workername='w', factory=util.BuildFactory())]\n\
             c['schedulers'] = [schedulers.AnyBranchScheduler('s', treeStableTimer=None, builderNames=['b'])]\n\
             def wrong(context):\n    return 1 // 0\n\
             def more(master, context):\n    return {{'extra': context['buildername'] + '!'}}\n\
             def evil(master, context):\n    return {{'body': 'b', 'subject': 'fine\\r\\nBcc: evil@example.org'}}\n\
             def refused(packets):\n    return packets[len(packets)]\n\
             from buildbot.status.status_push import HttpStatusPush, StatusPush\n\
             from buildbot.status.tinderbox import TinderboxMailNotifier\n\
             c['services'] = [{reporter}]\n"
        );
        let config = Loader::new("/srv/master").text("master.cfg", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let ids = ConfigIds { workers: [("w".to_owned(), site.worker)].into(), ..ConfigIds::default() };
        let in_force = watch::Sender::new(Arc::new(Applied { config: Arc::new(config), ids }));
        let (supervisor, _) = Supervisor::new();
        let scripts = supervisor.prepare(ChildSpec::permanent("scripts", "scripts"));
        let limits = ScriptsConfig { n_threads: 1, limits: ScriptLimits::default() };
        let scripts = scripts.start(move || Scripts::new(limits));
        let bench = Self { db, site, clock, transport: Arc::default(), supervisor, in_force, scripts };
        bench.db.db.write(SyncReporters { names: vec!["mail".to_owned()] }).await.unwrap();
        bench
    }

    /// The reporter of the configuration, with the scripted transport.
    fn start(&self) -> Running<Reporter> {
        let config = Arc::new(self.in_force.borrow().config.reporters[0].clone());
        let deps = ReporterDeps {
            db: self.db.db.clone(),
            clock: self.clock.clone(),
            config: self.in_force.subscribe(),
            scripts: self.scripts.ask(Duration::from_secs(60)),
        };
        let transport: Arc<dyn Transport> = self.transport.clone();
        let shell = self.supervisor.prepare(ChildSpec::permanent("reporter", config.name.clone()));
        shell.start(move || Reporter::new(Arc::clone(&config), deps.clone(), Arc::clone(&transport)))
    }

    async fn build(&self, results: Results) {
        let request = self.db.request(&self.site).await.requests[0].1;
        let (builder, worker) = (self.site.builder, self.site.worker);
        let (requests, properties, state_string) = (vec![request], Properties::new(), String::new());
        let start = StartBuild { builder, requests, worker, properties, state_string, shown_at: None };
        let StartBuildOutcome::Started(build) = self.db.db.write(start).await.unwrap() else { panic!("not started") };
        let finish = FinishBuild {
            build: build.id,
            results,
            state_string: "done".to_owned(),
            properties: Properties::new(),
            cause: FinishCause::Normal,
        };
        self.db.db.write(finish).await.unwrap();
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let mut found = self.db.db.read(|conn| view::recent(conn, "mail", 1000)).await.unwrap();
        found.reverse();
        found
    }

    async fn cursor(&self) -> i64 {
        let master = self.db.db.master().id;
        self.db.db.read(move |conn| view::cursor(conn, "mail", master)).await.unwrap().unwrap()
    }

    /// Lets virtual time pass.
    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

const MINUTE: Duration = Duration::from_secs(60);

impl Bench {
    /// A build fails each minute.
    async fn fail_for_a_hundred_minutes(&self, reporter: &Running<Reporter>) {
        for _ in 0..100 {
            self.build(Results::Failure).await;
            reporter.tell().tell(ReconsiderEvents);
            self.pass(MINUTE).await;
        }
    }
}

#[actix::test]
async fn the_cursor_moves_together_with_what_is_to_be_sent() {
    let bench = Bench::new(MAIL).await;
    bench.transport.die(true);
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(Duration::from_secs(1)).await;
    let deliveries = bench.deliveries().await;
    let keys: Vec<&str> = deliveries.iter().map(|delivery| delivery.event_key.as_str()).collect();
    assert_eq!(keys, ["builds/1/new", "builds/1/finished"]);
    let seq_of = |key: &str| bench.db.events.borrow().iter().find(|event| event.event.key() == key).unwrap().seq;
    let finished = seq_of("builds/1/finished");
    // Those behind it had nothing to tell.
    assert!(finished <= bench.cursor().await);
    assert_eq!(deliveries[1].addressed_to, ["team@example.org"]);
    assert_eq!(deliveries[1].title, "[Buildbot] b failed on main");
}

#[actix::test]
async fn after_an_outage_of_a_hundred_builds_nothing_is_missing_and_each_build_is_in_order() {
    let bench = Bench::new(MAIL).await;
    bench.transport.die(true);
    let reporter = bench.start();
    bench.fail_for_a_hundred_minutes(&reporter).await;
    let n_tried = bench.transport.attempts().len();
    assert!(n_tried <= 100 * 60 / 60, "a dead server is left alone, but was tried {n_tried} times");
    bench.transport.die(false);
    bench.pass(10 * MINUTE).await;
    let sent: Vec<String> = bench.transport.attempts().into_iter().skip(n_tried).map(|parcel| parcel.event).collect();
    assert_eq!(sent.len(), 200);
    for build in 1..=100 {
        let place = |action: &str| sent.iter().position(|event| *event == format!("builds/{build}/{action}")).unwrap();
        assert!(place("new") < place("finished"), "build {build}");
    }
    assert!(bench.deliveries().await.iter().all(|delivery| delivery.state == DeliveryState::Sent));
}

#[actix::test]
async fn a_restart_sends_what_waits_and_the_same_bytes_as_before() {
    let bench = Bench::new(MAIL).await;
    bench.transport.die(true);
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(MINUTE).await;
    let before = bench.transport.attempts().remove(0);
    reporter.stop().await;
    bench.transport.die(false);
    let n_tried = bench.transport.attempts().len();
    let _reporter = bench.start();
    bench.pass(5 * MINUTE).await;
    let after: Vec<Parcel> = bench.transport.attempts().split_off(n_tried);
    assert_eq!(after.len(), 2);
    assert!(after.contains(&before));
    let mail = String::from_utf8(before.body).unwrap();
    assert!(mail.contains("Message-ID: <builds.1.new.") && mail.contains("@ci.example.org>\r\n"), "{mail}");
}

#[actix::test]
async fn what_happened_while_the_reporter_was_away_is_told() {
    let bench = Bench::new(MAIL).await;
    bench.build(Results::Failure).await;
    let _reporter = bench.start();
    bench.pass(MINUTE).await;
    assert_eq!(bench.transport.attempts().len(), 2);
}

#[actix::test]
async fn a_new_reporter_does_not_tell_old_stories() {
    let bench = Bench::new(&MAIL.replace("'mail'", "'other'")).await;
    bench.build(Results::Failure).await;
    bench.db.db.write(SyncReporters { names: vec!["other".to_owned()] }).await.unwrap();
    let _reporter = bench.start();
    bench.pass(5 * MINUTE).await;
    assert!(bench.transport.attempts().is_empty());
}

#[actix::test]
async fn a_refused_message_does_not_keep_the_others_waiting() {
    let bench = Bench::new(MAIL).await;
    bench.transport.answer(Outcome::Refused("550 no".to_owned()));
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let deliveries = bench.deliveries().await;
    assert_eq!((deliveries[0].state, deliveries[0].detail.as_str()), (DeliveryState::Refused, "550 no"));
    assert_eq!(deliveries[1].state, DeliveryState::Sent);
    assert_eq!(bench.transport.attempts().len(), 2);
}

#[actix::test]
async fn a_message_that_is_not_wanted_now_holds_up_its_own_build_only() {
    let bench = Bench::new(MAIL).await;
    bench.transport.answer(Outcome::NotNow("450 later".to_owned()));
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.build(Results::Success).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(MINUTE).await;
    let sent: Vec<String> = bench.transport.attempts().into_iter().map(|parcel| parcel.event).collect();
    assert_eq!(sent, ["builds/1/new", "builds/2/new", "builds/2/finished", "builds/1/new", "builds/1/finished"]);
}

#[actix::test]
async fn who_was_put_off_gets_it_later_and_nobody_twice() {
    let reporter =
        MAIL.replace("['team@example.org']", "['a@x.org', 'b@x.org', 'c@x.org']").replace(", report_new=True", "");
    let bench = Bench::new(&reporter).await;
    let pair = |who: &str, why: &str| vec![(who.to_owned(), why.to_owned())];
    bench.transport.answer(Outcome::Sent { refused: pair("a@x.org", "550 no"), later: pair("b@x.org", "450 later") });
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let recipients: Vec<Vec<String>> = bench.transport.attempts().into_iter().map(|parcel| parcel.recipients).collect();
    assert_eq!(recipients, [vec!["a@x.org", "b@x.org", "c@x.org"], vec!["b@x.org"]]);
    assert_eq!(bench.deliveries().await[0].state, DeliveryState::Sent);
}

#[actix::test]
async fn the_button_sends_to_all_once_more() {
    let bench = Bench::new(MAIL).await;
    let reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let delivery = bench.deliveries().await.remove(0);
    assert_eq!(bench.db.db.write(SendAgain { delivery: delivery.id }).await.unwrap().as_deref(), Some("mail"));
    reporter.tell().tell(ReconsiderDeliveries);
    bench.pass(Duration::from_secs(1)).await;
    let attempts = bench.transport.attempts();
    assert_eq!((attempts.len(), &attempts[2]), (3, &attempts[0]));
}

#[actix::test]
async fn a_formatter_that_fails_does_not_swallow_the_message() {
    let reporter = MAIL.replace(
        "mode='all', report_new=True",
        "mode='all', message_formatter=reporters.MessageFormatterFunction(wrong, 'plain')",
    );
    let bench = Bench::new(&reporter).await;
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let mail = String::from_utf8(bench.transport.attempts().remove(0).body).unwrap();
    assert!(mail.contains("b failed on main") && mail.contains("could not be made"), "{mail}");
}

#[actix::test]
async fn events_stay_until_the_slowest_reporter_has_dealt_with_them_or_are_a_week_old() {
    let bench = Bench::new(MAIL).await;
    bench.build(Results::Failure).await;
    let (master, bench_cursor) = (bench.db.db.master().id, bench.cursor().await);
    let count = || bench.db.db.read(move |conn| Ok(view::events_after(conn, master, 0, 1000)?.len()));
    let now = |days: u64| bench.clock.now() + Duration::from_secs(days * 24 * 3600);
    let prune = |before: Timestamp, read_before: Timestamp| bench.db.db.write(PruneEvents { before, read_before });
    prune(START, now(2)).await.unwrap();
    let n_events = count().await.unwrap();
    let finished = bench.db.events.borrow().iter().filter(|event| bench_cursor < event.seq).count();
    assert_eq!(n_events, finished, "nobody has read them");
    let _reporter = bench.start();
    bench.pass(MINUTE).await;
    prune(START, now(2)).await.unwrap();
    let left = count().await.unwrap();
    assert!((1..n_events).contains(&left), "{left} of {n_events} are left");
    prune(now(2), now(2)).await.unwrap();
    assert_eq!(count().await.unwrap(), 1, "the newest stays, for the numbers to go on");
}

#[actix::test]
async fn a_worker_that_stays_away_is_missed_once_in_each_absence() {
    let missing = MAIL
        .replace("reporters.BuildStatusGenerator(mode='all', report_new=True)", "reporters.WorkerMissingGenerator()");
    let bench = Bench::new(&missing).await;
    let reporter = bench.start();
    let deps = AbsencesDeps { db: bench.db.db.clone(), clock: bench.clock.clone(), config: bench.in_force.subscribe() };
    let shell = bench.supervisor.prepare(ChildSpec::permanent("absences", "absences"));
    let _absences = shell.start(move || Absences::new(deps.clone()));
    let state = |connected: bool| SetWorkerState { worker: bench.site.worker, connected, info: None };
    bench.db.db.write(state(true)).await.unwrap();
    bench.pass(30 * MINUTE).await;
    assert!(bench.transport.attempts().is_empty());
    bench.db.db.write(state(false)).await.unwrap();
    bench.pass(9 * MINUTE).await;
    assert!(bench.transport.attempts().is_empty());
    bench.pass(60 * MINUTE).await;
    reporter.tell().tell(ReconsiderEvents);
    bench.pass(MINUTE).await;
    let attempts = bench.transport.attempts();
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].recipients, ["admin@example.org"]);
    let mail = String::from_utf8(attempts[0].body.clone()).unwrap();
    assert!(mail.contains("worker w is missing"), "{mail}");
    bench.db.db.write(state(true)).await.unwrap();
    bench.db.db.write(state(false)).await.unwrap();
    bench.pass(20 * MINUTE).await;
    assert_eq!(bench.transport.attempts().len(), 2);
}

#[actix::test]
async fn tinderbox_reads_of_the_beginning_and_the_end() {
    let reporter = "TinderboxMailNotifier('ci@example.org', 'main', ['t@example.org'], name='mail', \
        binaryURL=util.Interpolate('http://x/%(prop:branch)s'))";
    let bench = Bench::new(reporter).await;
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let mails: Vec<String> =
        bench.transport.attempts().into_iter().map(|parcel| String::from_utf8(parcel.body).unwrap()).collect();
    assert!(mails[0].contains("Subject: buildbot building in b\r\n"), "{}", mails[0]);
    assert!(mails[0].contains("tinderbox: status: building\r\n") && !mails[0].contains("binaryurl"), "{}", mails[0]);
    assert!(mails[1].contains("tinderbox: status: busted\r\n"), "{}", mails[1]);
    assert!(mails[1].contains("tinderbox: binaryurl: http://x/"), "{}", mails[1]);
}

#[actix::test]
async fn further_names_come_from_a_function_of_the_context() {
    let formatter = "message_formatter=reporters.MessageFormatter(template='{{ extra }}', extra_info_cb=more)";
    let reporter = MAIL.replace("report_new=True", formatter);
    let bench = Bench::new(&reporter).await;
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let mail = String::from_utf8(bench.transport.attempts().remove(0).body).unwrap();
    assert!(mail.ends_with("b!\r\n"), "{mail}");
}

#[actix::test]
async fn a_subject_of_a_function_begins_no_header() {
    let formatter = "message_formatter=reporters.MessageFormatterFunctionRaw(evil)";
    let bench = Bench::new(&MAIL.replace("report_new=True", formatter)).await;
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let mail = String::from_utf8(bench.transport.attempts().remove(0).body).unwrap();
    assert!(mail.contains("Subject: fine\r\n") && !mail.contains("\nBcc"), "{mail}");
}

#[actix::test]
async fn an_old_function_makes_what_is_posted_of_the_build() {
    let brief = "lambda build: [build['builder']['name'], build['results'], len(build['steps'])]";
    let reporter = format!(
        "reporters.HttpStatusPush('http://x/', name='mail', builders=['b'], wantSteps=True, format_fn={brief})"
    );
    let bench = Bench::new(&reporter).await;
    let _reporter = bench.start();
    bench.build(Results::Failure).await;
    bench.pass(2 * MINUTE).await;
    let posted: Vec<String> =
        bench.transport.attempts().into_iter().map(|parcel| String::from_utf8(parcel.body).unwrap()).collect();
    assert_eq!(posted, ["[\"b\",null,0]", "[\"b\",2,0]"]);
}
