//! What the configuration says of providers of secrets.

use std::path::PathBuf;

use super::Secret;

/// `c['secretsProviders']`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SecretsConfig {
    /// In the order in which they are asked.
    pub providers: Vec<ProviderConfig>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProviderConfig {
    Files(SecretFilesConfig),
    Pass(PassConfig),
    Vault(VaultConfig),
}

/// `secrets.SecretInAFile`.
#[derive(Clone, Debug, PartialEq)]
pub struct SecretFilesConfig {
    /// Absolute.
    pub directory: PathBuf,
    /// What is put behind the name of a secret to get that of its file; the first file that is there counts.
    pub suffixes: Vec<String>,
    /// Whether line ends at the end of a file belong to the file and not to the secret.
    pub strip: bool,
}

/// `secrets.SecretInPass`.
#[derive(Clone, Debug, PartialEq)]
pub struct PassConfig {
    /// Opens the private key; `None` leaves that to the agent of gpg.
    pub passphrase: Option<Secret>,
    /// The password store, absolute; `None` is that of the user.
    pub directory: Option<PathBuf>,
}

/// `secrets.HashiCorpVaultKvSecretProvider`, and `HashiCorpVaultSecretProvider` before it.
#[derive(Clone, Debug, PartialEq)]
pub struct VaultConfig {
    /// The class, for messages.
    pub class: &'static str,
    /// URL without a slash at its end.
    pub server: String,
    /// Where the secrets engine is mounted, without slashes around.
    pub mount: String,
    pub version: KvVersion,
    pub login: VaultLogin,
    pub naming: VaultNaming,
}

/// Version of the key-value engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KvVersion {
    V1,
    V2,
}

#[derive(Clone, Debug, PartialEq)]
pub enum VaultLogin {
    Token(Secret),
    AppRole { role_id: Secret, secret_id: Secret },
}

/// How the name of a secret is read as a path and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultNaming {
    /// `path|key`, with a character that takes the meaning of the next one.
    Delimited { delimiter: char, escape: char },
    /// `path/key`, where a name without a slash has the key `value`.
    LastSlash,
}

impl ProviderConfig {
    /// The class's name, for messages.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Files(_) => "SecretInAFile",
            Self::Pass(_) => "SecretInPass",
            Self::Vault(vault) => vault.class,
        }
    }
}
