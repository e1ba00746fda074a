//! A database of its own for each test, with a writer that runs on the test's runtime.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::db::transitions::{FireScheduler, Fired, SyncBuilder, SyncConfig, SyncWorker};
use crate::db::{CommittedEvent, Db, OpenOptions, WriterLoop, open};
use crate::domain::buildset::NewStamp;
use crate::domain::{BuildId, BuilderId, NewBuildset, Properties, SchedulerId, StampSpec, WorkerId};

/// A database in a directory that vanishes with it.
pub struct TestDb {
    pub db: Db,
    /// What was committed so far, in order.
    pub events: Rc<RefCell<Vec<CommittedEvent>>>,
    directory: TempDir,
    clock: Clock,
    writer: JoinHandle<()>,
}

/// The names that [`TestDb::site`] makes.
#[derive(Clone, Copy, Debug)]
pub struct TestSite {
    pub builder: BuilderId,
    pub worker: WorkerId,
    pub scheduler: SchedulerId,
}

/// How a master of this directory opens its database.
pub fn options(base_dir: &Path, clock: &Clock) -> OpenOptions {
    OpenOptions {
        base_dir: base_dir.to_owned(),
        db_url: "sqlite:///state.sqlite".to_owned(),
        master_name: "test".to_owned(),
        clock: clock.clone(),
    }
}

impl TestDb {
    /// Opens a new database and starts its writer. Call it within a `LocalSet` or an actix system.
    pub fn new(clock: &Clock) -> Self {
        let (directory, db, writer) = Self::unstarted(clock);
        Self::run(directory, db, writer, clock.clone())
    }

    /// A database whose writer is started by the caller.
    pub fn unstarted(clock: &Clock) -> (TempDir, Db, WriterLoop) {
        let directory = TempDir::new().expect("a temporary directory can be made");
        let (db, writer) = open(&options(directory.path(), clock)).expect("a new database opens");
        (directory, db, writer)
    }

    fn run(directory: TempDir, db: Db, writer: WriterLoop, clock: Clock) -> Self {
        let events = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&events);
        let writer = writer.run(Box::new(move |events| seen.borrow_mut().extend(events)));
        let writer = tokio::task::spawn_local(writer);
        Self { db, events, directory, clock, writer }
    }

    /// Ends this master and opens the same files again, as another life of it.
    pub async fn reopen(self) -> Self {
        let Self { db, directory, clock, writer, .. } = self;
        drop(db);
        writer.await.expect("the writer ends with the last handle");
        let (db, writer) = open(&options(directory.path(), &clock)).expect("the database opens again");
        Self::run(directory, db, writer, clock)
    }

    pub fn base_dir(&self) -> &Path {
        self.directory.path()
    }

    /// One builder `b`, one worker `w` and one scheduler `s`.
    pub async fn site(&self) -> TestSite {
        let sync = SyncConfig {
            builders: vec![SyncBuilder { name: "b".to_owned(), ..SyncBuilder::default() }],
            workers: vec![SyncWorker { name: "w".to_owned(), builders: vec!["b".to_owned()] }],
            schedulers: vec!["s".into()],
            ..SyncConfig::default()
        };
        let ids = self.db.write(sync).await.expect("names can be stored");
        TestSite { builder: ids.builders["b"], worker: ids.workers["w"], scheduler: ids.schedulers["s"] }
    }

    /// A buildset with one request for the builder.
    pub async fn request(&self, site: &TestSite) -> Fired {
        self.request_of(site, StampSpec { branch: Some("main".to_owned()), ..StampSpec::default() }).await
    }

    /// The same, of this source.
    pub async fn request_of(&self, site: &TestSite, source: StampSpec) -> Fired {
        self.fire(site, Self::buildset(site, source)).await
    }

    /// A buildset that a build triggers, with one request for the builder.
    pub async fn triggered(&self, site: &TestSite, parent: BuildId, waited_for: bool) -> Fired {
        let parent_build = Some((parent, "Triggered from".to_owned()));
        self.fire(site, NewBuildset { waited_for, parent_build, ..Self::buildset(site, StampSpec::default()) }).await
    }

    fn buildset(site: &TestSite, source: StampSpec) -> NewBuildset {
        NewBuildset {
            scheduler: "s".to_owned(),
            reason: "a test".to_owned(),
            external_id: None,
            properties: Properties::new(),
            builders: vec![site.builder],
            stamps: vec![NewStamp::Spec(source)],
            changes: Vec::new(),
            priority: 0,
            waited_for: false,
            parent_build: None,
            rebuilt_build: None,
        }
    }

    async fn fire(&self, site: &TestSite, buildset: NewBuildset) -> Fired {
        let fire = FireScheduler {
            scheduler: site.scheduler,
            classified: Vec::new(),
            last_change: None,
            consumed: Vec::new(),
            state: None,
            buildset: Some(buildset),
        };
        self.db.write(fire).await.expect("a buildset can be stored").expect("there is a buildset")
    }

    /// Panics with what is wrong in the files.
    pub async fn assert_sound(&self) {
        let mut wrong = self.db.read(crate::db::invariants::check).await.expect("the state can be read");
        wrong.extend(self.db.read_logs(crate::db::invariants::check_logs).await.expect("the logs can be read"));
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
