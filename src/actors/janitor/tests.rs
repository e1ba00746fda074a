//! Rounds of the janitor, and when they come.

use super::*;
use crate::actors::applied::Applied;
use crate::actors::supervisor::{ChildSpec, Running, Supervisor};
use crate::config::Loader;
use crate::db::schema::{builds, buildsets, changes, chunks_to_remove, events, logs, source_stamps};
use crate::db::transitions::{AddLog, AddStep, FinishBuild, FinishCause, IngestChanges, StartBuild, StartBuildOutcome};
use crate::db::views::lifetime;
use crate::domain::log::LogChunk;
use crate::domain::{BuildId, LogId, LogKind, NewChange, Properties, Results, Timestamp};
use crate::testing::test_db::{TestDb, TestSite};
use crate::testing::virtual_time;
use diesel::prelude::*;
use tokio::sync::watch;

const DAY: Duration = Duration::from_secs(24 * 3600);
const CONFIG: JanitorConfig = JanitorConfig { keep_events: Duration::from_secs(7 * 24 * 3600), every: DAY };
const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// A configuration with one builder `b`, and more lines.
fn applied(more: &str) -> Arc<Applied> {
    let text = format!(
        "from buildbot.plugins import *\nfrom datetime import timedelta\nc = BuildmasterConfig = {{}}\n\
         c['workers'] = [worker.Worker('w', 'pw')]\nc['protocols'] = {{'pb': {{'port': 9989}}}}\n\
         f = util.BuildFactory()\nc['builders'] = [util.BuilderConfig('b', workername='w', factory=f)]\n\
         c['schedulers'] = [schedulers.AnyBranchScheduler('s', treeStableTimer=None, builderNames=['b'])]\n{more}\n"
    );
    let config = Loader::new("/srv/master").text("master.cfg", &text).unwrap_or_else(|errors| panic!("{errors}"));
    Arc::new(Applied { config: Arc::new(config), ids: Default::default() })
}

/// A janitor that lives, and what keeps it alive.
fn janitor(db: &TestDb, clock: &Clock, more: &str) -> (Running<Janitor>, Supervisor, watch::Sender<Arc<Applied>>) {
    let (supervisor, _escalations) = Supervisor::new();
    let in_force = watch::Sender::new(applied(more));
    let deps = JanitorDeps { db: db.db.clone(), clock: clock.clone(), config: in_force.subscribe() };
    let shell = supervisor.prepare(ChildSpec::permanent("janitor", "janitor"));
    (shell.start(move || Janitor::new(CONFIG, deps.clone())), supervisor, in_force)
}

async fn tidy_now(db: &TestDb, more: &str, now: Timestamp) -> CleanedUp {
    tidy(&db.db, Rules::of(&applied(more).config, true), now, false).await.unwrap()
}

/// A build with one step and a log of so many chunks of so many random bytes.
async fn build(db: &TestDb, site: &TestSite, results: Results, (n_chunks, n_bytes): (i64, usize)) -> (BuildId, LogId) {
    let request = db.request(site).await.requests[0].1;
    let (builder, worker) = (site.builder, site.worker);
    let (requests, properties, state_string) = (vec![request], Properties::new(), String::new());
    let start = StartBuild { builder, shown_at: None, requests, worker, properties, state_string };
    let StartBuildOutcome::Started(build) = db.db.write(start).await.unwrap() else { panic!("not started") };
    let step =
        AddStep { build: build.id, number: 0, name: "make".to_owned(), state_string: String::new(), group: None };
    let step = db.db.write(step).await.unwrap().id;
    let log = AddLog { step, name: "stdio".to_owned(), kind: LogKind::Stream };
    let log = db.db.write(log).await.unwrap().id;
    let chunk = |seq: i64| LogChunk {
        log,
        seq,
        first_line: seq,
        n_lines: 1,
        first_byte: seq,
        n_bytes: 1,
        first_at: START,
        last_at: START,
        ansi: String::new(),
        body: vec![7; n_bytes],
    };
    db.db.store_chunks((0..n_chunks).map(chunk).collect()).await.unwrap();
    let (properties, state_string) = (Properties::new(), String::new());
    let cause = FinishCause::Normal;
    db.db.write(FinishBuild { build: build.id, results, state_string, properties, cause }).await.unwrap();
    (build.id, log)
}

async fn change(db: &TestDb) -> i64 {
    let new = NewChange {
        author: "a".to_owned(),
        committer: None,
        comments: String::new(),
        files: Vec::new(),
        revision: None,
        branch: None,
        category: None,
        revlink: None,
        repository: String::new(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: None,
        delivery_key: None,
    };
    let ingest = IngestChanges {
        source: "test".to_owned(),
        source_id: None,
        changes: vec![new],
        poll_state: None,
        history: None,
    };
    db.db.write(ingest).await.unwrap()[0].0
}

async fn numbers(db: &TestDb) -> Vec<i64> {
    db.db.read(|conn| Ok(builds::table.order(builds::number).select(builds::number).load(conn)?)).await.unwrap()
}

#[actix::test]
async fn an_event_vanishes_once_it_is_old_enough() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    db.site().await;
    let count = || db.db.read(|conn| Ok(events::table.count().get_result::<i64>(conn)?));
    let (janitor, _supervisor, _config) = janitor(&db, &clock, "");

    tokio::time::sleep(6 * DAY).await;
    assert_eq!(count().await.unwrap(), 1, "the builder has started");
    tokio::time::sleep(3 * DAY).await;
    assert_eq!(count().await.unwrap(), 0);
    janitor.stop().await;
}

#[actix::test]
async fn builds_beyond_the_horizon_go_by_themselves_and_their_buildsets_a_day_later() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    for _ in 0..4 {
        build(&db, &site, Results::Success, (1, 10)).await;
    }
    let (janitor, _supervisor, _config) = janitor(&db, &clock, "c['buildHorizon'] = 2");
    let n_buildsets = || db.db.read(|conn| Ok(buildsets::table.count().get_result::<i64>(conn)?));

    tokio::time::sleep(DAY + Duration::from_secs(60)).await;
    assert_eq!(numbers(&db).await, [3, 4]);
    tokio::time::sleep(DAY).await;
    assert_eq!(n_buildsets().await.unwrap(), 2);
    db.assert_sound().await;
    janitor.stop().await;
}

#[actix::test]
async fn logs_go_by_age_at_the_time_that_is_configured() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    for _ in 0..2 {
        build(&db, &site, Results::Success, (3, 10)).await;
    }
    let more = "c['configurators'] = [util.JanitorConfigurator(logHorizon=timedelta(days=2), hour='*', minute=30)]";
    let (janitor, _supervisor, _config) = janitor(&db, &clock, more);
    let kinds = || db.db.read(|conn| Ok(logs::table.order(logs::id).select(logs::kind).load::<String>(conn)?));

    tokio::time::sleep(2 * DAY).await;
    assert_eq!(kinds().await.unwrap(), ["s", "s"]);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(kinds().await.unwrap(), ["d", "s"], "the last build of its result keeps its log");
    assert_eq!(numbers(&db).await, [1, 2]);
    janitor.stop().await;
}

#[actix::test]
async fn the_files_become_smaller() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    for _ in 0..5 {
        build(&db, &site, Results::Success, (120, 16 << 10)).await;
    }
    let path = db.base_dir().join("logs.sqlite");
    db.db.write_logs(crate::db::transitions::ReclaimSpace { most_pages: 1 }).await.unwrap();
    let before = std::fs::metadata(&path).unwrap().len();
    let done = tidy_now(&db, "c['logHorizon'] = 1", clock.now()).await;
    let after = std::fs::metadata(&path).unwrap().len();
    println!("logs.sqlite: {before} bytes before, {after} after");
    assert!(5 * 120 * (16 << 10) < before, "{before}");
    assert!(after < before / 4, "{before} -> {after}");
    assert_eq!(done.survey.log_bytes, 4 * 120 * (16 << 10));
    assert_eq!(done.removed.unwrap().logs, 4);
    assert_eq!(done.survey.lines(), ["builder b: the logs of 4 builds", "text of logs: 7.5 MiB"]);
    db.assert_sound().await;
}

#[actix::test]
async fn what_a_crash_left_of_a_log_goes_with_the_next_round() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    let (first, log) = build(&db, &site, Results::Success, (3, 10)).await;
    build(&db, &site, Results::Success, (1, 10)).await;
    // The state has forgotten the build, and then the master died.
    db.db.write(crate::db::transitions::RemoveBuilds { builds: vec![first] }).await.unwrap();
    let db = db.reopen().await;
    let left = || db.db.read_logs(move |conn| lifetime::stored_bytes(conn, &[log]));
    assert_eq!(left().await.unwrap(), 30);
    tidy_now(&db, "", clock.now()).await;
    assert_eq!(left().await.unwrap(), 0);
    let listed = db.db.read(|conn| Ok(chunks_to_remove::table.count().get_result::<i64>(conn)?)).await.unwrap();
    assert_eq!(listed, 0);
}

#[actix::test]
async fn a_build_that_runs_and_a_request_that_waits_are_left_alone() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    for _ in 0..3 {
        build(&db, &site, Results::Success, (1, 10)).await;
    }
    let waiting = db.request(&site).await.requests[0].1;
    let request = db.request(&site).await.requests[0].1;
    let start = StartBuild {
        shown_at: None,
        builder: site.builder,
        requests: vec![request],
        worker: site.worker,
        properties: Properties::new(),
        state_string: String::new(),
    };
    db.db.write(start).await.unwrap();
    let late = clock.now() + 100 * DAY;
    let done = tidy_now(&db, "c['buildHorizon'] = 1", late).await;
    assert_eq!(done.removed.unwrap().builds, 2);
    assert_eq!(numbers(&db).await, [3, 4], "3 is the last good one, and 4 runs");
    let open = db.db.read(move |conn| crate::db::views::deciders::requests_by_id(conn, &[waiting])).await;
    assert!(open.is_ok_and(|found| found.len() == 1));
    db.assert_sound().await;
}

#[actix::test]
async fn a_change_stays_while_somebody_needs_it() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    let ids = [change(&db).await, change(&db).await, change(&db).await, change(&db).await];
    let left = || db.db.read(|conn| Ok(changes::table.order(changes::id).select(changes::id).load::<i64>(conn)?));
    // The scheduler has looked at none of them.
    tidy_now(&db, "c['changeHorizon'] = 1", clock.now()).await;
    assert_eq!(left().await.unwrap(), ids);
    // It waits with the first, and has looked at the others.
    let fire = crate::db::transitions::FireScheduler {
        scheduler: site.scheduler,
        classified: vec![(crate::domain::ChangeId(ids[0]), true)],
        last_change: Some(crate::domain::ChangeId(ids[3])),
        consumed: Vec::new(),
        state: None,
        buildset: None,
    };
    db.db.write(fire).await.unwrap();
    let done = tidy_now(&db, "c['changeHorizon'] = 1", clock.now()).await;
    assert_eq!(left().await.unwrap(), [ids[0], ids[3]]);
    assert_eq!(done.survey.lines(), ["changes: 2"]);
    let stamps = db.db.read(|conn| Ok(source_stamps::table.count().get_result::<i64>(conn)?)).await.unwrap();
    assert!(0 < stamps);
}

#[actix::test]
async fn a_dry_run_removes_nothing() {
    let clock = virtual_time(START);
    let db = TestDb::new(&clock);
    let site = db.site().await;
    for _ in 0..5 {
        build(&db, &site, Results::Success, (1, 10)).await;
    }
    let (janitor, _supervisor, _config) = janitor(&db, &clock, "c['buildHorizon'] = 2");
    let done = janitor.ask::<CleanUp>(DAY).ask(CleanUp { dry_run: true }).await.unwrap().unwrap();
    assert_eq!(done.survey.lines(), ["builder b: 3 of 5 builds (between 1 and 3)", "text of logs: 30 bytes"]);
    assert_eq!(done.removed, None);
    assert_eq!(numbers(&db).await, [1, 2, 3, 4, 5]);
    janitor.stop().await;
}
