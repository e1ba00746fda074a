//! Schedulers: one child per configured scheduler.
//!
//! - Hears: [`ReconsiderConfiguration`], [`EventsCommitted`], [`ForceBuilds`], [`TriggerBuilds`],
//!   [`Switch`].
//! - Tells: [`Reconsider`] to its children; what is asked of one of them is passed on.
//! - Writes: whether a scheduler is switched on (`switch_scheduler`).
//! - Restart: permanent. Rebuilds its children from the configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix::Message;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::event_bus::EventsCommitted;
use super::handle::{CommandError, ForceRequest, Forced};
use super::owned::Owned;
use super::scheduler::{Reconsider, Scheduler, SchedulerDeps, SubmitForced, SubmitTriggered};
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor};
use crate::clock::Clock;
use crate::db::transitions::SwitchScheduler;
use crate::db::{Db, DbError};
use crate::domain::{Event, SchedulerId, TriggerOrder, Triggered};
use crate::schedulers::config::{SchedulerConfig, SchedulerKind};

/// Forces builds as a person asked for them.
#[derive(Message)]
#[rtype(result = "Result<Forced, CommandError>")]
pub struct ForceBuilds {
    pub request: ForceRequest,
}

/// Has a scheduler build what a build wants built.
#[derive(Message)]
#[rtype(result = "Result<Triggered, CommandError>")]
pub struct TriggerBuilds {
    pub scheduler: String,
    pub order: TriggerOrder,
}

/// Switches a scheduler on or off; answers whether there is such a one.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
pub struct Switch {
    pub scheduler: SchedulerId,
    pub enabled: bool,
}

#[derive(Clone)]
pub struct SchedulersDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub supervisor: Supervisor,
    pub scripts: Ask<CallFunction>,
}

pub struct Schedulers {
    deps: SchedulersDeps,
    children: BTreeMap<String, (SchedulerConfig, Owned<Scheduler>)>,
}

impl Schedulers {
    pub fn new(deps: SchedulersDeps) -> Self {
        Self { deps, children: BTreeMap::new() }
    }

    /// Makes the children those of the configuration; a scheduler whose settings changed is made anew from its row.
    fn apply_configuration(&mut self) {
        let applied = Arc::clone(&self.deps.config.borrow());
        self.children.retain(|_, (config, _)| applied.config.schedulers.contains(config));
        // Jobs are no business of theirs.
        let is_try = |config: &&SchedulerConfig| matches!(config.kind, SchedulerKind::Try(_));
        for config in applied.config.schedulers.iter().filter(|config| !is_try(config)) {
            let Some(id) = applied.ids.schedulers.get(&config.name).copied() else { continue };
            if self.children.contains_key(&config.name) {
                continue;
            }
            let deps = SchedulerDeps {
                db: self.deps.db.clone(),
                clock: self.deps.clock.clone(),
                config: self.deps.config.clone(),
                scripts: self.deps.scripts.clone(),
            };
            let spec = ChildSpec::permanent("scheduler", config.name.clone());
            let own = config.clone();
            let child = self.deps.supervisor.prepare(spec).start(move || Scheduler::new(id, own.clone(), deps.clone()));
            self.children.insert(config.name.clone(), (config.clone(), Owned(child)));
        }
    }
}

impl Child for Schedulers {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Schedulers {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<EventsCommitted> for Schedulers {
    fn handle(&mut self, EventsCommitted(events): EventsCommitted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        let what = events.iter().fold(Reconsider::default(), |what, committed| match committed.event {
            Event::ChangeAdded { .. } => Reconsider { changes: true, ..what },
            Event::BuildsetAdded { .. } | Event::BuildsetCompleted { .. } => Reconsider { buildsets: true, ..what },
            Event::SchedulerUpdated { .. } => Reconsider { switched: true, ..what },
            _ => what,
        });
        if what != Reconsider::default() {
            for (_, child) in self.children.values() {
                child.tell().tell(what);
            }
        }
        Reply::Now(())
    }
}

/// Making a buildset and storing it takes no longer, but for a database that is away.
const SUBMIT_DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);

impl Handle<ForceBuilds> for Schedulers {
    fn handle(
        &mut self,
        ForceBuilds { request }: ForceBuilds,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Forced, CommandError>> {
        let Some((_, child)) = self.children.get(&request.scheduler) else {
            let unknown = format!("there is no scheduler named {:?}", request.scheduler);
            return Reply::Now(Err(CommandError::NotFound(unknown)));
        };
        let child = child.ask::<SubmitForced>(SUBMIT_DEADLINE);
        Reply::Later(Box::pin(async move {
            let answer = child.ask(SubmitForced { request }).await;
            answer.unwrap_or_else(|error| Err(CommandError::Failed(error.to_string())))
        }))
    }
}

impl Handle<TriggerBuilds> for Schedulers {
    fn handle(
        &mut self,
        TriggerBuilds { scheduler, order }: TriggerBuilds,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<Triggered, CommandError>> {
        let Some((_, child)) = self.children.get(&scheduler) else {
            let unknown = format!("there is no scheduler named {scheduler:?}");
            return Reply::Now(Err(CommandError::NotFound(unknown)));
        };
        let child = child.ask::<SubmitTriggered>(SUBMIT_DEADLINE);
        Reply::Later(Box::pin(async move {
            let answer = child.ask(SubmitTriggered { order }).await;
            answer.unwrap_or_else(|error| Err(CommandError::Failed(error.to_string())))
        }))
    }
}

impl Handle<Switch> for Schedulers {
    fn handle(
        &mut self,
        Switch { scheduler, enabled }: Switch,
        _: &mut ShellContext<'_, Self>,
    ) -> Reply<Result<bool, DbError>> {
        let db = self.deps.db.clone();
        // The scheduler itself hears of it by the event.
        Reply::later(async move { db.write(SwitchScheduler { scheduler, enabled }).await })
    }
}
