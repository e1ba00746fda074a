//! The REST interface of a master from the side of its client: `tail` and `demo` read what every script can read.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use rustls::crypto::ring;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::json::{self, Value, json};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Largest answer that is read, in bytes: a thousand long lines of a log.
const MAX_ANSWER: u64 = 256 << 20;

/// A master's web address, and connections to it.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    agent: Agent,
    /// Ends with a slash.
    url: String,
}

impl Rest {
    pub(super) fn new(url: &str) -> Self {
        let mut config = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
        if url.starts_with("https://") {
            config = config.tls_config(trust());
        }
        Self { agent: config.build().into(), url: format!("{}/", url.trim_end_matches('/')) }
    }

    /// Ends with a slash.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The answer to a path below `api/v2/`; nothing if the master knows no such thing.
    pub(super) async fn find(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let (agent, url) = (self.agent.clone(), format!("{}api/v2/{path}", self.url));
        let answer = move || -> anyhow::Result<Option<Value>> {
            let mut answer = agent.get(&url).call().with_context(|| format!("cannot read {url}"))?;
            let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string()?;
            match answer.status() {
                StatusCode::OK => {
                    Ok(Some(json::from_str(&text).with_context(|| format!("{url} is no Buildbot's REST interface"))?))
                }
                StatusCode::NOT_FOUND => Ok(None),
                status => bail!("{url} answers {status}: {}", text.trim()),
            }
        };
        tokio::task::spawn_blocking(answer).await.context("the reader died")?
    }

    /// As [`Rest::find`], where something has to be.
    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.find(path).await?.ok_or_else(|| anyhow!("{} has no {path}", self.url))
    }

    /// The elements of a collection.
    pub(super) async fn list(&self, path: &str, name: &str) -> anyhow::Result<Vec<Value>> {
        let mut answer = self.get(path).await?;
        match answer.get_mut(name).map(Value::take) {
            Some(Value::Array(elements)) => Ok(elements),
            _ => bail!("{}api/v2/{path} is no Buildbot's REST interface", self.url),
        }
    }

    /// The first element of a collection; nothing if there is none.
    pub(super) async fn first(&self, path: &str, name: &str) -> anyhow::Result<Option<Value>> {
        let Some(answer) = self.find(path).await? else { return Ok(None) };
        Ok(answer.get(name).and_then(|elements| elements.get(0)).cloned())
    }

    /// Carries out a command; its result.
    pub(super) async fn call(&self, path: &str, method: &str, parameters: Value) -> anyhow::Result<Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).to_string();
        let (agent, url) = (self.agent.clone(), format!("{}api/v2/{path}", self.url));
        let method = method.to_owned();
        let answer = move || -> anyhow::Result<Value> {
            let request = agent.post(&url).header("content-type", "application/json");
            let text = request.send(body.as_bytes())?.body_mut().read_to_string()?;
            let mut answer: Value = json::from_str(&text)?;
            match answer.get_mut("result") {
                Some(result) => Ok(result.take()),
                None => bail!("{method} at {url} was refused: {}", answer["error"]["message"]),
            }
        };
        tokio::task::spawn_blocking(answer).await.context("the caller died")?
    }
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
mod tests {
    use std::io::Read;
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_https_address_is_greeted_in_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/ci", listener.local_addr().unwrap());
        let first_byte = std::thread::spawn(move || {
            let mut byte = [0];
            listener.accept().unwrap().0.read_exact(&mut byte).unwrap();
            byte[0]
        });
        let answer = Rest::new(&url).find("masters").await;
        assert_eq!(first_byte.join().unwrap(), 22, "a handshake");
        assert!(answer.unwrap_err().to_string().contains("cannot read https://127.0.0.1"));
    }
}
