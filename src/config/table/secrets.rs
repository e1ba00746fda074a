//! `secrets`: where the values of `util.Secret` come from.

use super::{Argument, Class, Default, Kind};

/// Classes that can stand in `c['secretsProviders']`.
pub const PROVIDERS: &[&str] =
    &["SecretInAFile", "SecretInPass", "HashiCorpVaultKvSecretProvider", "HashiCorpVaultSecretProvider"];

const AUTHENTICATORS: &[&str] = &["VaultAuthenticatorToken", "VaultAuthenticatorApprole"];

const FILES: &[Argument] = &[
    Argument::required("dirname", Kind::Text, "Directory with one file for each secret, below the master's."),
    Argument::optional("suffixes", Kind::TextList, "Suffixes of the files, which the names of secrets do not have."),
    Argument::flag("strip", true, "Take line ends at the end of a file off the secret."),
];

const PASS: &[Argument] = &[
    Argument::optional(
        "gpgPassphrase",
        Kind::Text,
        "Passphrase of the private key; gpg's agent is asked if not given.",
    ),
    Argument::optional(
        "dirname",
        Kind::Text,
        "The password store, below the master's directory; the user's if not given.",
    ),
];

const API_VERSION: &str = "Version of the key-value engine, 1 or 2.";

const VAULT: &[Argument] = &[
    Argument::required("vault_server", Kind::Text, "URL of the server."),
    Argument::required("authenticator", Kind::Object(AUTHENTICATORS), "How to log in there."),
    Argument::new("secrets_mount", Kind::Text, Default::Text("secret"), "Where the key-value engine is mounted.")
        .nullable(),
    Argument::new("api_version", Kind::Int, Default::Int(2), API_VERSION),
    Argument::new("path_delimiter", Kind::Text, Default::Text("|"), "Stands between path and key in names of secrets."),
    Argument::new("path_escape", Kind::Text, Default::Text("\\"), "Takes the meaning of the character behind it."),
];

const OLD_VAULT: &[Argument] = &[
    Argument::required("vaultServer", Kind::Text, "URL of the server."),
    Argument::required("vaultToken", Kind::Text, "Token to show there."),
    Argument::new("secretsmount", Kind::Text, Default::Text("secret"), "Where the key-value engine is mounted.")
        .nullable(),
    Argument::new("apiVersion", Kind::Int, Default::Int(1), API_VERSION),
];

const TOKEN: &[Argument] = &[Argument::required("token", Kind::Text, "The token.")];

const APPROLE: &[Argument] = &[
    Argument::required("roleId", Kind::Text, "Id of the role."),
    Argument::required("secretId", Kind::Text, "The role's secret id."),
];

pub const CLASSES: &[Class] = &[
    Class::new("secrets", "SecretInAFile", "Secrets in the files of a directory.", &[FILES])
        .positional(&["dirname", "suffixes", "strip"]),
    Class::new("secrets", "SecretInPass", "Secrets in the password store of the program `pass`.", &[PASS])
        .positional(&["gpgPassphrase", "dirname"]),
    Class::new("secrets", "HashiCorpVaultKvSecretProvider", "Secrets in HashiCorp Vault or OpenBao.", &[VAULT])
        .positional(&[
            "vault_server",
            "authenticator",
            "secrets_mount",
            "api_version",
            "path_delimiter",
            "path_escape",
        ]),
    Class::new(
        "secrets",
        "HashiCorpVaultSecretProvider",
        "The provider before that: names are `path/key`, or a path whose key is `value`.",
        &[OLD_VAULT],
    ),
    Class::new("secrets", "VaultAuthenticatorToken", "Shows a token that was made before.", &[TOKEN])
        .positional(&["token"]),
    Class::new("secrets", "VaultAuthenticatorApprole", "Logs in by AppRole.", &[APPROLE])
        .positional(&["roleId", "secretId"]),
];
