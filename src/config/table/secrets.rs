//! `secrets`: where the values of `util.Secret` come from.

use super::Class;

pub const CLASSES: &[Class] = &[
    Class::not_yet("secrets", "SecretInAFile", ""),
    Class::not_yet("secrets", "SecretInPass", ""),
    Class::not_yet("secrets", "HashiCorpVaultKvSecretProvider", ""),
    Class::not_yet("secrets", "VaultAuthenticatorToken", ""),
    Class::not_yet("secrets", "VaultAuthenticatorApprole", ""),
];
