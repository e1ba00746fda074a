//! Change sources: one child per configured source.
//!
//! - Hears: [`ReconsiderConfiguration`].
//! - Tells: nothing.
//! - Writes: nothing.
//! - Restart: permanent. Rebuilds its children from the configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::change_intake::AcceptChanges;
use super::change_source::{ChangeSource, ChangeSourceDeps};
use super::owned::Owned;
use super::scripts::CallFunction;
use super::supervisor::{Ask, Child, ChildSpec, Handle, Reply, ShellContext, Supervisor};
use crate::changes::config::{ChangeSourceConfig, ChangeSourceKind};
use crate::clock::Clock;
use crate::db::Db;

#[derive(Clone)]
pub struct ChangeSourcesDeps {
    pub db: Db,
    pub clock: Clock,
    pub config: AppliedConfig,
    pub supervisor: Supervisor,
    pub intake: Ask<AcceptChanges>,
    pub scripts: Ask<CallFunction>,
    pub base_dir: PathBuf,
}

pub struct ChangeSources {
    deps: ChangeSourcesDeps,
    children: BTreeMap<String, (ChangeSourceConfig, Owned<ChangeSource>)>,
}

impl ChangeSources {
    pub fn new(deps: ChangeSourcesDeps) -> Self {
        Self { deps, children: BTreeMap::new() }
    }

    /// Makes the children those of the configuration; a source whose settings changed is made anew.
    fn apply_configuration(&mut self) {
        let applied = Arc::clone(&self.deps.config.borrow());
        self.children.retain(|_, (config, _)| applied.config.change_sources.contains(config));
        for config in &applied.config.change_sources {
            let Some(id) = applied.ids.change_sources.get(&config.name).copied() else { continue };
            // Clients come to the others by themselves.
            let ChangeSourceKind::Git(git) = &config.kind else { continue };
            if self.children.contains_key(&config.name) {
                continue;
            }
            let deps = ChangeSourceDeps {
                db: self.deps.db.clone(),
                clock: self.deps.clock.clone(),
                intake: self.deps.intake.clone(),
                scripts: self.deps.scripts.clone(),
                base_dir: self.deps.base_dir.clone(),
            };
            let spec = ChildSpec::permanent("change_source", config.name.clone());
            let (name, git) = (config.name.clone(), git.clone());
            let codebase = git.codebase.as_ref().and_then(|names| applied.ids.codebases.get(names)).copied();
            let child = self
                .deps
                .supervisor
                .prepare(spec)
                .start(move || ChangeSource::new((id, name.clone()), git.clone(), codebase, deps.clone()));
            self.children.insert(config.name.clone(), (config.clone(), Owned(child)));
        }
    }
}

impl Child for ChangeSources {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for ChangeSources {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}
