//! The wiring: makes every actor, in two phases, and starts and stops them in order.
//!
//! Phase one prepares the shells, so that each has an address; phase two builds the `Deps` and starts them. A wire that
//! is forgotten does not compile. Nothing here decides anything.

mod clean_up;
mod client_ports;
mod control;
pub mod memory;
mod overview;
mod run;
mod shells;
mod tls;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::sync::watch;

pub use self::clean_up::clean_up;
use self::control::ControlDeps;
pub use self::run::{RunOptions, name, run};
use self::shells::{Shells, prepare};
use crate::actors::applied::{Applied, AppliedConfig};
use crate::actors::build::{BuildDeps, BuildRows, LockDeps};
use crate::actors::builder::BuilderDeps;
use crate::actors::builders::{Builders, BuildersDeps};
use crate::actors::buildset_keeper::{BuildsetKeeper, BuildsetKeeperDeps};
use crate::actors::cancel::Cancel;
use crate::actors::cancellers::{CancellerDeps, Cancellers, CancellersDeps};
use crate::actors::change_intake::{ChangeIntake, ChangeIntakeDeps};
use crate::actors::change_sources::{ChangeSources, ChangeSourcesDeps};
use crate::actors::chats::{self, BotDeps, Chats, ChatsDeps};
use crate::actors::clients::Reception;
use crate::actors::command_desk::CommandDesk;
use crate::actors::command_ids::CommandIds;
use crate::actors::db_writer::{DbWriter, DbWriterDeps};
use crate::actors::distributor::{Distributor, DistributorDeps};
use crate::actors::event_bus::{EventBus, EventBusDeps, Unpublished};
use crate::actors::explain::ExplainDeps;
use crate::actors::handle::{HandleDeps, MasterHandle};
use crate::actors::janitor::{Janitor, JanitorConfig, JanitorDeps};
use crate::actors::live_feed::LiveFeed;
use crate::actors::lock_keeper::{LockKeeper, LockKeeperDeps};
use crate::actors::log_sink::DbLogSink;
use crate::actors::reconfigurator::{self, GoBack, Reconfigurator, ReconfiguratorDeps, Reconfigure};
use crate::actors::reporters::{ReporterDeps, Reporters, ReportersDeps};
use crate::actors::schedulers::{Schedulers, SchedulersDeps};
use crate::actors::scripts::{Scripts, ScriptsConfig};
use crate::actors::secret_keeper::SecretKeeper;
use crate::actors::sessions::{Sessions, WorkerGate};
use crate::actors::stop_wish::StopWish;
use crate::actors::supervisor::{Ask, Child, ChildSpec, Escalations, Running, Supervisor, Witness};
use crate::actors::try_jobs::{TryJobs, TryJobsDeps};
use crate::actors::workers::{Workers, WorkersDeps};
use crate::clock::Clock;
use crate::config::{Loader, MasterConfig};
use crate::db::transitions::RecoverAtStart;
use crate::db::{Db, WriterLoop};
use crate::domain::script::ScriptLimits;
use crate::steps::function::FunctionThreads;

/// What the actors are made from.
pub struct Parts {
    pub base_dir: PathBuf,
    pub config: MasterConfig,
    pub db: Db,
    pub writer: WriterLoop,
    pub clock: Clock,
    /// Where sockets of workers are served and logs compressed.
    pub wire_runtime: tokio::runtime::Handle,
    /// The environment of the process.
    pub environ: Arc<BTreeMap<String, String>>,
    /// Sees what the actors handle.
    pub witness: Option<Witness>,
    /// How configurations are read.
    pub loader: Loader,
}

/// A master whose actors live; sockets are opened by its owner.
pub struct Master {
    pub handle: MasterHandle,
    pub gate: Arc<WorkerGate>,
    pub config: AppliedConfig,
    pub reconfigure: Ask<Reconfigure>,
    pub go_back: Ask<GoBack>,
    pub control: ControlDeps,
    pub desk: CommandDesk,
    /// How somebody wants it to end.
    pub stop_wish: watch::Receiver<StopWish>,
    pub escalations: Escalations,
    pub db: Db,
    /// Stopped in this order.
    stop: Vec<Box<dyn Fn()>>,
    writer: Running<DbWriter>,
}

/// Questions within the core are answered at once, unless the machine stands still.
const CORE_DEADLINE: Duration = Duration::from_secs(30);
/// A function of the configuration has five seconds, and may wait for a free thread.
const SCRIPT_DEADLINE: Duration = Duration::from_secs(60);
/// The keeper of secrets answers in 45 seconds at most.
const SECRET_DEADLINE: Duration = Duration::from_secs(60);
/// Commands from outside wait for the database as long as a client waits.
const COMMAND_DEADLINE: Duration = Duration::from_secs(60);
/// The first clean-up of a large site removes a million rows, a few at a time.
const CLEAN_UP_DEADLINE: Duration = Duration::from_secs(24 * 3600);
const JANITOR: JanitorConfig = JanitorConfig {
    keep_events: Duration::from_secs(7 * 24 * 3600),
    keep_read_events: Duration::from_secs(24 * 3600),
    every: Duration::from_secs(3600),
};
const SCRIPTS: ScriptsConfig = ScriptsConfig {
    n_threads: 4,
    limits: ScriptLimits { time: Duration::from_secs(5), ticks: 10_000_000, heap_bytes: 64 << 20 },
};

/// Steps that are functions, of all builds together; further ones wait for a thread.
const FUNCTION_STEPS: usize = 200;
/// The time is that of one turn: between two things that a function asks of its build.
const FUNCTION_LIMITS: ScriptLimits =
    ScriptLimits { time: Duration::from_secs(5), ticks: 1_000_000_000, heap_bytes: 256 << 20 };

impl Master {
    /// Starts every actor; when this returns, the configuration is in force and what a crash left is repaired.
    pub async fn start(parts: Parts) -> anyhow::Result<Self> {
        let Parts { base_dir, config, db, writer, clock, wire_runtime, environ, witness, loader } = parts;
        let (supervisor, escalations) = Supervisor::with_witness(witness);
        let shells = prepare(&supervisor);
        supervisor.report_failed_subjects_to(shells.keeper.tell());

        // The writer first: the rows of the configuration need it.
        let writer = Rc::new(RefCell::new(Some(writer)));
        let unpublished = Unpublished::default();
        let writer_deps = DbWriterDeps { bus: shells.bus.tell(), unpublished: unpublished.clone() };
        let writer_shell = supervisor.prepare::<DbWriter>(ChildSpec::vital("db_writer", "db_writer"));
        let writer = writer_shell.start(move || DbWriter::new(Rc::clone(&writer), writer_deps.clone()));
        db.write(RecoverAtStart).await.context("cannot repair what the last run left")?;
        let stored = reconfigurator::store(&db, &config, "start".to_owned(), Vec::new()).await;
        let ids = stored.context("cannot store the names of the configuration")?.ids;
        let in_force = Arc::new(watch::Sender::new(Arc::new(Applied { config: Arc::new(config), ids })));
        let applied = in_force.subscribe();

        let live = LiveFeed::new();
        let common = Common {
            base_dir,
            db: db.clone(),
            clock,
            supervisor,
            applied: applied.clone(),
            wire_runtime,
            live,
            unpublished,
            environ,
            loader,
            stop_wish: Arc::default(),
        };
        let sessions = Sessions::new(applied.clone());
        let gate = Arc::new(WorkerGate {
            sessions: sessions.clone(),
            workers: shells.workers.tell(),
            control: shells.workers.tell(),
            reception: common.reception(&shells),
        });
        let handle = common.handle(&shells);
        let desk = common.desk(&shells);
        let stop_wish = desk.stop_wish.subscribe();
        let reconfigure = shells.reconfigurator.ask(COMMAND_DEADLINE);
        let go_back = shells.reconfigurator.ask(COMMAND_DEADLINE);
        let control = ControlDeps {
            builders: shells.builders.ask(CORE_DEADLINE),
            waiting: shells.keeper.ask(CORE_DEADLINE),
            workers: shells.workers.ask(CORE_DEADLINE),
            distributor: shells.distributor.tell(),
            clean_up: shells.janitor.ask(CLEAN_UP_DEADLINE),
        };
        let stop = common.start_all(shells, sessions, in_force);
        let config = applied;
        Ok(Self { handle, gate, config, reconfigure, go_back, control, desk, stop_wish, escalations, db, stop, writer })
    }

    /// Ends every actor, the sources of work first and the writer last.
    pub async fn stop(self) {
        for stop in &self.stop {
            stop();
        }
        self.writer.stop().await;
    }
}

/// What most actors need.
struct Common {
    base_dir: PathBuf,
    db: Db,
    clock: Clock,
    supervisor: Supervisor,
    applied: AppliedConfig,
    wire_runtime: tokio::runtime::Handle,
    live: LiveFeed,
    unpublished: Unpublished,
    environ: Arc<BTreeMap<String, String>>,
    loader: Loader,
    stop_wish: Arc<watch::Sender<StopWish>>,
}

impl Common {
    fn handle(&self, shells: &Shells) -> MasterHandle {
        MasterHandle::new(HandleDeps {
            config: self.applied.clone(),
            db: self.db.clone(),
            supervisor: self.supervisor.clone(),
            force: shells.schedulers.ask(COMMAND_DEADLINE),
            stop: shells.builders.ask(CORE_DEADLINE),
            cancel: shells.keeper.ask(COMMAND_DEADLINE),
            prioritise: shells.keeper.ask(COMMAND_DEADLINE),
            rebuild: shells.keeper.ask(COMMAND_DEADLINE),
            intake: shells.intake.ask(COMMAND_DEADLINE),
            explain: ExplainDeps {
                requests: shells.distributor.ask(CORE_DEADLINE),
                scripts: shells.scripts.ask(SCRIPT_DEADLINE),
                config: self.applied.clone(),
                db: self.db.clone(),
                clock: self.clock.clone(),
            },
            worker: shells.workers.ask(COMMAND_DEADLINE),
            switch: shells.schedulers.ask(COMMAND_DEADLINE),
            deliver: shells.reporters.ask(COMMAND_DEADLINE),
            live: self.live.clone(),
        })
    }

    fn desk(&self, shells: &Shells) -> CommandDesk {
        CommandDesk {
            db: self.db.clone(),
            clock: self.clock.clone(),
            config: self.applied.clone(),
            stop: shells.builders.ask(CORE_DEADLINE),
            stop_wish: Arc::clone(&self.stop_wish),
        }
    }

    fn reception(&self, shells: &Shells) -> Reception {
        Reception {
            config: self.applied.clone(),
            db: self.db.clone(),
            intake: shells.intake.ask(COMMAND_DEADLINE),
            try_jobs: shells.try_jobs.ask(COMMAND_DEADLINE),
            live: self.live.clone(),
        }
    }

    fn try_jobs(&self, shells: &Shells) -> TryJobsDeps {
        TryJobsDeps {
            db: self.db.clone(),
            config: self.applied.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
            base_dir: self.base_dir.clone(),
        }
    }

    fn distributor(&self, shells: &Shells) -> DistributorDeps {
        DistributorDeps {
            waiting: shells.keeper.ask(CORE_DEADLINE),
            workers: shells.workers.ask(CORE_DEADLINE),
            leaving: shells.workers.ask(CORE_DEADLINE),
            dismiss: shells.workers.tell(),
            builders: shells.builders.ask(CORE_DEADLINE),
            locks: shells.locks.ask(CORE_DEADLINE),
            start: shells.builders.tell(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
            config: self.applied.clone(),
            db: self.db.clone(),
            clock: self.clock.clone(),
            stop_wish: self.stop_wish.subscribe(),
        }
    }

    fn workers(&self, shells: &Shells, sessions: Sessions) -> WorkersDeps {
        WorkersDeps {
            db: self.db.clone(),
            config: self.applied.clone(),
            sessions,
            supervisor: self.supervisor.clone(),
            distributor: shells.distributor.tell(),
            changed: shells.workers.tell(),
        }
    }

    fn builders(&self, shells: &Shells) -> BuildersDeps {
        let build = BuildDeps {
            base_dir: self.base_dir.clone(),
            rows: BuildRows::new(self.db.clone()),
            clock: self.clock.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
            secrets: shells.secrets.ask(SECRET_DEADLINE),
            log_sink: Arc::new(DbLogSink { db: self.db.clone() }),
            live: self.live.clone(),
            wire_runtime: self.wire_runtime.clone(),
            command_ids: CommandIds::new(self.db.clone()),
            locks: LockDeps { take: shells.locks.tell(), restate: shells.locks.tell(), give_back: shells.locks.tell() },
            config: self.applied.clone(),
            trigger: shells.schedulers.ask(COMMAND_DEADLINE),
            cancel: self.cancel(shells),
            functions: FunctionThreads::new(FUNCTION_STEPS, SCRIPTS.n_threads, FUNCTION_LIMITS),
            environ: Arc::clone(&self.environ),
        };
        let builder = BuilderDeps {
            db: self.db.clone(),
            config: self.applied.clone(),
            supervisor: self.supervisor.clone(),
            workers: shells.workers.ask(CORE_DEADLINE),
            taken: shells.builders.tell(),
            freed: shells.builders.tell(),
            release_locks: shells.locks.tell(),
            build,
        };
        BuildersDeps { supervisor: self.supervisor.clone(), distributor: shells.distributor.tell(), builder }
    }

    fn locks(&self, shells: &Shells) -> LockKeeperDeps {
        LockKeeperDeps {
            config: self.applied.clone(),
            supervisor: self.supervisor.clone(),
            distributor: shells.distributor.tell(),
            assert_locks: shells.builders.ask(CORE_DEADLINE),
            ready: shells.locks.tell(),
            started: shells.locks.tell(),
        }
    }

    fn schedulers(&self, shells: &Shells) -> SchedulersDeps {
        SchedulersDeps {
            db: self.db.clone(),
            clock: self.clock.clone(),
            config: self.applied.clone(),
            supervisor: self.supervisor.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
        }
    }

    fn cancel(&self, shells: &Shells) -> Cancel {
        Cancel {
            db: self.db.clone(),
            request: shells.keeper.ask(COMMAND_DEADLINE),
            build: shells.builders.ask(CORE_DEADLINE),
        }
    }

    fn cancellers(&self, shells: &Shells) -> CancellersDeps {
        let canceller = CancellerDeps {
            db: self.db.clone(),
            config: self.applied.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
            cancel: self.cancel(shells),
        };
        CancellersDeps { supervisor: self.supervisor.clone(), canceller }
    }

    fn reporters(&self, shells: &Shells) -> ReportersDeps {
        let reporter = ReporterDeps {
            db: self.db.clone(),
            clock: self.clock.clone(),
            config: self.applied.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
        };
        ReportersDeps { supervisor: self.supervisor.clone(), reporter, wire_runtime: self.wire_runtime.clone() }
    }

    fn chats(&self, shells: &Shells) -> ChatsDeps {
        let bot = BotDeps {
            db: self.db.clone(),
            clock: self.clock.clone(),
            config: self.applied.clone(),
            desk: self.desk(shells),
            chance: chats::chance,
        };
        ChatsDeps { supervisor: self.supervisor.clone(), bot, wire_runtime: self.wire_runtime.clone() }
    }

    fn sources(&self, shells: &Shells) -> ChangeSourcesDeps {
        ChangeSourcesDeps {
            db: self.db.clone(),
            clock: self.clock.clone(),
            config: self.applied.clone(),
            supervisor: self.supervisor.clone(),
            intake: shells.intake.ask(COMMAND_DEADLINE),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
            base_dir: self.base_dir.clone(),
        }
    }

    fn intake(&self, shells: &Shells) -> ChangeIntakeDeps {
        ChangeIntakeDeps {
            db: self.db.clone(),
            config: self.applied.clone(),
            scripts: shells.scripts.ask(SCRIPT_DEADLINE),
        }
    }

    fn reconfigurator(&self, shells: &Shells, in_force: Arc<watch::Sender<Arc<Applied>>>) -> ReconfiguratorDeps {
        let listeners = vec![
            shells.secrets.tell(),
            shells.workers.tell(),
            shells.locks.tell(),
            shells.builders.tell(),
            shells.schedulers.tell(),
            shells.try_jobs.tell(),
            shells.sources.tell(),
            shells.cancellers.tell(),
            shells.reporters.tell(),
            shells.chats.tell(),
            shells.janitor.tell(),
        ];
        let (db, base_dir, loader) = (self.db.clone(), self.base_dir.clone(), self.loader.clone());
        ReconfiguratorDeps { db, base_dir, loader, in_force, listeners }
    }

    fn bus(&self, shells: &Shells) -> EventBusDeps {
        let subscribers = vec![
            shells.keeper.tell(),
            shells.schedulers.tell(),
            shells.cancellers.tell(),
            shells.reporters.tell(),
            shells.chats.tell(),
        ];
        EventBusDeps { unpublished: self.unpublished.clone(), subscribers, live: self.live.clone() }
    }

    /// Phase two. Answers what to call to stop, in the order of stopping.
    fn start_all(
        self,
        shells: Shells,
        sessions: Sessions,
        in_force: Arc<watch::Sender<Arc<Applied>>>,
    ) -> Vec<Box<dyn Fn()>> {
        let bus = self.bus(&shells);
        let cancellers = self.cancellers(&shells);
        let keeper = BuildsetKeeperDeps { db: self.db.clone(), distributor: shells.distributor.tell() };
        let distributor = self.distributor(&shells);
        let workers = self.workers(&shells, sessions);
        let locks = self.locks(&shells);
        let builders = self.builders(&shells);
        let schedulers = self.schedulers(&shells);
        let try_jobs = self.try_jobs(&shells);
        let sources = self.sources(&shells);
        let intake = self.intake(&shells);
        let reconfigurator = self.reconfigurator(&shells, in_force);
        let reporters = self.reporters(&shells);
        let chats = self.chats(&shells);
        let applied = self.applied;
        let janitor = JanitorDeps { db: self.db, clock: self.clock, config: applied.clone() };

        let bus = shells.bus.start(move || EventBus::new(bus.clone()));
        let scripts = shells.scripts.start(|| Scripts::new(SCRIPTS));
        let secrets = shells.secrets.start(move || SecretKeeper::new(applied.clone()));
        let keeper = shells.keeper.start(move || BuildsetKeeper::new(keeper.clone()));
        let locks = shells.locks.start(move || LockKeeper::new(locks.clone()));
        let builders = shells.builders.start(move || Builders::new(builders.clone()));
        let distributor = shells.distributor.start(move || Distributor::new(distributor.clone()));
        let workers = shells.workers.start(move || Workers::new(workers.clone()));
        let intake = shells.intake.start(move || ChangeIntake::new(intake.clone()));
        let schedulers = shells.schedulers.start(move || Schedulers::new(schedulers.clone()));
        let try_jobs = shells.try_jobs.start(move || TryJobs::new(try_jobs.clone()));
        let sources = shells.sources.start(move || ChangeSources::new(sources.clone()));
        let cancellers = shells.cancellers.start(move || Cancellers::new(cancellers.clone()));
        let reporters = shells.reporters.start(move || Reporters::new(reporters.clone()));
        let chats = shells.chats.start(move || Chats::new(chats.clone()));
        let janitor = shells.janitor.start(move || Janitor::new(JANITOR, janitor.clone()));
        let reconfigurator = shells.reconfigurator.start(move || Reconfigurator::new(reconfigurator.clone()));
        vec![
            stopper(reconfigurator),
            stopper(janitor),
            stopper(chats),
            stopper(reporters),
            stopper(cancellers),
            stopper(sources),
            stopper(try_jobs),
            stopper(schedulers),
            stopper(intake),
            stopper(distributor),
            stopper(builders),
            stopper(locks),
            stopper(workers),
            stopper(keeper),
            stopper(secrets),
            stopper(scripts),
            stopper(bus),
        ]
    }
}

fn stopper<A: Child>(child: Running<A>) -> Box<dyn Fn()> {
    Box::new(move || child.begin_stop())
}
