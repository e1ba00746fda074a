//! Cancellers: one child per configured canceller.
//!
//! - Hears: [`ReconsiderConfiguration`], [`EventsCommitted`].
//! - Tells: [`EventsCommitted`] to its children.
//! - Writes: nothing.
//! - Restart: permanent. Rebuilds its children from the configuration.

use std::sync::Arc;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::cancel::Cancel;
use super::event_bus::EventsCommitted;
use super::failing_buildset_canceller::FailingBuildsetCanceller;
use super::old_build_canceller::OldBuildCanceller;
use super::owned::Owned;
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor};
use crate::db::Db;
use crate::schedulers::config::{CancellerConfig, CancellerKind};

#[derive(Clone)]
pub struct CancellersDeps {
    pub supervisor: Supervisor,
    pub canceller: CancellerDeps,
}

/// What every canceller needs.
#[derive(Clone)]
pub struct CancellerDeps {
    pub db: Db,
    pub config: AppliedConfig,
    pub scripts: Ask<CallFunction>,
    pub cancel: Cancel,
}

pub struct Cancellers {
    deps: CancellersDeps,
    children: Vec<(CancellerConfig, Canceller)>,
}

enum Canceller {
    OldBuilds(Owned<OldBuildCanceller>),
    FailingBuildsets(Owned<FailingBuildsetCanceller>),
}

impl Cancellers {
    pub fn new(deps: CancellersDeps) -> Self {
        Self { deps, children: Vec::new() }
    }

    /// Makes the children those of the configuration; one whose settings changed is made anew.
    fn apply_configuration(&mut self) {
        let applied = Arc::clone(&self.deps.canceller.config.borrow());
        let wanted = &applied.config.cancellers;
        self.children.retain(|(config, _)| wanted.contains(config));
        for config in wanted {
            if !self.children.iter().any(|(known, _)| known == config) {
                self.children.push((config.clone(), self.start(config)));
            }
        }
    }

    fn start(&self, config: &CancellerConfig) -> Canceller {
        let spec = ChildSpec::permanent("canceller", config.name.clone());
        let deps = self.deps.canceller.clone();
        match config.kind.clone() {
            CancellerKind::OldBuilds { filters, branch_key } => {
                let make = move || OldBuildCanceller::new(&filters, branch_key.clone(), deps.clone());
                Canceller::OldBuilds(Owned(self.deps.supervisor.prepare(spec).start(make)))
            }
            CancellerKind::FailingBuildsets { filters } => {
                let make = move || FailingBuildsetCanceller::new(&filters, deps.clone());
                Canceller::FailingBuildsets(Owned(self.deps.supervisor.prepare(spec).start(make)))
            }
        }
    }
}

impl Child for Cancellers {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Cancellers {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<EventsCommitted> for Cancellers {
    fn handle(&mut self, message: EventsCommitted, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        for (_, child) in &self.children {
            match child {
                Canceller::OldBuilds(child) => child.tell().tell(message.clone()),
                Canceller::FailingBuildsets(child) => child.tell().tell(message.clone()),
            }
        }
        Reply::Now(())
    }
}
