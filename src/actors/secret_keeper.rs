//! Secret keeper: asks the providers of secrets, away from the core thread.
//!
//! - Hears: [`FetchSecret`] from builds, [`ReconsiderConfiguration`] from the reconfigurator.
//! - Tells: nothing.
//! - Writes: nothing; a secret is never stored.
//! - Restart: permanent. Holds no secrets, only what the providers keep to log in.

use std::sync::Arc;
use std::time::Duration;

use actix::Message;
use tokio::sync::Semaphore;
use tracing::warn;

use super::applied::{AppliedConfig, ReconsiderConfiguration};
use super::supervisor::{Child, Handle, Reply, ShellContext};
use crate::secrets::{Redactor, Secret, SecretError, SecretStore, SecretsConfig};

/// Questions to providers that may be under way at the same time.
const MAX_QUESTIONS: usize = 4;

/// Longest time for one secret, with the wait for others; providers have shorter times of their own.
const PATIENCE: Duration = Duration::from_secs(45);

/// Asks for a secret, and has it masked from now on by `redactor`.
#[derive(Message)]
#[rtype(result = "Result<Secret, SecretError>")]
pub struct FetchSecret {
    pub name: String,
    pub redactor: Redactor,
}

pub struct SecretKeeper {
    config: AppliedConfig,
    /// The providers, and the configuration they were made of.
    store: Arc<SecretStore>,
    made_of: SecretsConfig,
    permits: Arc<Semaphore>,
}

impl SecretKeeper {
    pub fn new(config: AppliedConfig) -> Self {
        let made_of = config.borrow().config.secrets.clone();
        let store = Arc::new(SecretStore::new(&made_of));
        Self { config, store, made_of, permits: Arc::new(Semaphore::new(MAX_QUESTIONS)) }
    }

    /// Providers that did not change stay, and with them what they know of their servers.
    fn apply_configuration(&mut self) {
        let wanted = self.config.borrow().config.secrets.clone();
        if wanted != self.made_of {
            self.store = Arc::new(SecretStore::new(&wanted));
            self.made_of = wanted;
        }
    }
}

impl Child for SecretKeeper {}

impl Handle<ReconsiderConfiguration> for SecretKeeper {
    fn handle(&mut self, _: ReconsiderConfiguration, _: &mut ShellContext<'_, Self>) -> Reply<()> {
        self.apply_configuration();
        Reply::Now(())
    }
}

impl Handle<FetchSecret> for SecretKeeper {
    fn handle(&mut self, message: FetchSecret, _: &mut ShellContext<'_, Self>) -> Reply<Result<Secret, SecretError>> {
        let (store, permits) = (Arc::clone(&self.store), Arc::clone(&self.permits));
        Reply::Later(Box::pin(async move {
            let name = message.name.clone();
            let found = match tokio::time::timeout(PATIENCE, fetch(store, permits, message)).await {
                Ok(found) => found,
                Err(_) => Err(SecretError::Late { name, problem: format!("waited {} s", PATIENCE.as_secs()) }),
            };
            if let Err(error) = &found {
                warn!(error = error as &dyn std::error::Error, "a build did not get a secret");
            }
            found
        }))
    }
}

async fn fetch(store: Arc<SecretStore>, permits: Arc<Semaphore>, message: FetchSecret) -> Result<Secret, SecretError> {
    let FetchSecret { name, redactor } = message;
    let died = |problem: String| SecretError::Late { name: name.clone(), problem };
    let permit = permits.acquire_owned().await.map_err(|error| died(error.to_string()))?;
    let wanted = name.clone();
    // Masking is prepared there, too: for a secret of kilobytes that is work.
    let asking = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        let secret = store.find(&wanted)?;
        redactor.learn(&wanted, &secret);
        Ok(secret)
    });
    asking.await.map_err(|_| died("the provider died".to_owned()))?
}
