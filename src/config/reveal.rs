//! Secrets outside of builds: texts of the configuration that are known once it is put in force.

use std::cell::RefCell;

use super::{ConfigError, ConfigErrors, Loader, MASTER_CFG, MasterConfig};
use crate::changes::config::ChangeSourceKind;
use crate::secrets::{LateText, Secret, SecretStore};
use crate::steps::Fault;
use crate::steps::render::{render_outside, text_of};

/// Loads a master's file and the secrets it names, so that it can be put in force. Blocks, also on the network.
pub fn load_to_run(loader: &Loader) -> Result<MasterConfig, ConfigErrors> {
    loader.master_cfg()?.reveal()
}

impl MasterConfig {
    /// Asks the providers for what passwords and the like need; all that cannot be had is told. Blocks, also on the
    /// network.
    pub fn reveal(mut self) -> Result<Self, ConfigErrors> {
        let store = SecretStore::new(&self.secrets);
        let mut problems = Vec::new();
        for (what, text) in self.late_texts() {
            let Some(written) = text.missing() else { continue };
            let used = RefCell::new(Vec::new());
            let secret = |name: &str| {
                let secret = store.find(name).map_err(|error| Fault::Config(error.to_string()))?;
                used.borrow_mut().push((name.to_owned(), secret.clone()));
                Ok(secret.expose().to_owned())
            };
            match render_outside(written, &secret) {
                Ok(value) => text.reveal(Secret::new(text_of(value)), used.take()),
                Err(fault) => problems.push(ConfigError::whole_file(MASTER_CFG, format!("{what}: {fault}"))),
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(ConfigErrors::new(problems)) }
    }

    /// Every text that may need secrets, with what it is.
    fn late_texts(&mut self) -> impl Iterator<Item = (String, &mut LateText)> {
        let workers = self.workers.iter_mut();
        let workers = workers.map(|worker| (format!("the password of worker '{}'", worker.name), &mut worker.password));
        let clients = self.clients.iter_mut();
        let clients = clients.map(|client| (format!("the password of client '{}'", client.user), &mut client.password));
        let sources = self.change_sources.iter_mut().map(|source| match &mut source.kind {
            ChangeSourceKind::Git(git) => (format!("the repourl of '{}'", source.name), &mut git.repourl),
            ChangeSourceKind::Pb(pb) => (format!("the password of '{}'", source.name), &mut pb.password),
        });
        workers.chain(clients).chain(sources)
    }
}
