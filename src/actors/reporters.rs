//! Reporters: the harbour of all that tells people of builds; whatever happens in it, builds go on.
//!
//! - Hears: [`ReconsiderConfiguration`].
//! - Tells: nobody.
//! - Writes: nothing.
//! - Restart: permanent. Reads the configuration in force, as on every reload.
//!
//! No kind of reporter is built yet, so the harbour has no children. It says in the log which configured ones do
//! nothing, so that nobody waits for their mail in vain.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::warn;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::supervisor::{Child, Handle, Reply, ShellContext};

#[derive(Clone)]
pub struct ReportersDeps {
    pub config: AppliedConfig,
}

pub struct Reporters {
    deps: ReportersDeps,
    /// What has been complained about, so that a reload repeats nothing.
    missing: BTreeSet<String>,
}

impl Reporters {
    pub fn new(deps: ReportersDeps) -> Self {
        Self { deps, missing: BTreeSet::new() }
    }

    fn apply_configuration(&mut self) {
        let applied = Arc::clone(&self.deps.config.borrow());
        let missing: BTreeSet<String> = applied.config.inactive.iter().cloned().collect();
        for name in missing.difference(&self.missing) {
            warn!(component = name, "it is configured, and this version cannot run it: it does nothing");
        }
        self.missing = missing;
    }
}

impl Child for Reporters {
    fn started(&mut self, _: &mut ShellContext<'_, Self>) {
        self.apply_configuration();
    }
}

impl Handle<ReconsiderConfiguration> for Reporters {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}
