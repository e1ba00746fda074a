//! Builders: one child per configured builder; knows which builder builds on which worker.
//!
//! - Hears: [`ReconsiderConfiguration`], [`StartBuilds`] from the distributor, [`SlotTaken`] and [`SlotFreed`] from its
//!   children, [`AssertLocks`] from the lock keeper, [`StopBuild`], [`DescribeBuilders`].
//! - Tells: its children; [`ReconsiderRequests`] to the distributor.
//! - Writes: nothing.
//! - Restart: permanent. Its children end with it, and their builds with them: each new builder requeues what it finds.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use actix::Message;

use super::applied::ReconsiderConfiguration;
use super::build::RepeatLocks;
use super::builder::{BeginBuild, Builder, BuilderDeps, InterruptBuild};
use super::distributor::ReconsiderRequests;
use super::owned::Owned;
use super::supervisor::{AskError, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor, Tell};
use crate::config::{Collapse, MasterConfig};
use crate::dispatch::{BuilderState, CollapseRule, Start};
use crate::domain::{BuildId, BuildRequestId, BuilderId, Callback, Results, WorkerId};
use crate::locks::LockWish;

/// Starts these builds; what cannot start any more is left to the next plan.
#[derive(Message)]
#[rtype(result = "()")]
pub struct StartBuilds {
    pub starts: Vec<Start>,
}

/// A builder's build on a worker has its row.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SlotTaken {
    pub builder: BuilderId,
    pub worker: WorkerId,
    pub build: BuildId,
}

/// A builder has no build on this worker any more.
#[derive(Message)]
#[rtype(result = "()")]
pub struct SlotFreed {
    pub builder: BuilderId,
    pub worker: WorkerId,
}

/// Stops a running build; answers whether it runs here.
#[derive(Message)]
#[rtype(result = "bool")]
pub struct StopBuild {
    pub build: BuildId,
    pub reason: String,
    pub results: Results,
}

/// Has every build that lives tell the lock keeper what it holds and wants; answers which builds those are.
#[derive(Message)]
#[rtype(result = "Vec<BuildId>")]
pub struct AssertLocks;

/// Asks which builders may build, and where they do.
#[derive(Message)]
#[rtype(result = "BuildersSnapshot")]
pub struct DescribeBuilders;

/// A builder's build on a worker, from the moment that it is decided.
#[derive(Clone, Debug)]
pub struct RunningSlot {
    pub builder: BuilderId,
    pub worker: WorkerId,
    pub lead: BuildRequestId,
    /// Known once the build has its row.
    pub build: Option<BuildId>,
    /// What the build takes before its first step.
    pub locks: Vec<LockWish>,
}

/// What the distributor looks at.
#[derive(Clone)]
pub struct BuildersSnapshot {
    pub builders: Vec<BuilderState>,
    pub running: Vec<RunningSlot>,
    /// Requests that have a build, or are about to.
    pub taken: HashSet<BuildRequestId>,
    pub prioritize_builders: Option<Callback>,
}

impl BuildersSnapshot {
    pub fn running_on(&self, worker: WorkerId) -> Vec<BuilderId> {
        self.running.iter().filter(|slot| slot.worker == worker).map(|slot| slot.builder).collect()
    }
}

#[derive(Clone)]
pub struct BuildersDeps {
    pub supervisor: Supervisor,
    pub distributor: Tell<ReconsiderRequests>,
    pub builder: BuilderDeps,
}

/// A worker that a builder uses, from the moment a start is passed on.
struct Slot {
    /// What it is for; nobody else may start these meanwhile.
    requests: Vec<BuildRequestId>,
    locks: Vec<LockWish>,
    /// Known once the build has its row.
    build: Option<BuildId>,
    /// Tells this use of the slot from others.
    number: u64,
}

impl Slot {
    fn describe(&self, (builder, worker): (BuilderId, WorkerId)) -> Option<RunningSlot> {
        let lead = *self.requests.first()?;
        Some(RunningSlot { builder, worker, lead, build: self.build, locks: self.locks.clone() })
    }
}

pub struct Builders {
    deps: BuildersDeps,
    children: BTreeMap<BuilderId, Owned<Builder>>,
    slots: BTreeMap<(BuilderId, WorkerId), Slot>,
    /// How many slots were used so far.
    n_slots: u64,
    /// What plans are made from; made anew with each configuration.
    states: Vec<BuilderState>,
    prioritize_builders: Option<Callback>,
}

/// A build that has not begun after this long may still begin.
const BEGIN_DEADLINE: Duration = Duration::from_secs(3600);
/// A builder that died is built anew meanwhile.
const FREE_AFTER_DEATH: Duration = Duration::from_secs(1);
/// A builder that is switched off is not asked all the time.
const FREE_AFTER_REFUSAL: Duration = Duration::from_secs(30);

impl Builders {
    pub fn new(deps: BuildersDeps) -> Self {
        Self {
            deps,
            children: BTreeMap::new(),
            slots: BTreeMap::new(),
            n_slots: 0,
            states: Vec::new(),
            prioritize_builders: None,
        }
    }

    fn apply_configuration(&mut self) {
        let applied = Arc::clone(&self.deps.builder.config.borrow());
        self.prioritize_builders = applied.config.prioritize_builders.clone();
        self.states = applied
            .config
            .builders
            .iter()
            .filter_map(|builder| {
                Some(BuilderState {
                    id: *applied.ids.builders.get(&builder.name)?,
                    name: builder.name.clone(),
                    workers: applied.worker_ids(&builder.worker_names),
                    collapse: collapse_rule(builder.collapse_requests.as_ref(), &applied.config),
                    next_build: builder.next_build.clone(),
                    next_worker: builder.next_worker.clone(),
                    can_start_build: builder.can_start_build.clone(),
                    locks: builder.locks.clone(),
                })
            })
            .collect();
        for (id, name) in self.states.iter().map(|state| (state.id, state.name.clone())).collect::<Vec<_>>() {
            if !self.children.contains_key(&id) {
                self.add(id, name);
            }
        }
        self.drop_retired();
        self.deps.distributor.tell(ReconsiderRequests);
    }

    fn add(&mut self, id: BuilderId, name: String) {
        let deps = self.deps.builder.clone();
        let spec = ChildSpec::permanent("builder", name.clone());
        let child = self.deps.supervisor.prepare(spec).start(move || Builder::new(id, name.clone(), deps.clone()));
        self.children.insert(id, Owned(child));
    }

    /// The builder died over the start: unless the build has its row, its requests wait again.
    fn free_if_nothing_began(&mut self, place: (BuilderId, WorkerId), number: u64) {
        let is_it = |slot: &Slot| slot.number == number && slot.build.is_none();
        if self.slots.get(&place).is_some_and(is_it) {
            self.slots.remove(&place);
            self.drop_retired();
            self.deps.distributor.tell(ReconsiderRequests);
        }
    }

    /// A builder that left the configuration finishes its builds first.
    fn drop_retired(&mut self) {
        let Self { children, slots, states, .. } = self;
        children.retain(|id, _| {
            states.iter().any(|state| state.id == *id) || slots.keys().any(|(builder, _)| builder == id)
        });
    }
}

fn collapse_rule(own: Option<&Collapse>, config: &MasterConfig) -> CollapseRule {
    match own.unwrap_or(&config.collapse_requests) {
        Collapse::Compatible => CollapseRule::Compatible,
        Collapse::Never => CollapseRule::Never,
        Collapse::Function(function) => CollapseRule::Function(function.clone()),
    }
}

impl Child for Builders {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Builders {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<StartBuilds> for Builders {
    fn handle(&mut self, message: StartBuilds, ctx: &mut ShellContext<'_, Self>) -> Reply<()> {
        for start in message.starts {
            let slot = (start.builder, start.worker);
            let Some(child) = self.children.get(&start.builder) else { continue };
            if self.slots.contains_key(&slot) {
                continue;
            }
            let Start { requests, worker, locks, priority, .. } = start;
            self.n_slots += 1;
            let number = self.n_slots;
            self.slots.insert(slot, Slot { requests: requests.clone(), locks: locks.clone(), build: None, number });
            let begun = child.ask(BEGIN_DEADLINE).ask(BeginBuild { requests, worker, locks, priority });
            ctx.spawn(begun, move |_, answer, ctx| {
                let pause = match answer {
                    // After so long it may still begin.
                    Ok(()) | Err(AskError::Deadline) => return,
                    Err(AskError::Closed) => FREE_AFTER_DEATH,
                    Err(AskError::Quarantined(_)) => FREE_AFTER_REFUSAL,
                };
                ctx.later(pause, move |this, _| this.free_if_nothing_began(slot, number));
            });
        }
        Reply::Now(())
    }
}

impl Handle<SlotTaken> for Builders {
    fn handle(&mut self, message: SlotTaken, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        if let Some(slot) = self.slots.get_mut(&(message.builder, message.worker)) {
            slot.build = Some(message.build);
        }
        Reply::Now(())
    }
}

impl Handle<SlotFreed> for Builders {
    fn handle(&mut self, message: SlotFreed, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.slots.remove(&(message.builder, message.worker));
        self.drop_retired();
        self.deps.distributor.tell(ReconsiderRequests);
        Reply::Now(())
    }
}

impl Handle<StopBuild> for Builders {
    fn handle(&mut self, message: StopBuild, _: &mut ShellContext<'_, Self>) -> Reply<bool> {
        let builder =
            self.slots.iter().find(|(_, slot)| slot.build == Some(message.build)).map(|((builder, _), _)| *builder);
        let Some(child) = builder.and_then(|builder| self.children.get(&builder)) else { return Reply::Now(false) };
        let StopBuild { build, reason, results } = message;
        child.tell().tell(InterruptBuild { build, reason, results });
        Reply::Now(true)
    }
}

impl Handle<DescribeBuilders> for Builders {
    fn handle(&mut self, _: DescribeBuilders, _: &mut ShellContext<'_, Self>) -> Reply<BuildersSnapshot> {
        Reply::Now(BuildersSnapshot {
            builders: self.states.clone(),
            running: self.slots.iter().filter_map(|(place, slot)| slot.describe(*place)).collect(),
            taken: self.slots.values().flat_map(|slot| slot.requests.iter().copied()).collect(),
            prioritize_builders: self.prioritize_builders.clone(),
        })
    }
}

impl Handle<AssertLocks> for Builders {
    fn handle(&mut self, _: AssertLocks, _: &mut ShellContext<'_, Self>) -> Reply<Vec<BuildId>> {
        for child in self.children.values() {
            child.tell().tell(RepeatLocks);
        }
        Reply::Now(self.slots.values().filter_map(|slot| slot.build).collect())
    }
}
