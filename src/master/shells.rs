//! Phase one of the wiring: a shell for every actor, each with an address.

use crate::actors::builders::Builders;
use crate::actors::buildset_keeper::BuildsetKeeper;
use crate::actors::cancellers::Cancellers;
use crate::actors::change_intake::ChangeIntake;
use crate::actors::change_sources::ChangeSources;
use crate::actors::chats::Chats;
use crate::actors::distributor::Distributor;
use crate::actors::event_bus::EventBus;
use crate::actors::janitor::Janitor;
use crate::actors::lock_keeper::LockKeeper;
use crate::actors::reconfigurator::Reconfigurator;
use crate::actors::reporters::Reporters;
use crate::actors::schedulers::Schedulers;
use crate::actors::scripts::Scripts;
use crate::actors::secret_keeper::SecretKeeper;
use crate::actors::supervisor::{Child, ChildSpec, Prepared, Supervisor};
use crate::actors::try_jobs::TryJobs;
use crate::actors::workers::Workers;

/// The shells, each with an address.
pub(super) struct Shells {
    pub(super) bus: Prepared<EventBus>,
    pub(super) scripts: Prepared<Scripts>,
    pub(super) secrets: Prepared<SecretKeeper>,
    pub(super) keeper: Prepared<BuildsetKeeper>,
    pub(super) locks: Prepared<LockKeeper>,
    pub(super) builders: Prepared<Builders>,
    pub(super) distributor: Prepared<Distributor>,
    pub(super) workers: Prepared<Workers>,
    pub(super) intake: Prepared<ChangeIntake>,
    pub(super) schedulers: Prepared<Schedulers>,
    pub(super) try_jobs: Prepared<TryJobs>,
    pub(super) sources: Prepared<ChangeSources>,
    pub(super) cancellers: Prepared<Cancellers>,
    pub(super) reporters: Prepared<Reporters>,
    pub(super) chats: Prepared<Chats>,
    pub(super) janitor: Prepared<Janitor>,
    pub(super) reconfigurator: Prepared<Reconfigurator>,
}

pub(super) fn prepare(supervisor: &Supervisor) -> Shells {
    fn vital<A: Child>(supervisor: &Supervisor, kind: &'static str) -> Prepared<A> {
        supervisor.prepare(ChildSpec::vital(kind, kind))
    }
    fn permanent<A: Child>(supervisor: &Supervisor, kind: &'static str) -> Prepared<A> {
        supervisor.prepare(ChildSpec::permanent(kind, kind))
    }
    Shells {
        bus: vital(supervisor, "event_bus"),
        scripts: permanent(supervisor, "scripts"),
        secrets: permanent(supervisor, "secret_keeper"),
        keeper: vital(supervisor, "buildset_keeper"),
        locks: vital(supervisor, "lock_keeper"),
        builders: vital(supervisor, "builders"),
        distributor: vital(supervisor, "distributor"),
        workers: vital(supervisor, "workers"),
        intake: permanent(supervisor, "change_intake"),
        schedulers: permanent(supervisor, "schedulers"),
        try_jobs: permanent(supervisor, "try_jobs"),
        sources: permanent(supervisor, "change_sources"),
        cancellers: permanent(supervisor, "cancellers"),
        reporters: permanent(supervisor, "reporters"),
        chats: permanent(supervisor, "chats"),
        janitor: permanent(supervisor, "janitor"),
        reconfigurator: permanent(supervisor, "reconfigurator"),
    }
}
