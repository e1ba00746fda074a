//! A site as large companies have it, written straight into a master's database: for looking at pages and for measuring
//! them. `examples/large_site.rs` makes one for `buildbot start`.

use std::path::Path;

use diesel::connection::SimpleConnection;

use super::test_db;
use crate::clock::Clock;
use crate::db::transitions::{SyncBuilder, SyncConfig, SyncProject, SyncWorker};
use crate::db::{Db, DbError, OpenError, Transaction, Transition, open};
use crate::domain::log::LogChunk;
use crate::domain::{Description, LogId};

/// How much of everything.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// At most [`MOST_BUILDERS`].
    pub builders: usize,
    pub builds: usize,
    pub workers: usize,
    pub changes: usize,
    /// Requests that nobody has claimed.
    pub waiting: usize,
    /// Builds that another master runs, which is not there: they go on for ever.
    pub running: usize,
    /// Logs that have text: those of the newest builds.
    pub logs: usize,
    /// Lines of the one log that is longer than all others.
    pub long_log: usize,
}

impl Default for Size {
    fn default() -> Self {
        Self {
            builders: MOST_BUILDERS,
            builds: 100_000,
            workers: 200,
            changes: 20_000,
            waiting: 300,
            running: 40,
            logs: 5_000,
            long_log: 1_000_000,
        }
    }
}

/// Builders that there are names for.
pub const MOST_BUILDERS: usize = 5_000;

const PRODUCTS: [&str; 10] = ["atlas", "beacon", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "jade"];
const PARTS: [&str; 5] = ["api", "core", "docs", "tools", "web"];
const PLATFORMS: [&str; 10] =
    ["arm64", "debian", "fedora", "freebsd", "macos", "musl", "riscv", "ubuntu", "wasm", "windows"];
const KINDS: [&str; 10] =
    ["bench", "build", "check", "coverage", "fuzz", "lint", "package", "release", "test", "upgrade"];

/// Workers that each builder has.
const WORKERS_OF_BUILDER: usize = 4;
/// Chunks stored at once.
const CHUNKS: usize = 500;
/// Lines of a chunk of the long log.
const CHUNK_LINES: usize = 5_000;

/// Why a site was not written.
#[derive(Debug, thiserror::Error)]
pub enum LargeSiteError {
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Fills the empty database of a base directory. Call it within a `LocalSet` or an actix system.
pub async fn write(base_dir: &Path, size: Size) -> Result<(), LargeSiteError> {
    let clock = Clock::system();
    // Under a name of its own, or the master that opens the database next would end the builds that run.
    let (db, writer) = open(&test_db::options(base_dir, &clock))?;
    let writer = tokio::task::spawn_local(writer.run(Box::new(|_| {})));
    fill(&db, size, &clock).await?;
    drop(db);
    // The writer's only errors are answers to jobs, and all of them were answered.
    let _ = writer.await;
    Ok(())
}

async fn fill(db: &Db, size: Size, clock: &Clock) -> Result<(), DbError> {
    db.write(names(size)).await?;
    db.write(History { size, master: db.master().id.0, now_us: clock.now().micros() }).await?;
    let short = chunk_body(1, 200);
    // The newest finished builds; the logs of steps have the ids of their steps, five a build.
    let last = (size.builds - size.running) * 5;
    let now = clock.now();
    let chunk = |log: usize, seq: usize, first_line: usize, (n_lines, n_bytes, body): &Body| LogChunk {
        log: LogId(int(log)),
        seq: int(seq),
        first_line: int(first_line),
        n_lines: int(*n_lines),
        // every line of ours has the same length
        first_byte: int(first_line * n_bytes / n_lines),
        n_bytes: int(*n_bytes),
        first_at: now,
        last_at: now,
        ansi: String::new(),
        body: body.clone(),
    };
    let logs: Vec<usize> = (last.saturating_sub(size.logs)..last).collect();
    for logs in logs.chunks(CHUNKS) {
        db.store_chunks(logs.iter().map(|log| chunk(*log, 0, 0, &short)).collect()).await?;
    }
    for seq in 0..size.long_log / CHUNK_LINES {
        let first = seq * CHUNK_LINES;
        db.store_chunks(vec![chunk(last, seq, first, &chunk_body(first + 1, CHUNK_LINES))]).await?;
    }
    Ok(())
}

/// Lines, bytes, and the compressed text.
type Body = (usize, usize, Vec<u8>);

fn chunk_body(first: usize, n_lines: usize) -> Body {
    let line = |i: usize| format!("o[{i:07}] compiling module {:05} of the large site, all is well\n", i % 99_991);
    let text: String = (first..first + n_lines).map(line).collect();
    let body = zstd::bulk::compress(text.as_bytes(), 1).expect("memory can be compressed");
    (n_lines, text.len(), body)
}

fn builder_name(i: usize) -> String {
    let (product, part) = (PRODUCTS[i / 500 % 10], PARTS[i / 100 % 5]);
    format!("{product}-{part}-{}-{}", PLATFORMS[i / 10 % 10], KINDS[i % 10])
}

fn names(size: Size) -> SyncConfig {
    let builder = |i: usize| SyncBuilder {
        name: builder_name(i),
        tags: vec![PRODUCTS[i / 500 % 10].to_owned(), KINDS[i % 10].to_owned()],
        project: Some(PRODUCTS[i / 500 % 10].to_owned()),
        ..SyncBuilder::default()
    };
    let project = |name: &&str| SyncProject {
        name: (*name).to_owned(),
        slug: (*name).to_owned(),
        description: Description::plain(Some(format!("Everything that {name} needs, on all platforms"))),
    };
    let workers = (0..size.workers).map(|i| SyncWorker { name: format!("worker-{}", i + 1), builders: Vec::new() });
    let mut workers: Vec<_> = workers.collect();
    for i in 0..size.builders {
        for k in 0..WORKERS_OF_BUILDER {
            let worker = (i * WORKERS_OF_BUILDER + k) % size.workers;
            workers[worker].builders.push(builder_name(i));
        }
    }
    SyncConfig {
        projects: PRODUCTS.iter().map(project).collect(),
        codebases: Vec::new(),
        builders: (0..size.builders).map(builder).collect(),
        workers,
        schedulers: vec!["all".into(), "force".into()],
        change_sources: vec!["poller".to_owned()],
    }
}

/// Everything that has happened, in one transaction.
struct History {
    size: Size,
    master: i64,
    now_us: i64,
}

impl Transition for History {
    type Outcome = ();

    fn apply(&self, tx: &mut Transaction<'_>) -> Result<(), DbError> {
        let Size { builders, builds, workers, changes, waiting, running, .. } = self.size;
        let (master, now) = (self.master, self.now_us);
        tx.conn().batch_execute(&format!(
            "CREATE TEMP TABLE size AS SELECT {builds} AS builds, {builders} AS builders, {workers} AS workers, \
             {changes} AS changes, {waiting} AS waiting, {running} AS running, 'all' AS scheduler, {master} AS master, \
             {now} AS now_us;"
        ))?;
        Ok(tx.conn().batch_execute(include_str!("large_site/rows.sql"))?)
    }
}

/// A configuration with the same names, for pages at this port of the loopback interface and workers at the next one.
pub fn configuration(size: Size, port: u16) -> String {
    let Size { builders, workers, .. } = size;
    let worker_port = port.saturating_add(1);
    format!(
        r#"from buildbot.plugins import *

c = BuildmasterConfig = {{}}
c['title'] = "A Large Site"
c['titleURL'] = c['buildbotURL'] = "http://127.0.0.1:{port}/"
c['protocols'] = {{'msgpack_experimental_v7': {{'port': 'tcp:{worker_port}:interface=127.0.0.1'}}}}
c['www'] = dict(port='tcp:{port}:interface=127.0.0.1', plugins={{}}, change_hook_dialects={{'base': True}})
c['db'] = {{'db_url': 'sqlite:///state.sqlite'}}
c['workers'] = [worker.Worker("worker-%d" % (i + 1), "pass") for i in range({workers})]

factory = util.BuildFactory([steps.ShellCommand(name=name, command=['true'])
                             for name in ['git', 'configure', 'compile', 'test', 'upload']])
names = ["%s-%s-%s-%s" % (product, part, platform, kind)
         for product in {PRODUCTS:?} for part in {PARTS:?}
         for platform in {PLATFORMS:?} for kind in {KINDS:?}][:{builders}]
c['builders'] = [
    util.BuilderConfig(name=name, factory=factory, tags=[name.split('-')[0], name.split('-')[3]],
                       workernames=["worker-%d" % ((i * {WORKERS_OF_BUILDER} + k) % {workers} + 1)
                                    for k in range({WORKERS_OF_BUILDER})])
    for i, name in enumerate(names)
]
c['schedulers'] = [
    schedulers.SingleBranchScheduler(name="all", change_filter=util.ChangeFilter(branch='main'), builderNames=names),
    schedulers.ForceScheduler(name="force", builderNames=names),
]
"#
    )
}

fn int(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
