//! The HTTP request with which a WebSocket begins, as workers write it.

/// A longer header is nothing that a worker sends. In bytes.
pub const MAX_HEADER_BYTES: usize = 16 * 1024;

/// What matters of a well-formed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpgradeRequest<'a> {
    /// `Sec-WebSocket-Key`.
    pub key: &'a str,
    /// `Authorization`.
    pub authorization: &'a str,
}

/// The reason a request does not lead to a WebSocket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUpgrade {
    #[error("{0}")]
    Invalid(&'static str),
    #[error("it has no credentials")]
    NoCredentials,
}

/// Reads a header, its empty line included.
pub fn parse(header: &[u8]) -> Result<UpgradeRequest<'_>, BadUpgrade> {
    if MAX_HEADER_BYTES < header.len() {
        return Err(BadUpgrade::Invalid("it is too long"));
    }
    let text = std::str::from_utf8(header).map_err(|_| BadUpgrade::Invalid("it is not text"))?;
    let mut lines = text.split("\r\n");
    let request_line = lines.next().unwrap_or_default();
    if !request_line.starts_with("GET ") || !request_line.contains(" HTTP/1.") {
        return Err(BadUpgrade::Invalid("it is not a GET request"));
    }
    let headers: Vec<(&str, &str)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.trim(), value.trim())).collect();
    let find = |name: &str| headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| *value);
    let has_word = |name: &str, word: &str| {
        find(name).is_some_and(|value| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word)))
    };
    if !has_word("upgrade", "websocket") || !has_word("connection", "upgrade") {
        return Err(BadUpgrade::Invalid("it does not ask for a WebSocket"));
    }
    if find("sec-websocket-version") != Some("13") {
        return Err(BadUpgrade::Invalid("it asks for an unknown version of WebSocket"));
    }
    let key = find("sec-websocket-key").ok_or(BadUpgrade::Invalid("it has no key"))?;
    let authorization = find("authorization").ok_or(BadUpgrade::NoCredentials)?;
    Ok(UpgradeRequest { key, authorization })
}
