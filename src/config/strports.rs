//! Where to listen, as Twisted's endpoint strings say it: `9989`, `tcp:9989:interface=127.0.0.1`,
//! `ssl:9990:privateKey=key.pem:certKey=cert.pem`.
//!
//! `tcp` with a certificate is ours: the port takes both, those who encrypt and those who do not.

use std::path::PathBuf;

use super::ListenAddress;
use super::tls::{PlaintextPolicy, TlsFiles};

/// What Twisted reads when an `ssl` endpoint names no file.
const DEFAULT_KEY: &str = "server.pem";

/// The reason a text is not a place to listen at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrportError {
    #[error("'{0}' is not a port number between 1 and 65535")]
    Port(String),
    #[error("'{0}:' endpoints are not available yet; use 'tcp:PORT' and a proxy in front of it")]
    NotYet(String),
    #[error("unknown kind of endpoint '{0}'; use a number or 'tcp:PORT:interface=ADDRESS'")]
    Kind(String),
    #[error(
        "unknown endpoint option '{0}'; 'interface', 'backlog', 'privateKey', 'certKey' and 'extraCertChain' are known"
    )]
    Option(String),
    #[error("the endpoint option '{0}' has no effect here; the oldest version of TLS that is spoken is 1.2")]
    NoEffect(String),
    #[error("'tls:' is for those who connect; to listen, use 'ssl:PORT:privateKey=FILE:certKey=FILE'")]
    ClientSide,
}

impl ListenAddress {
    /// Parses a port number or an endpoint string. Port 0 lets the system choose one.
    pub fn parse(text: &str) -> Result<Self, StrportError> {
        let mut parts = split(text).into_iter();
        let first = parts.next().unwrap_or_default();
        let (port, is_ssl) = match first.as_str() {
            kind @ ("tcp" | "ssl") => (parts.next().unwrap_or_default(), kind == "ssl"),
            "tls" => return Err(StrportError::ClientSide),
            "unix" | "tcp6" | "systemd" => return Err(StrportError::NotYet(first)),
            _ if first.bytes().all(|byte| byte.is_ascii_digit()) => (first, false),
            _ if text.contains(':') => return Err(StrportError::Kind(first)),
            _ => return Err(StrportError::Port(first)),
        };
        let port = port.strip_prefix("port=").unwrap_or(&port);
        let port = port.parse().map_err(|_| StrportError::Port(port.to_owned()))?;
        let mut address = Self { port, interface: None, tls: None };
        let mut files = Files::default();
        for option in parts {
            match option.split_once('=') {
                Some(("interface", interface)) => {
                    address.interface = Some(interface.to_owned()).filter(|interface| !interface.is_empty());
                }
                Some(("backlog", _)) => {}
                Some(("privateKey", file)) => files.private_key = Some(file.into()),
                Some(("certKey", file)) => files.certificate = Some(file.into()),
                Some(("extraCertChain", file)) => files.chain = Some(file.into()),
                Some(("sslmethod" | "dhParameters", _)) => return Err(StrportError::NoEffect(option)),
                _ => return Err(StrportError::Option(option)),
            }
        }
        address.tls = files.of(is_ssl);
        Ok(address)
    }
}

/// The files that an endpoint names.
#[derive(Default)]
struct Files {
    private_key: Option<PathBuf>,
    certificate: Option<PathBuf>,
    chain: Option<PathBuf>,
}

impl Files {
    /// A key may stand in the file of its certificate, and the other way round.
    fn of(self, is_ssl: bool) -> Option<TlsFiles> {
        let policy = if is_ssl { PlaintextPolicy::Refused } else { PlaintextPolicy::Welcome };
        let default = is_ssl.then(|| PathBuf::from(DEFAULT_KEY));
        let private_key = self.private_key.or_else(|| self.certificate.clone()).or(default)?;
        let certificate = self.certificate.unwrap_or_else(|| private_key.clone());
        Some(TlsFiles { private_key, certificate, chain: self.chain, policy })
    }
}

/// Splits at colons; a backslash takes the next character as it is (`interface=\:\:1`).
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => parts.push(String::new()),
            '\\' => parts.last_mut().into_iter().for_each(|part| part.extend(characters.next())),
            _ => parts.last_mut().into_iter().for_each(|part| part.push(character)),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16, interface: Option<&str>) -> ListenAddress {
        ListenAddress { port, interface: interface.map(str::to_owned), tls: None }
    }

    #[test]
    fn numbers_and_tcp_endpoints_are_places_to_listen() {
        assert_eq!(ListenAddress::parse("9989"), Ok(at(9989, None)));
        assert_eq!(ListenAddress::parse("tcp:9989"), Ok(at(9989, None)));
        assert_eq!(ListenAddress::parse("tcp:port=9989:interface=127.0.0.1"), Ok(at(9989, Some("127.0.0.1"))));
        assert_eq!(ListenAddress::parse(r"tcp:80:interface=\:\:1"), Ok(at(80, Some("::1"))));
    }

    #[test]
    fn other_endpoints_say_what_is_wrong_with_them() {
        assert_eq!(ListenAddress::parse("tls:9990:privateKey=k"), Err(StrportError::ClientSide));
        assert_eq!(ListenAddress::parse("unix:/run/x"), Err(StrportError::NotYet("unix".into())));
        let old = "ssl:1:sslmethod=SSLv3_METHOD";
        assert_eq!(ListenAddress::parse(old), Err(StrportError::NoEffect("sslmethod=SSLv3_METHOD".into())));
        assert_eq!(ListenAddress::parse("udp:1"), Err(StrportError::Kind("udp".into())));
        assert_eq!(ListenAddress::parse("70000"), Err(StrportError::Port("70000".into())));
        assert_eq!(ListenAddress::parse("http"), Err(StrportError::Port("http".into())));
        assert_eq!(ListenAddress::parse("tcp:1:bind=x"), Err(StrportError::Option("bind=x".into())));
    }

    #[test]
    fn an_ssl_endpoint_names_its_files_and_wants_nobody_without_tls() {
        let tls = |text: &str| ListenAddress::parse(text).unwrap().tls;
        let files = |private_key: &str, certificate: &str, policy| {
            let (private_key, certificate) = (private_key.into(), certificate.into());
            Some(TlsFiles { private_key, certificate, chain: None, policy })
        };
        let address = ListenAddress::parse("ssl:9990:privateKey=k:certKey=c:interface=127.0.0.1").unwrap();
        assert_eq!((address.port, address.interface.as_deref()), (9990, Some("127.0.0.1")));
        assert_eq!(address.tls, files("k", "c", PlaintextPolicy::Refused));
        assert_eq!(tls("ssl:9990"), files("server.pem", "server.pem", PlaintextPolicy::Refused));
        assert_eq!(tls("ssl:9990:privateKey=k"), files("k", "k", PlaintextPolicy::Refused));
        assert_eq!(tls("tcp:9989:certKey=c"), files("c", "c", PlaintextPolicy::Welcome));
        assert_eq!(tls("tcp:9989"), None);
        let chain = tls("ssl:9990:privateKey=k:certKey=c:extraCertChain=i").unwrap().chain;
        assert_eq!(chain, Some("i".into()));
    }
}
