//! A small site that is written by the transitions that a master uses, for tests of what reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

use crate::db::transitions::{
    AddLog, AddStep, FinishBuild, FinishCause, FinishLog, FinishStep, FireScheduler, IngestChanges, SetWorkerState,
    StartBuild, StartBuildOutcome, StartStep, SyncBuilder, SyncCodebase, SyncConfig, SyncProject, SyncWorker,
};
use crate::db::{Db, DbError, Transaction, Transition};
use crate::domain::buildset::NewStamp;
use crate::domain::log::LogChunk;
use crate::domain::worker::WorkerInfo;
use crate::domain::{
    Build, BuildRequestId, BuilderId, ChangeId, Description, Log, LogKind, NewBuildset, NewChange, Properties, Results,
    SchedulerId, StampSpec, Timestamp, WorkerId,
};

/// What [`fill`] makes: one finished build with a failing step and a log, one running build, one waiting request.
#[derive(Debug)]
pub struct SampleSite {
    /// `linux/x86`, with the tags `fast` and `ci`, of the project `apps` with the codebase `app`.
    pub builder: BuilderId,
    /// `w1`, which is connected; `w2` is not.
    pub worker: WorkerId,
    /// `force`.
    pub scheduler: SchedulerId,
    pub change: ChangeId,
    /// Number 1: FAILURE, with the steps `git` and `make all`, and with properties.
    pub finished: Build,
    /// The log `stdio` of `make all`: five lines.
    pub log: Log,
    /// Number 2.
    pub running: Build,
    pub waiting: BuildRequestId,
}

/// The lines of the log of [`fill`].
pub const LOG_TEXT: &str = "hmake all\nocompiling \u{1b}[32mfine\u{1b}[0m\noline <two> & é\neno rule\nhexit 2\n";

/// Fills an empty database.
pub async fn fill(db: &Db) -> Result<SampleSite, DbError> {
    let builder = |name: &str, tags: &[&str]| SyncBuilder {
        name: name.to_owned(),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        ..SyncBuilder::default()
    };
    let worker = |name: &str, builders: &[&str]| SyncWorker {
        name: name.to_owned(),
        builders: builders.iter().map(|builder| (*builder).to_owned()).collect(),
    };
    let sync = SyncConfig {
        projects: vec![SyncProject {
            name: "apps".to_owned(),
            slug: "apps".to_owned(),
            description: Description {
                text: Some("All *apps*".to_owned()),
                format: Some("markdown".to_owned()),
                html: Some("<p>All <em>apps</em></p>".to_owned()),
            },
        }],
        codebases: vec![SyncCodebase { name: "app".to_owned(), slug: "app".to_owned(), project: "apps".to_owned() }],
        builders: vec![
            SyncBuilder { project: Some("apps".to_owned()), ..builder("linux/x86", &["fast", "ci"]) },
            builder("docs", &[]),
        ],
        workers: vec![worker("w1", &["linux/x86", "docs"]), worker("w2", &["docs"])],
        schedulers: vec!["force".into()],
        change_sources: vec!["poller".to_owned()],
    };
    let ids = db.write(sync).await?;
    let (builder, worker, scheduler) = (ids.builders["linux/x86"], ids.workers["w1"], ids.schedulers["force"]);
    let info = WorkerInfo { admin: Some("Ann".to_owned()), version: Some("4.3.0".to_owned()), ..WorkerInfo::default() };
    db.write(SetWorkerState { worker, connected: true, info: Some(info) }).await?;
    let ingest = IngestChanges {
        source: "poller".to_owned(),
        source_id: None,
        changes: vec![change()],
        poll_state: None,
        history: None,
    };
    let change = db.write(ingest).await?[0];
    let finished = start(db, request(db, scheduler, builder, &[change]).await?, builder, worker).await?;
    let log = run_steps(db, &finished).await?;
    finish(db, &finished, Results::Failure).await?;
    let running = start(db, request(db, scheduler, builder, &[]).await?, builder, worker).await?;
    let waiting = request(db, scheduler, builder, &[]).await?;
    Ok(SampleSite { builder, worker, scheduler, change, finished, log, running, waiting })
}

/// A change of the main branch.
pub fn change() -> NewChange {
    let mut properties = Properties::new();
    properties.set("event", "push", "Change");
    NewChange {
        author: "Zoë <zoe@example.org>".to_owned(),
        committer: None,
        comments: "Fix <it>\n\nreally".to_owned(),
        files: vec!["src/a.c".to_owned(), "b.h".to_owned()],
        revision: Some("abc123".to_owned()),
        branch: Some("main".to_owned()),
        category: None,
        revlink: Some("http://example.org/abc123".to_owned()),
        repository: "http://example.org/repo".to_owned(),
        project: "p".to_owned(),
        codebase: String::new(),
        properties,
        when: Some(Timestamp::from_secs(1_700_000_000)),
        delivery_key: None,
    }
}

async fn request(
    db: &Db,
    scheduler: SchedulerId,
    builder: BuilderId,
    changes: &[ChangeId],
) -> Result<BuildRequestId, DbError> {
    let mut properties = Properties::new();
    properties.set("scheduler", "force", "Scheduler");
    let buildset = NewBuildset {
        scheduler: "force".to_owned(),
        reason: "because of <tests>".to_owned(),
        external_id: None,
        properties,
        builders: vec![builder],
        stamps: vec![NewStamp::Spec(StampSpec { branch: Some("main".to_owned()), ..StampSpec::default() })],
        changes: changes.to_vec(),
        priority: 0,
        waited_for: false,
        parent_build: None,
        rebuilt_build: None,
    };
    let fire = FireScheduler {
        scheduler,
        classified: Vec::new(),
        last_change: None,
        consumed: Vec::new(),
        state: None,
        buildset: Some(buildset),
    };
    Ok(db.write(fire).await?.expect("there is a buildset").requests[0].1)
}

async fn start(db: &Db, request: BuildRequestId, builder: BuilderId, worker: WorkerId) -> Result<Build, DbError> {
    let mut properties = Properties::new();
    properties.set("branch", "main", "Build");
    properties.set("workername", "w1", "Worker");
    properties.set("jobs", 4, "Builder");
    let start = StartBuild {
        builder,
        shown_at: None,
        requests: vec![request],
        worker,
        properties,
        state_string: "building".to_owned(),
    };
    match db.write(start).await? {
        StartBuildOutcome::Started(build) => Ok(build),
        StartBuildOutcome::Lost => Err(DbError::Row("the request is taken".to_owned())),
    }
}

async fn run_steps(db: &Db, build: &Build) -> Result<Log, DbError> {
    let add = |number, name: &str| AddStep {
        build: build.id,
        number,
        name: name.to_owned(),
        state_string: "pending".to_owned(),
        group: None,
    };
    let git = db.write(add(0, "git")).await?;
    let make = db.write(add(1, "make all")).await?;
    for (step, results) in [(git.id, Results::Success), (make.id, Results::Failure)] {
        db.write(StartStep { step, locks_acquired: true }).await?;
        let urls = vec![("result".to_owned(), "http://example.org/r".to_owned())];
        let state_string = format!("ended in {results}");
        db.write(FinishStep { step, results, hidden: false, state_string, urls }).await?;
    }
    let log = db.write(AddLog { step: make.id, name: "stdio".to_owned(), kind: LogKind::Stream }).await?;
    db.store_chunks(vec![chunk(&log, LOG_TEXT)]).await?;
    db.write(FinishLog { log: log.id }).await?;
    Ok(log)
}

fn chunk(log: &Log, text: &str) -> LogChunk {
    let now = Timestamp::from_secs(1_700_000_000);
    LogChunk {
        log: log.id,
        seq: 0,
        first_line: 0,
        n_lines: i64::try_from(text.lines().count()).expect("tests are small"),
        first_byte: 0,
        n_bytes: i64::try_from(text.len()).expect("tests are small"),
        first_at: now,
        last_at: now,
        ansi: String::new(),
        body: zstd::bulk::compress(text.as_bytes(), 1).expect("memory can be compressed"),
    }
}

async fn finish(db: &Db, build: &Build, results: Results) -> Result<(), DbError> {
    let finish = FinishBuild {
        build: build.id,
        results,
        state_string: "failed make all".to_owned(),
        properties: Properties::new(),
        cause: FinishCause::Normal,
    };
    db.write(finish).await?;
    Ok(())
}

/// Adds many finished builds to a filled database, in one statement for each table.
pub struct ManyBuilds {
    pub of: BuilderId,
    pub on: WorkerId,
    /// Their ids and numbers begin here.
    pub first: i64,
    pub count: i64,
}

impl Transition for ManyBuilds {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let Self { of, on, first, count } = self;
        if *count == 0 {
            return Ok(());
        }
        let last = first + count - 1;
        let numbers =
            format!("WITH RECURSIVE n(i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ");
        let sql = format!(
            "{numbers} INSERT INTO buildsets (id, scheduler, reason, submitted_at_us, complete_at_us, results) \
             SELECT i, 'force', 'many', i * 1000000, i * 1000000, 0 FROM n; \
             {numbers} INSERT INTO build_requests (id, buildset_id, builder_id, submitted_at_us, claimed_by, \
             claimed_epoch, claimed_at_us, complete_at_us, results) \
             SELECT i, i, {of}, i * 1000000, 1, 1, i * 1000000, i * 1000000, 0 FROM n; \
             {numbers} INSERT INTO builds (id, number, builder_id, request_id, worker_id, master_id, epoch, \
             started_at_us, complete_at_us, results, state_string) \
             SELECT i, i, {of}, i, {on}, 1, 1, i * 1000000, i * 1000000, 2 - i % 3, 'build ' || i FROM n; \
             {numbers} INSERT INTO build_build_requests (build_id, request_id) SELECT i, i FROM n; \
             {numbers} INSERT INTO build_properties (build_id, name, value, source) \
             SELECT i, 'branch', '\"main\"', 'Build' FROM n; \
             {numbers} INSERT INTO steps (number, name, build_id, state_string) SELECT 0, 'git', i, 'x' FROM n; \
             UPDATE builders SET last_build_number = {last} WHERE id = {of};"
        );
        Ok(tx.conn().batch_execute(&sql)?)
    }
}

/// Adds many waiting requests to a filled database.
pub struct ManyWaiting {
    pub of: BuilderId,
    pub count: i64,
}

impl Transition for ManyWaiting {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let Self { of, count } = self;
        let numbers =
            format!("WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 999 + {count}) ");
        let sql = format!(
            "{numbers} INSERT INTO buildsets (id, scheduler, reason, submitted_at_us) \
             SELECT i, 'force', 'many', i * 1000000 FROM n; \
             {numbers} INSERT INTO build_requests (id, buildset_id, builder_id, submitted_at_us) \
             SELECT i, i, {of}, i * 1000000 FROM n;"
        );
        Ok(tx.conn().batch_execute(&sql)?)
    }
}

/// Runs a read and counts its statements.
pub async fn count_statements<T: Send + 'static>(
    db: &Db,
    read: impl FnOnce(&mut SqliteConnection) -> Result<T, DbError> + Send + 'static,
) -> Result<(T, usize), DbError> {
    let counter = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&counter);
    let found = db
        .read(move |conn| {
            conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
                if matches!(event, InstrumentationEvent::StartQuery { .. }) {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
            let found = read(conn);
            conn.set_instrumentation(|_: InstrumentationEvent<'_>| {});
            found
        })
        .await?;
    Ok((found, counter.load(Ordering::Relaxed)))
}

/// The plan that SQLite makes for a statement without values to bind.
pub async fn query_plan(db: &Db, sql: String) -> Result<String, DbError> {
    #[derive(diesel::QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        detail: String,
    }
    db.read(move |conn| {
        let lines: Vec<Line> = sql_query(format!("EXPLAIN QUERY PLAN {sql}")).load(conn)?;
        Ok(lines.into_iter().map(|line| line.detail).collect::<Vec<_>>().join("\n"))
    })
    .await
}
