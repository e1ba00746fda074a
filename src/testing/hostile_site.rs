//! A small site whose every field that a stranger can fill has hostile text, for tests of what shows it.

use crate::db::transitions::{
    AddLog, AddStep, FinishBuild, FinishCause, FinishLog, FinishStep, FireScheduler, IngestChanges, SetWorkerState,
    StartBuild, StartBuildOutcome, StartStep, SyncBuilder, SyncCodebase, SyncConfig, SyncProject, SyncWorker,
};
use crate::db::{Db, DbError};
use crate::domain::buildset::NewStamp;
use crate::domain::log::LogChunk;
use crate::domain::worker::WorkerInfo;
use crate::domain::{
    Build, BuildRequestId, BuilderId, ChangeId, Description, LogKind, NewBuildset, NewChange, Pace, Properties,
    PropertyValue, Results, SchedulerId, StampSpec, StepGroup, StepId, Timestamp, VirtualBuilder, WorkerId,
};

/// Ends of attributes and elements and what may follow them, templates, ANSI, controls, letters turned round, emoji.
pub const HOSTILE: &str = "\"'><img src=x onerror=alert(1)><script>alert(2)</script></title></textarea><!--]]>{{ 7 * 7 }}{% raw \
                       %}${x}\u{1b}[31m\u{1b}]8;;javascript:alert(8)\u{7}\u{0}\u{1}\u{8}\u{b}\u{7f}\u{9b}\u{202e}gnp.exe\
                       \u{2066}👩‍👩‍👧‍👦 javascript:alert(3)";
/// An address that must not become a link.
pub const SCRIPT_URL: &str = "javascript:alert(4)";

/// Hostile text with a word of ten thousand letters.
pub fn endless() -> String {
    format!("{HOSTILE}{}", "w".repeat(10_000))
}

fn properties() -> Properties {
    let mut properties = Properties::new();
    for name in ["branch", "revision", "got_revision", "owner", HOSTILE] {
        properties.set(name, endless().as_str(), HOSTILE);
    }
    let list = PropertyValue::List(vec![PropertyValue::from(HOSTILE), PropertyValue::Null]);
    properties.set("list", list.clone(), SCRIPT_URL);
    properties.set("map", PropertyValue::Map([(HOSTILE.to_owned(), list)].into()), "x");
    properties
}

fn change() -> NewChange {
    NewChange {
        author: endless(),
        committer: Some(HOSTILE.to_owned()),
        comments: format!("{}\n\n{HOSTILE}", endless()),
        files: vec![endless(), HOSTILE.to_owned(), SCRIPT_URL.to_owned()],
        revision: Some(HOSTILE.to_owned()),
        branch: Some(endless()),
        category: Some(HOSTILE.to_owned()),
        revlink: Some(SCRIPT_URL.to_owned()),
        repository: SCRIPT_URL.to_owned(),
        project: HOSTILE.to_owned(),
        codebase: HOSTILE.to_owned(),
        properties: properties(),
        when: None,
        delivery_key: None,
    }
}

/// Fills the site: build 1 has ended, build 2 runs, another one at a virtual builder, a request waits.
pub async fn fill(db: &Db) -> Result<Build, DbError> {
    let sync = SyncConfig {
        builders: vec![SyncBuilder {
            name: HOSTILE.to_owned(),
            description: Description::plain(Some(endless())),
            tags: vec![HOSTILE.to_owned(), endless()],
            project: Some(HOSTILE.to_owned()),
        }],
        projects: vec![SyncProject {
            name: HOSTILE.to_owned(),
            slug: HOSTILE.to_owned(),
            description: Description::plain(Some(endless())),
        }],
        codebases: vec![SyncCodebase {
            name: HOSTILE.to_owned(),
            slug: HOSTILE.to_owned(),
            project: HOSTILE.to_owned(),
        }],
        workers: vec![SyncWorker { name: HOSTILE.to_owned(), builders: vec![HOSTILE.to_owned()] }],
        schedulers: vec![HOSTILE.into()],
        change_sources: vec![HOSTILE.to_owned()],
    };
    let ids = db.write(sync).await?;
    let (builder, worker, scheduler) = (ids.builders[HOSTILE], ids.workers[HOSTILE], ids.schedulers[HOSTILE]);
    let text = || Some(endless());
    let info = WorkerInfo { admin: text(), host: text(), access_uri: Some(SCRIPT_URL.to_owned()), version: text() };
    db.write(SetWorkerState { worker, connected: true, info: Some(info) }).await?;
    let changes = vec![change()];
    db.write(IngestChanges { source: HOSTILE.to_owned(), source_id: None, changes, poll_state: None, history: None })
        .await?;
    let first = build(db, (builder, None), worker, scheduler).await?;
    let finish = FinishBuild {
        build: first.id,
        results: Results::Failure,
        state_string: endless(),
        properties: properties(),
        cause: FinishCause::Normal,
    };
    db.write(finish).await?;
    build(db, (builder, None), worker, scheduler).await?;
    build(db, (builder, Some(virtual_builder())), worker, scheduler).await?;
    request(db, builder, scheduler).await?;
    Ok(first)
}

/// Its name is hostile, and another one than that of the builder.
fn virtual_builder() -> VirtualBuilder {
    VirtualBuilder {
        name: format!("{HOSTILE}v"),
        description: Some(endless()),
        project: Some(format!("{HOSTILE}v")),
        tags: vec![HOSTILE.to_owned(), endless()],
    }
}

async fn request(db: &Db, builder: BuilderId, scheduler: SchedulerId) -> Result<BuildRequestId, DbError> {
    let stamp = StampSpec {
        codebase: HOSTILE.to_owned(),
        repository: SCRIPT_URL.to_owned(),
        project: HOSTILE.to_owned(),
        branch: Some(endless()),
        revision: Some(HOSTILE.to_owned()),
        patch: None,
    };
    let buildset = NewBuildset {
        scheduler: HOSTILE.to_owned(),
        reason: endless(),
        external_id: Some(HOSTILE.to_owned()),
        properties: properties(),
        builders: vec![builder],
        stamps: vec![NewStamp::Spec(stamp)],
        changes: vec![ChangeId(1)],
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

/// A running build whose steps have ended: one that is shown and one that is hidden, with a log of each kind.
async fn build(
    db: &Db,
    (builder, shown_at): (BuilderId, Option<VirtualBuilder>),
    worker: WorkerId,
    scheduler: SchedulerId,
) -> Result<Build, DbError> {
    let requests = vec![request(db, builder, scheduler).await?];
    let start = StartBuild { builder, shown_at, requests, worker, properties: properties(), state_string: endless() };
    let StartBuildOutcome::Started(build) = db.write(start).await? else {
        return Err(DbError::Row("the build is lost".to_owned()));
    };
    for (number, hidden) in [(0, false), (1, true)] {
        let group = StepGroup { first: 0, name: endless(), pace: Pace::OneByOne };
        let name = format!("{HOSTILE}{number}");
        let add = AddStep { build: build.id, number, name, state_string: endless(), group: Some(group) };
        let step = db.write(add).await?.id;
        db.write(StartStep { step, locks_acquired: true }).await?;
        for kind in [LogKind::Stream, LogKind::Text, LogKind::Html] {
            log(db, step, kind).await?;
        }
        let urls = vec![(endless(), SCRIPT_URL.to_owned()), (HOSTILE.to_owned(), HOSTILE.to_owned())];
        let results = Results::Failure;
        db.write(FinishStep { step, results, hidden, state_string: endless(), urls }).await?;
    }
    Ok(build)
}

async fn log(db: &Db, step: StepId, kind: LogKind) -> Result<(), DbError> {
    let name = format!("{HOSTILE}{}", kind.letter());
    let log = db.write(AddLog { step, name, kind }).await?;
    let text = format!("h{HOSTILE}\no{}\ne{HOSTILE}\u{1b}[1;38;5;999m\u{1b}[\n", endless());
    let now = Timestamp::from_secs(1_700_000_000);
    let chunk = LogChunk {
        log: log.id,
        seq: 0,
        first_line: 0,
        n_lines: 3,
        first_byte: 0,
        n_bytes: i64::try_from(text.len()).expect("tests are small"),
        first_at: now,
        last_at: now,
        ansi: String::new(),
        body: zstd::bulk::compress(text.as_bytes(), 1).expect("memory can be compressed"),
    };
    db.store_chunks(vec![chunk]).await?;
    db.write(FinishLog { log: log.id }).await?;
    Ok(())
}
