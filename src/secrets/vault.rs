//! `HashiCorpVaultKvSecretProvider`: secrets are values in the key-value engine of HashiCorp Vault or OpenBao.
//!
//! A name holds a path and a key. A token is fetched by AppRole when it is needed and kept until the server no longer
//! takes it. A redirect is not followed: it would take the token to another server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::crypto::ring;
use ureq::Agent;
use ureq::http::{Response, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use super::redactor::Redactor;
use super::store::{MAX_BYTES, Provider};
use super::{KvVersion, Secret, VaultConfig, VaultLogin, VaultNaming};
use crate::json::{self, Value, json};

/// Longest time for one question to the server.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer that is read: an entry may hold several secrets.
const MAX_ANSWER: u64 = 16 * MAX_BYTES as u64;
/// Longest complaint of the server that is told on.
const MAX_COMPLAINT: usize = 200;

pub(super) struct Vault {
    config: VaultConfig,
    agent: Agent,
    /// What AppRole gave; not used with a token of the configuration.
    token: Mutex<Option<Secret>>,
}

/// What the server said.
struct Answer {
    status: StatusCode,
    body: Value,
}

impl Vault {
    pub(super) fn new(config: VaultConfig) -> Self {
        let mut http =
            Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0);
        if config.server.starts_with("https://") {
            http = http.tls_config(trust());
        }
        Self { config, agent: http.build().into(), token: Mutex::default() }
    }

    /// The token to show, and whether it was fetched just now.
    fn token(&self) -> Result<(Secret, bool), String> {
        let (role_id, secret_id) = match &self.config.login {
            VaultLogin::Token(token) => return Ok((token.clone(), true)),
            VaultLogin::AppRole { role_id, secret_id } => (role_id, secret_id),
        };
        // Held during the login, so that of several threads one logs in.
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*token {
            return Ok((known.clone(), false));
        }
        let body = json!({"role_id": role_id.expose(), "secret_id": secret_id.expose()});
        let url = format!("{}/v1/auth/approle/login", self.config.server);
        let request = self.agent.post(&url).header("content-type", "application/json");
        let answer = self.answer(request.send(json::to_string(&body).as_bytes()))?;
        if answer.status != StatusCode::OK {
            return Err(self.complaint("the login by AppRole", &answer));
        }
        let given = answer.body["auth"]["client_token"].as_str().ok_or("the login by AppRole gave no token")?;
        let given = Secret::new(given);
        *token = Some(given.clone());
        Ok((given, true))
    }

    fn forget_token(&self) {
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn read(&self, path: &str, token: &Secret) -> Result<Answer, String> {
        let data = match self.config.version {
            KvVersion::V1 => "",
            KvVersion::V2 => "data/",
        };
        let url = format!("{}/v1/{}/{data}{}", self.config.server, in_url(&self.config.mount), in_url(path));
        let request = self.agent.get(&url).header("x-vault-token", token.expose()).header("x-vault-request", "true");
        self.answer(request.call())
    }

    fn answer(&self, answer: Result<Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
        let failed = |error: ureq::Error| match error {
            ureq::Error::Timeout(_) => format!("{} did not answer within {} s", self.config.server, PATIENCE.as_secs()),
            other => format!("{} cannot be asked: {}", self.config.server, self.masked(&other.to_string())),
        };
        let mut answer = answer.map_err(failed)?;
        let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string().map_err(failed)?;
        Ok(Answer { status: answer.status(), body: json::from_str(&text).unwrap_or_default() })
    }

    fn complaint(&self, what: &str, answer: &Answer) -> String {
        let errors = answer.body["errors"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let errors: Vec<&str> = errors.map(str::trim).collect();
        let text: String = self.masked(&errors.join("; ")).chars().take(MAX_COMPLAINT).collect();
        let colon = if text.is_empty() { "" } else { ": " };
        format!("{} refused {what} with {}{colon}{text}", self.config.server, answer.status)
    }

    /// A text without what we log in with.
    fn masked(&self, text: &str) -> String {
        let known = match &self.config.login {
            VaultLogin::Token(token) => vec![("token".to_owned(), token.clone())],
            VaultLogin::AppRole { role_id, secret_id } => {
                vec![("roleId".to_owned(), role_id.clone()), ("secretId".to_owned(), secret_id.clone())]
            }
        };
        Redactor::new(known).redact(text).into_owned()
    }

    /// The value of a key in the answer.
    fn value(&self, answer: &Answer, path: &str, key: &str) -> Result<Secret, String> {
        let data = match self.config.version {
            KvVersion::V1 => &answer.body["data"],
            KvVersion::V2 => &answer.body["data"]["data"],
        };
        match data.get(key) {
            Some(Value::String(text)) => Ok(Secret::new(text.as_str())),
            Some(Value::Null) | None => Err(format!("'{path}' has no key '{key}'")),
            Some(other) => Ok(Secret::new(other.to_string())),
        }
    }
}

impl Provider for Vault {
    fn find(&self, name: &str) -> Result<Option<Secret>, String> {
        let Some((path, key)) = self.config.naming.split(name)? else { return Ok(None) };
        if path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err("its path leads elsewhere".to_owned());
        }
        let (token, fresh) = self.token()?;
        let mut answer = self.read(&path, &token)?;
        if answer.status == StatusCode::FORBIDDEN && !fresh {
            // The token has had its time.
            self.forget_token();
            answer = self.read(&path, &self.token()?.0)?;
        }
        match answer.status {
            StatusCode::OK => self.value(&answer, &path, &key).map(Some),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.complaint(&format!("to read '{path}'"), &answer)),
        }
    }
}

impl VaultNaming {
    /// Path and key; nothing if the name is none for this provider.
    fn split(self, name: &str) -> Result<Option<(String, String)>, String> {
        let (path, key) = match self {
            Self::LastSlash => match name.rsplit_once('/') {
                Some((path, key)) => (path.to_owned(), key.to_owned()),
                None => (name.to_owned(), "value".to_owned()),
            },
            Self::Delimited { delimiter, escape } => {
                let mut parts = split_escaped(name, delimiter, escape).into_iter();
                match (parts.next(), parts.next(), parts.next()) {
                    (Some(path), Some(key), None) => (path, key),
                    (_, None, _) => return Ok(None),
                    _ => {
                        return Err(format!(
                            "its name has several '{delimiter}'; '{escape}{delimiter}' is one without meaning"
                        ));
                    }
                }
            }
        };
        Ok(Some((path.trim_matches('/').to_owned(), key)).filter(|(path, key)| !path.is_empty() && !key.is_empty()))
    }
}

fn split_escaped(name: &str, delimiter: char, escape: char) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let mut letters = name.chars();
    while let Some(letter) = letters.next() {
        if letter == escape {
            part.extend(letters.next());
        } else if letter == delimiter {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(letter);
        }
    }
    parts.push(part);
    parts
}

/// A path as a part of a URL.
fn in_url(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.trim_matches('/').bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Trusts whom the system trusts; `SSL_CERT_FILE` names others.
fn trust() -> TlsConfig {
    // A store that cannot be read, or is not there, shows as an unknown issuer when the connection is made.
    let trusted = rustls_native_certs::load_native_certs().certs;
    let roots: Vec<Certificate<'static>> = trusted.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build()
}

#[cfg(test)]
mod tests;
