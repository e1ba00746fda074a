//! Posting to an HTTP server: JSON of builds, signed if there is a key for it.

mod push;
mod sign;

pub use push::HttpTransport;
pub use sign::signature;

use super::mail::Trust;
use crate::secrets::LateText;

/// `reporters.HttpStatusPush`.
#[derive(Clone, Debug, PartialEq)]
pub struct HttpConfig {
    /// May hold secrets.
    pub url: LateText,
    /// User and password (HTTP basic).
    pub auth: Option<(LateText, LateText)>,
    pub headers: Vec<(String, LateText)>,
    /// What the body is signed with (HMAC-SHA256).
    pub signing_key: Option<LateText>,
    pub trust: Trust,
    /// Certificates and key of ours as PEM texts.
    pub identity: Option<(String, LateText)>,
    /// The `Content-Type` of what is posted.
    pub content: &'static str,
    /// Whether every request is written to the log of the master.
    pub debug: bool,
}
