//! HTTP Basic credentials.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::secrets::Secret;

/// A name and a password, as a worker sends them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub(super) name: String,
    pub(super) password: Secret,
}

/// Reads the value of an `Authorization` header; nothing if it is not what workers send.
///
/// A name has no colon, a password may have.
pub(super) fn parse(header: &str) -> Option<Credentials> {
    let encoded = header.strip_prefix("Basic")?.trim();
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(Credentials { name: name.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &[u8]) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn a_password_may_have_colons() {
        let credentials = parse(&header("wörker:a:b".as_bytes())).unwrap();
        assert_eq!((credentials.name.as_str(), credentials.password.expose()), ("wörker", "a:b"));
    }

    #[test]
    fn anything_else_is_no_credentials() {
        for bad in ["Digest x", "Basic ?", "Basic", &header(b"no colon"), &header(b"\xff:x")] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
