//! The providers of a configuration, asked one after the other.

use std::fmt;

use super::file::SecretFiles;
use super::pass::PasswordStore;
use super::vault::Vault;
use super::{ProviderConfig, Secret, SecretsConfig};

/// Longest secret, in bytes: a file with keys is smaller.
pub(super) const MAX_BYTES: usize = 64 << 10;

/// The reason there is no secret. Never holds a secret or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    #[error("the secret '{0}' is wanted, but c['secretsProviders'] names no provider")]
    NoProvider(String),
    #[error("no provider has a secret '{name}' (asked: {})", asked.join(", "))]
    Unknown { name: String, asked: Vec<&'static str> },
    #[error("{provider} cannot give the secret '{name}': {problem}")]
    Provider { provider: &'static str, name: String, problem: String },
    #[error("the secret '{name}' did not come in time: {problem}")]
    Late { name: String, problem: String },
}

/// Where secrets of one kind come from.
pub(super) trait Provider: Send + Sync {
    /// Looks a secret up; nothing if it has none of this name. Blocks, for a bounded time. The problem never quotes a
    /// secret.
    fn find(&self, name: &str) -> Result<Option<Secret>, String>;
}

/// All providers. Asking blocks: never do it on the core thread.
pub struct SecretStore {
    providers: Vec<(&'static str, Box<dyn Provider>)>,
}

impl SecretStore {
    pub fn new(config: &SecretsConfig) -> Self {
        let provider = |config: &ProviderConfig| -> (&'static str, Box<dyn Provider>) {
            let provider: Box<dyn Provider> = match config {
                ProviderConfig::Files(files) => Box::new(SecretFiles::new(files.clone())),
                ProviderConfig::Pass(pass) => Box::new(PasswordStore::new(pass.clone())),
                ProviderConfig::Vault(vault) => Box::new(Vault::new(vault.clone())),
            };
            (config.class(), provider)
        };
        Self { providers: config.providers.iter().map(provider).collect() }
    }

    /// The secret of this name from the first provider that has one. A provider that fails ends the search: what a
    /// later one has may be something else.
    pub fn find(&self, name: &str) -> Result<Secret, SecretError> {
        for (class, provider) in &self.providers {
            let failed = |problem| SecretError::Provider { provider: class, name: name.to_owned(), problem };
            if let Some(secret) = provider.find(name).map_err(failed)? {
                return Ok(secret);
            }
        }
        let asked: Vec<&'static str> = self.providers.iter().map(|(class, _)| *class).collect();
        Err(match asked.is_empty() {
            true => SecretError::NoProvider(name.to_owned()),
            false => SecretError::Unknown { name: name.to_owned(), asked },
        })
    }
}

impl fmt::Debug for SecretStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.providers.iter().map(|(class, _)| class)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Result<Option<&'static str>, &'static str>);

    impl Provider for Fixed {
        fn find(&self, _: &str) -> Result<Option<Secret>, String> {
            self.0.map(|found| found.map(Secret::new)).map_err(str::to_owned)
        }
    }

    fn store(answers: &[Result<Option<&'static str>, &'static str>]) -> SecretStore {
        let providers = answers.iter().zip(["First", "Second"]);
        SecretStore {
            providers: providers.map(|(answer, class)| (class, Box::new(Fixed(*answer)) as Box<_>)).collect(),
        }
    }

    #[test]
    fn the_first_provider_that_has_the_secret_gives_it() {
        assert_eq!(store(&[Ok(None), Ok(Some("b"))]).find("x"), Ok(Secret::new("b")));
        assert_eq!(store(&[Ok(Some("a")), Ok(Some("b"))]).find("x"), Ok(Secret::new("a")));
    }

    #[test]
    fn a_provider_that_fails_is_named_and_ends_the_search() {
        let error = store(&[Err("is away"), Ok(Some("b"))]).find("x").unwrap_err();
        assert_eq!(error.to_string(), "First cannot give the secret 'x': is away");
    }

    #[test]
    fn a_secret_that_nobody_has_is_named() {
        let error = store(&[Ok(None), Ok(None)]).find("x").unwrap_err();
        assert_eq!(error.to_string(), "no provider has a secret 'x' (asked: First, Second)");
        let error = store(&[]).find("x").unwrap_err();
        assert_eq!(error.to_string(), "the secret 'x' is wanted, but c['secretsProviders'] names no provider");
    }
}
