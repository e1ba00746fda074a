//! Secrets outside of builds: texts of the configuration that are known once it is put in force.

use std::cell::RefCell;

use super::{ConfigError, ConfigErrors, Loader, MASTER_CFG, MasterConfig};
use crate::changes::config::ChangeSourceKind;
use crate::reporters::config::TransportConfig;
use crate::reporters::push::{PushConfig, PushEnd};
use crate::secrets::{Late, LateText, Place, SecretStore};
use crate::steps::Fault;
use crate::steps::render::render_outside;

/// Loads a master's file and the secrets it names, so that it can be put in force. Blocks, also on the network.
pub fn load_to_run(loader: &Loader) -> Result<MasterConfig, ConfigErrors> {
    loader.master_cfg()?.reveal()
}

impl MasterConfig {
    /// Asks the providers for what passwords and the like need; all that cannot be had is told, and all that is known
    /// and not built yet. Blocks, also on the network.
    pub fn reveal(mut self) -> Result<Self, ConfigErrors> {
        if !self.not_available.is_empty() {
            return Err(ConfigErrors::new(self.not_available));
        }
        let store = SecretStore::new(&self.secrets);
        let mut problems = Vec::new();
        for (what, text) in self.late() {
            let Some(written) = text.missing() else { continue };
            let used = RefCell::new(Vec::new());
            let secret = |name: &str| {
                let secret = store.find(name).map_err(|error| Fault::Config(error.to_string()))?;
                used.borrow_mut().push((name.to_owned(), secret.clone()));
                Ok(secret.expose().to_owned())
            };
            match render_outside(written, &secret) {
                Ok(value) => text.reveal(value, used.take()),
                Err(fault) => problems.push(problem(text.place(), format!("{what}: {fault}"))),
            }
        }
        if problems.is_empty() { Ok(self) } else { Err(ConfigErrors::new(problems)) }
    }

    /// Everything that may need secrets, with what it is.
    fn late(&mut self) -> impl Iterator<Item = (String, &mut dyn Late)> {
        let workers = self.workers.iter_mut();
        let workers = workers.map(|worker| (format!("the password of worker '{}'", worker.name), &mut worker.password));
        let clients = self.clients.iter_mut();
        let clients = clients.map(|client| (format!("the password of client '{}'", client.user), &mut client.password));
        let sources = self.change_sources.iter_mut().map(|source| match &mut source.kind {
            ChangeSourceKind::Git(git) => (format!("the repourl of '{}'", source.name), &mut git.repourl),
            ChangeSourceKind::Pb(pb) => (format!("the password of '{}'", source.name), &mut pb.password),
        });
        let reporters = self.reporters.iter_mut().flat_map(|reporter| {
            let what = format!("'{}'", reporter.name);
            texts_of(&mut reporter.transport).into_iter().map(move |(part, text)| (format!("{part} of {what}"), text))
        });
        let chats = self.chats.iter_mut().flat_map(|chat| {
            let what = format!("the password of '{}'", chat.name);
            chat.password.iter_mut().map(move |password| (what.clone(), password))
        });
        let url = ("c['db']['db_url']".to_owned(), &mut self.db_url);
        let texts = workers.chain(clients).chain(sources).chain(reporters).chain(chats).chain([url]);
        let hooks = self.www.iter_mut().flat_map(|www| &mut www.change_hook_dialects);
        let hooks = hooks
            .map(|(name, options)| (format!("c['www']['change_hook_dialects']['{name}']"), options as &mut dyn Late));
        texts.map(|(what, text)| (what, text as &mut dyn Late)).chain(hooks)
    }
}

fn texts_of(transport: &mut TransportConfig) -> Vec<(&'static str, &mut LateText)> {
    match transport {
        TransportConfig::Mail(mail) => {
            let login = mail.relay.login.iter_mut();
            login.flat_map(|(user, password)| [("the smtpUser", user), ("the smtpPassword", password)]).collect()
        }
        TransportConfig::Http(http) | TransportConfig::Push(PushConfig { end: PushEnd::Form { http, .. }, .. }) => {
            let auth =
                http.auth.iter_mut().flat_map(|(user, password)| [("the user", user), ("the password", password)]);
            let headers = http.headers.iter_mut().map(|(_, value)| ("a header", value));
            let key = http.signing_key.iter_mut().map(|key| ("the secret", key));
            auth.chain(headers).chain(key).chain([("the serverUrl", &mut http.url)]).collect()
        }
        TransportConfig::Push(PushConfig { end: PushEnd::Function(_), .. }) => Vec::new(),
    }
}

fn problem(place: &Place, message: String) -> ConfigError {
    if place.line == 0 {
        return ConfigError::whole_file(MASTER_CFG, message);
    }
    let Place { file, line, column } = place.clone();
    ConfigError { file, line, column, message, excerpt: None }
}
