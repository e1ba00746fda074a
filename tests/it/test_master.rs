//! A master without sockets or a wall clock: its workers speak over pipes in memory.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use buildbot::actors::handle::{ActorFigures, CommandError, ForceRequest, Forced};
use buildbot::actors::reconfigurator::Reconfigure;
use buildbot::actors::supervisor::Witness;
use buildbot::clock::Clock;
use buildbot::config::{self, Loader};
use buildbot::db::views::deciders;
use buildbot::db::{self, OpenOptions, invariants};
use buildbot::domain::{BuildRequest, BuildRequestId, NewChange, Properties, RequestState, Results, Timestamp};
use buildbot::master::{Master, Parts};
use buildbot::testing::scripted_worker::{ScriptedWorker, WorkerScript};
use buildbot::wire::{Dialects, Encryption, Entrance, Hub, WireLimits, serve_connection};
use tempfile::TempDir;

/// One builder, two workers, one force scheduler.
pub const CONFIG: &str = r#"
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['title'] = "Test"
c['titleURL'] = c['buildbotURL'] = "http://localhost/"
c['workers'] = [worker.Worker("w1", "secret"), worker.Worker("w2", "secret")]
c['protocols'] = {'msgpack_experimental_v7': {'port': 9989}}
factory = util.BuildFactory([
    steps.ShellCommand(name="compile", command=["make"], haltOnFailure=True),
    steps.ShellCommand(name="test", command=["make", "test"]),
    steps.ShellCommand(name="clean", command=["make", "clean"], alwaysRun=True),
])
c['builders'] = [util.BuilderConfig(name="b", workernames=["w1", "w2"], factory=factory, collapseRequests=False)]
c['schedulers'] = [schedulers.ForceScheduler(name="force", builderNames=["b"])]
c['services'] = []
"#;

/// A change of a branch, by Ada.
pub fn change(branch: &str, revision: &str) -> NewChange {
    NewChange {
        author: "Ada <ada@example.org>".to_owned(),
        committer: None,
        comments: "more".to_owned(),
        files: Vec::new(),
        revision: Some(revision.to_owned()),
        branch: Some(branch.to_owned()),
        category: None,
        revlink: None,
        repository: "https://git/x".to_owned(),
        project: String::new(),
        codebase: String::new(),
        properties: Properties::new(),
        when: None,
        delivery_key: None,
    }
}

pub struct TestMaster {
    pub master: Master,
    hub: Arc<Hub>,
    directory: TempDir,
    clock: Clock,
}

impl TestMaster {
    /// A master in a new directory. Call it in a runtime whose time is paused.
    pub async fn new() -> Self {
        Self::with(CONFIG).await
    }

    /// The same with another configuration.
    pub async fn with(config: &str) -> Self {
        Self::witnessed(config, None).await
    }

    /// The same with somebody who sees what the actors handle.
    pub async fn witnessed(config: &str, witness: Option<Witness>) -> Self {
        tokio::time::pause();
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("master.cfg"), config).unwrap();
        let clock = Clock::simulated(Timestamp::from_secs(1_767_225_600));
        Self::start(directory, clock, witness).await
    }

    async fn start(directory: TempDir, clock: Clock, witness: Option<Witness>) -> Self {
        let base_dir = directory.path().to_owned();
        let config = load(&base_dir).await;
        let options = OpenOptions {
            base_dir: base_dir.clone(),
            db_url: "sqlite:///state.sqlite".to_owned(),
            master_name: "test".to_owned(),
            clock: clock.clone(),
        };
        let (db, writer) = db::open(&options).unwrap();
        let wire_runtime = tokio::runtime::Handle::current();
        let environ = Default::default();
        let loader = Loader::new(&base_dir);
        let parts =
            Parts { base_dir, config, db, writer, clock: clock.clone(), wire_runtime, environ, witness, loader };
        let master = Master::start(parts).await.unwrap();
        let hub = Hub::new(master.gate.clone(), WireLimits::default());
        Self { master, hub, directory, clock }
    }

    /// A path below the base directory of the master.
    pub fn path(&self, relative: &str) -> std::path::PathBuf {
        self.directory.path().join(relative)
    }

    /// Attaches a worker and waits until the master can use it.
    pub async fn attach(&self, script: WorkerScript) -> ScriptedWorker {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let hub = Arc::clone(&self.hub);
        let entrance = Entrance { dialects: Dialects::Msgpack, encryption: Encryption::None };
        tokio::spawn(async move { serve_connection(&hub, ours, &entrance).await });
        ScriptedWorker::connect(theirs, script).await.expect("the master lets the worker in")
    }

    /// Puts another configuration in force.
    pub async fn reconfigure(&self, config: &str) {
        std::fs::write(self.directory.path().join("master.cfg"), config).unwrap();
        self.master.reconfigure.ask(Reconfigure { dry_run: false }).await.unwrap().unwrap();
    }

    pub async fn force(&self) -> Forced {
        self.try_force().await.unwrap()
    }

    pub async fn try_force(&self) -> Result<Forced, CommandError> {
        let request = ForceRequest {
            scheduler: "force".to_owned(),
            builders: Vec::new(),
            values: Default::default(),
            owner: None,
        };
        self.master.handle.force(request).await
    }

    /// Virtual time passes until the request has ended; the limit is an hour.
    pub async fn ended(&self, request: BuildRequestId) -> Results {
        for _ in 0..3600 {
            if let RequestState::Complete { results, .. } = self.request(request).await.state {
                return results;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        panic!("request {request} has not ended");
    }

    pub async fn request(&self, request: BuildRequestId) -> BuildRequest {
        self.master.db.read(move |conn| deciders::requests_by_id(conn, &[request])).await.unwrap().remove(0)
    }

    /// Ends this master and starts another in the same directory.
    pub async fn restart(self) -> Self {
        let Self { master, hub, directory, clock } = self;
        master.stop().await;
        hub.close_all("the test ends this master");
        // Connections hold on to the hub, and actors to the database, until they have noticed.
        drop(hub);
        tokio::time::sleep(Duration::from_secs(60)).await;
        Self::start(directory, clock, None).await
    }

    /// The end of every scenario: nothing is left half done, and nothing died on the way.
    pub async fn finish(self) {
        self.finish_despite("nothing of that kind").await;
    }

    /// The same, where actors may have failed once, and said this.
    pub async fn finish_despite(self, expected: &str) {
        let mut wrong = self.master.db.read(invariants::check).await.unwrap();
        wrong.extend(self.master.db.read_logs(invariants::check_logs).await.unwrap());
        let is_expected = |figures: &ActorFigures| {
            figures.panics == 1 && figures.last_failure.as_ref().is_some_and(|text| text.starts_with(expected))
        };
        let figures = self.master.handle.figures().into_iter();
        let restarted = figures.filter(|figures| figures.panics != 0 && !is_expected(figures));
        wrong.extend(
            restarted.map(|figures| format!("{} {} panicked: {:?}", figures.kind, figures.name, figures.last_failure)),
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        self.hub.close_all("the test is over");
        self.master.stop().await;
    }
}

async fn load(base_dir: &Path) -> config::MasterConfig {
    let base_dir = base_dir.to_owned();
    let load = move || config::load_to_run(&Loader::new(base_dir));
    tokio::task::spawn_blocking(load).await.unwrap().unwrap_or_else(|errors| panic!("{errors}"))
}
