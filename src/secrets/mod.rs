//! Secrets: where they come from, a type that does not show itself, and a filter that keeps them out of logs.
//!
//! A [`SecretStore`] asks the providers of the configuration. It blocks, so an actor asks it on other threads; what a
//! build was given is masked by the build's [`Redactor`] from then on.

mod config;
mod file;
mod forms;
mod late;
mod late_options;
mod late_text;
mod pass;
mod redactor;
mod secret;
mod store;
mod vault;

pub use config::{
    KvVersion, PassConfig, ProviderConfig, SecretFilesConfig, SecretsConfig, VaultConfig, VaultLogin, VaultNaming,
};
pub use file::check_directory;
pub use late::{Late, Place};
pub use late_options::LateOptions;
pub use late_text::LateText;
pub use redactor::{Redaction, Redactor};
pub use secret::Secret;
pub use store::{SecretError, SecretStore};
