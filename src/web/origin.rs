//! Where a request comes from. A page of another site must not make a visitor's browser force or stop builds.
//!
//! Browsers send `Origin` with every write, and newer ones `Sec-Fetch-Site`. A request with neither is no browser's and
//! passes: scripts and forges need no ceremony. The `Host` header vouches only for addresses that no foreign name can
//! be made to point at (DNS rebinding): literal IP addresses and `localhost`.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::{HOST, HeaderName, ORIGIN};

use super::error::WebError;
use crate::config::MasterConfig;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses a request that a page of a foreign site made.
pub fn check(request: &HttpRequest, config: &MasterConfig) -> Result<(), WebError> {
    if let Some(origin) = header(request, &ORIGIN) {
        if is_ours(origin, header(request, &HOST), config) {
            return Ok(());
        }
        let text = format!(
            "this request was made by a page of {origin}, which is neither {} (buildbotURL) nor in allowed_origins",
            config.buildbot_url
        );
        return Err(WebError::Forbidden(text));
    }
    match header(request, &SEC_FETCH_SITE) {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(WebError::Forbidden("this request was made by a page of another site".to_owned())),
    }
}

/// Whether pages of this origin may use the API.
pub fn is_ours(origin: &str, host: Option<&str>, config: &MasterConfig) -> bool {
    let origin = origin.to_ascii_lowercase();
    let allowed = config.www.iter().flat_map(|www| &www.allowed_origins);
    origin == origin_of(&config.buildbot_url)
        || host.is_some_and(|host| is_own_address(&origin, host))
        || allowed.into_iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &origin))
}

fn header<'request>(request: &'request HttpRequest, name: &HeaderName) -> Option<&'request str> {
    // an unreadable value must not count as absent
    request.headers().get(name).map(|value| value.to_str().unwrap_or("an unreadable origin"))
}

/// `http://host:port` of a URL.
fn origin_of(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return String::new() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    format!("{scheme}://{authority}").to_ascii_lowercase()
}

fn is_own_address(origin: &str, host: &str) -> bool {
    let Some((_, authority)) = origin.split_once("://") else { return false };
    authority == host.to_ascii_lowercase() && cannot_be_rebound(authority)
}

fn cannot_be_rebound(authority: &str) -> bool {
    let name = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.rsplit_once(':').map_or(authority, |(name, _)| name),
    };
    name == "localhost" || name.parse::<IpAddr>().is_ok()
}

/// Shell-like patterns as Buildbot has them: `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let mut ends = rest.char_indices().map(|(position, _)| position).chain([rest.len()]);
    ends.any(|position| matches(after, &rest[position..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        assert!(matches("*", "http://a"));
        assert!(matches("http://*.example.org", "http://ci.example.org"));
        assert!(matches("http://*:80*", "http://x:8010"));
        assert!(!matches("http://*.example.org", "http://example.org.evil"));
        assert!(!matches("http://a", "http://ab"));
    }

    #[test]
    fn an_origin_is_the_front_of_a_url() {
        assert_eq!(origin_of("https://CI.example.org:8010/ci/"), "https://ci.example.org:8010");
        assert_eq!(origin_of("nonsense"), "");
    }

    #[test]
    fn only_addresses_that_cannot_be_rebound_vouch_for_themselves() {
        assert!(is_own_address("http://127.0.0.1:8010", "127.0.0.1:8010"));
        assert!(is_own_address("http://[::1]:8010", "[::1]:8010"));
        assert!(is_own_address("http://localhost", "localhost"));
        assert!(!is_own_address("http://evil.example:8010", "evil.example:8010"));
        assert!(!is_own_address("http://127.0.0.1:8010", "127.0.0.1:9999"));
        assert!(!is_own_address("null", "localhost"));
    }
}
