//! Posts a body and judges the answer.
//!
//! A redirect is not followed: it would take the login to another server.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::ring;
use tracing::info;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{HttpConfig, signature};
use crate::reporters::mail::Trust;
use crate::reporters::{Outcome, Parcel, Sending, Transport};
use crate::secrets::{LateText, Redactor};

/// For one request with its answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// Of the text of an answer, in bytes.
const MAX_ANSWER: u64 = 64 << 10;
/// Longest complaint of the server that is kept.
const MAX_COMPLAINT: usize = 300;

pub struct HttpTransport {
    poster: Arc<Poster>,
}

impl HttpTransport {
    pub fn new(config: HttpConfig) -> Self {
        Self { poster: Arc::new(Poster { agent: agent(&config), config }) }
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a> {
        let (poster, parcel) = (Arc::clone(&self.poster), parcel.clone());
        let posting = tokio::task::spawn_blocking(move || poster.post(&parcel));
        Box::pin(async move { posting.await.unwrap_or_else(|error| Outcome::Unreachable(error.to_string())) })
    }
}

struct Poster {
    config: HttpConfig,
    agent: Agent,
}

impl Poster {
    fn post(&self, parcel: &Parcel) -> Outcome {
        let url = self.config.url.expose().unwrap_or_default();
        let mut request = self.agent.post(url).header("content-type", self.config.content);
        request = request.header("user-agent", concat!("buildbot/", env!("CARGO_PKG_VERSION")));
        request = request.header("x-buildbot-delivery", &parcel.id).header("x-buildbot-event", &parcel.event);
        if let Some(key) = self.config.signing_key.as_ref().and_then(LateText::expose) {
            request = request.header("x-hub-signature-256", signature(key, &parcel.body));
        }
        if let Some((user, password)) = &self.config.auth {
            let login = format!("{}:{}", user.expose().unwrap_or_default(), password.expose().unwrap_or_default());
            request = request.header("authorization", format!("Basic {}", STANDARD.encode(login)));
        }
        for (name, value) in &self.config.headers {
            request = request.header(name, value.expose().unwrap_or_default());
        }
        let answer = request.send(&parcel.body[..]);
        let (status, text) = match answer {
            Ok(mut answer) => {
                let text = answer.body_mut().with_config().limit(MAX_ANSWER).lossy_utf8(true).read_to_string();
                (answer.status(), self.shown(&text.unwrap_or_default()))
            }
            Err(error) => return self.failed(&error),
        };
        if self.config.debug {
            info!(
                url = self.config.url.shown(),
                status = status.as_u16(),
                event = parcel.event,
                answer = text,
                "posted"
            );
        }
        judge(status, &text)
    }

    fn failed(&self, error: &ureq::Error) -> Outcome {
        let text = self.shown(&error.to_string());
        if self.config.debug {
            info!(url = self.config.url.shown(), error = text, "cannot post");
        }
        match error {
            // Nothing but another configuration changes these.
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => Outcome::Refused(text),
            _ => Outcome::Unreachable(text),
        }
    }

    /// A text of the other side without what we log in with, in one line.
    fn shown(&self, text: &str) -> String {
        let config = &self.config;
        let logins = config.auth.iter().flat_map(|(user, password)| [user, password]);
        let values = config.headers.iter().map(|(_, value)| value);
        let known = logins.chain(values).chain(&config.signing_key).chain([&config.url]);
        let used: Vec<Redactor> = known.map(LateText::redactor).collect();
        let text = used.iter().fold(text.to_owned(), |text, redactor| redactor.redact(&text).into_owned());
        let visible = |letter: char| if letter.is_control() { ' ' } else { letter };
        text.chars().map(visible).take(MAX_COMPLAINT).collect()
    }
}

/// 2xx is taken; what a server says while it is overloaded or broken is tried again; anything else is refused.
fn judge(status: StatusCode, text: &str) -> Outcome {
    let text = format!("{status} {text}").trim().to_owned();
    match status.as_u16() {
        200..=299 => Outcome::Sent { refused: Vec::new(), later: Vec::new() },
        408 | 425 | 429 => Outcome::NotNow(text),
        502..=504 => Outcome::Unreachable(text),
        500..=599 => Outcome::NotNow(text),
        _ => Outcome::Refused(text),
    }
}

fn agent(config: &HttpConfig) -> Agent {
    let mut http = Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false).max_redirects(0);
    if config.url.expose().unwrap_or_default().starts_with("https://") {
        http = http.tls_config(tls(config));
    }
    http.build().into()
}

fn tls(config: &HttpConfig) -> TlsConfig {
    let roots: Vec<Certificate<'static>> = match &config.trust {
        Trust::Pem(text) => certificates(text),
        // A store that cannot be read, or is not there, shows as an unknown issuer when the connection is made.
        Trust::System | Trust::Anybody => {
            let trusted = rustls_native_certs::load_native_certs().certs;
            trusted.iter().map(|root| Certificate::from_der(root).to_owned()).collect()
        }
    };
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::from(roots))
        .disable_verification(config.trust == Trust::Anybody)
        .client_cert(identity(config))
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build()
}

fn certificates(pem: &str) -> Vec<Certificate<'static>> {
    let items = parse_pem(pem.as_bytes()).filter_map(Result::ok);
    items.filter_map(|item| if let PemItem::Certificate(found) = item { Some(found) } else { None }).collect()
}

fn identity(config: &HttpConfig) -> Option<ClientCert> {
    let (chain, key) = config.identity.as_ref()?;
    let key = PrivateKey::from_pem(key.expose()?.as_bytes()).ok()?;
    Some(ClientCert::new_with_certs(&certificates(chain), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_whether_it_is_worth_trying_again() {
        let outcome = |code: u16| judge(StatusCode::from_u16(code).unwrap(), "text");
        assert_eq!(outcome(204), Outcome::Sent { refused: Vec::new(), later: Vec::new() });
        assert_eq!(outcome(503), Outcome::Unreachable("503 Service Unavailable text".to_owned()));
        assert_eq!(outcome(429), Outcome::NotNow("429 Too Many Requests text".to_owned()));
        assert_eq!(outcome(401), Outcome::Refused("401 Unauthorized text".to_owned()));
        assert_eq!(outcome(302), Outcome::Refused("302 Found text".to_owned()));
    }
}
