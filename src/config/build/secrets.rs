//! `c['secretsProviders']`.

use std::sync::Arc;

use super::context::Context;
use super::fields::Fields;
use super::settings::Settings;
use crate::config::script::{Object, Raw};
use crate::config::table;
use crate::secrets::{
    KvVersion, PassConfig, ProviderConfig, Secret, SecretFilesConfig, SecretsConfig, VaultConfig, VaultLogin,
    VaultNaming, check_directory,
};

/// Where secrets come from.
pub fn secrets(settings: &Settings<'_>) -> SecretsConfig {
    SecretsConfig { providers: super::items(settings.objects("secretsProviders", table::PROVIDERS, provider)) }
}

fn provider(context: &Context<'_>, object: &Arc<Object>) -> ProviderConfig {
    let fields = Fields::new(context, object);
    match object.class.name {
        "SecretInAFile" => ProviderConfig::Files(files(&fields)),
        "SecretInPass" => ProviderConfig::Pass(pass(&fields)),
        "HashiCorpVaultSecretProvider" => ProviderConfig::Vault(old_vault(&fields)),
        _ => ProviderConfig::Vault(vault(&fields)),
    }
}

fn files(fields: &Fields<'_>) -> SecretFilesConfig {
    let suffixes = match fields.optional("suffixes") {
        Some(suffixes) => suffixes.items().iter().filter_map(Raw::text).collect(),
        None => vec![String::new()],
    };
    let directory = fields.context.base_dir().join(fields.text("dirname"));
    let config = SecretFilesConfig { directory, suffixes, strip: fields.flag("strip") };
    if fields.was_given("dirname") {
        for problem in check_directory(&config) {
            fields.problem("dirname", &format!("cannot be used: {problem}"));
        }
    }
    config
}

fn pass(fields: &Fields<'_>) -> PassConfig {
    let directory = fields.optional_text("dirname").map(|name| fields.context.base_dir().join(name));
    if let Some(missing) = directory.as_ref().filter(|directory| !directory.is_dir()) {
        fields.problem("dirname", &format!("cannot be used: {} is not a directory", missing.display()));
    }
    PassConfig { passphrase: fields.optional_text("gpgPassphrase").map(Secret::new), directory }
}

fn vault(fields: &Fields<'_>) -> VaultConfig {
    let (delimiter, escape) = (letter(fields, "path_delimiter"), letter(fields, "path_escape"));
    if delimiter == escape {
        fields.problem("path_escape", "must be another character than path_delimiter");
    }
    VaultConfig {
        class: "HashiCorpVaultKvSecretProvider",
        server: server(fields, "vault_server"),
        mount: mount(fields, "secrets_mount"),
        version: version(fields, "api_version"),
        login: login(fields),
        naming: VaultNaming::Delimited { delimiter, escape },
    }
}

fn old_vault(fields: &Fields<'_>) -> VaultConfig {
    VaultConfig {
        class: "HashiCorpVaultSecretProvider",
        server: server(fields, "vaultServer"),
        mount: mount(fields, "secretsmount"),
        version: version(fields, "apiVersion"),
        login: VaultLogin::Token(Secret::new(fields.text("vaultToken"))),
        naming: VaultNaming::LastSlash,
    }
}

fn login(fields: &Fields<'_>) -> VaultLogin {
    let value = fields.value("authenticator");
    let Some(object) = value.object() else { return VaultLogin::Token(Secret::default()) };
    let fields = Fields::new(fields.context, object);
    let secret = |name: &str| Secret::new(fields.text(name));
    match object.class.name {
        "VaultAuthenticatorApprole" => VaultLogin::AppRole { role_id: secret("roleId"), secret_id: secret("secretId") },
        _ => VaultLogin::Token(secret("token")),
    }
}

fn server(fields: &Fields<'_>, name: &str) -> String {
    let server = fields.text(name);
    if fields.was_given(name) && !server.starts_with("http://") && !server.starts_with("https://") {
        fields.problem(name, "must be a URL that begins with https:// or http://");
    }
    server.trim_end_matches('/').to_owned()
}

fn mount(fields: &Fields<'_>, name: &str) -> String {
    let mount = fields.optional_text(name).unwrap_or_else(|| "secret".to_owned());
    mount.trim_matches('/').to_owned()
}

fn version(fields: &Fields<'_>, name: &str) -> KvVersion {
    match fields.int(name) {
        Some(1) => KvVersion::V1,
        Some(2) => KvVersion::V2,
        _ => {
            fields.problem(name, "must be 1 or 2");
            KvVersion::V2
        }
    }
}

fn letter(fields: &Fields<'_>, name: &str) -> char {
    let text = fields.text(name);
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => {
            fields.problem(name, "must be one character");
            if name == "path_escape" { '\\' } else { '|' }
        }
    }
}
