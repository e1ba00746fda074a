//! Where a master or a proxy is, in the words of Twisted: `tcp:host:9989`, `tls:host:9989:trustRoots=/etc/ca`.

use std::path::PathBuf;

/// The port of a master that names none.
const DEFAULT_PORT: u16 = 9989;

/// A place to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    pub tls: Option<Tls>,
}

/// How a connection is secured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file or directory of certificates to trust, instead of the system's.
    pub trusted: Option<PathBuf>,
}

/// The reason a text is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    #[error("{0:?} is not HOST:PORT")]
    Address(String),
    #[error("connections of kind {0:?} are not supported: use tcp, ssl or tls")]
    Kind(String),
    #[error("{0:?} names no host and port")]
    Incomplete(String),
    #[error("{0:?} is not an argument of a connection of this kind")]
    Argument(String),
}

impl Endpoint {
    /// `HOST` or `HOST:PORT`.
    pub fn of_address(address: &str) -> Result<Self, BadEndpoint> {
        let bad = || BadEndpoint::Address(address.to_owned());
        let (host, port) = match address.rsplit_once(':') {
            // An IPv6 address in brackets without a port.
            _ if address.ends_with(']') => (address, DEFAULT_PORT),
            None => (address, DEFAULT_PORT),
            Some((host, port)) => (host, port.parse().map_err(|_| bad())?),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() { Err(bad()) } else { Ok(Self { host: host.to_owned(), port, tls: None }) }
    }

    /// A connection string; what it tells about time limits and own addresses is ignored.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let mut parts = split(text).into_iter();
        let kind = parts.next().unwrap_or_default();
        let mut tls = match kind.as_str() {
            "tcp" => None,
            "ssl" | "tls" => Some(Tls::default()),
            _ => return Err(BadEndpoint::Kind(kind)),
        };
        let (mut host, mut port) = (None, None);
        for part in parts {
            match (part.split_once('='), &mut tls) {
                (Some(("host", value)), _) => host = Some(value.to_owned()),
                (Some(("port", value)), _) => port = Some(value.to_owned()),
                (Some(("timeout" | "bindAddress" | "interface", _)), _) => {}
                (Some(("caCertsDir" | "trustRoots", value)), Some(tls)) => tls.trusted = Some(value.into()),
                (Some(_), _) => return Err(BadEndpoint::Argument(part)),
                (None, _) if host.is_none() => host = Some(part),
                (None, _) if port.is_none() => port = Some(part),
                (None, _) => return Err(BadEndpoint::Argument(part)),
            }
        }
        let incomplete = || BadEndpoint::Incomplete(text.to_owned());
        let host = host.filter(|host| !host.is_empty()).ok_or_else(incomplete)?;
        let port = port.and_then(|port| port.parse().ok()).ok_or_else(incomplete)?;
        Ok(Self { host, port, tls })
    }

    /// As it is connected to, and shown.
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Splits at colons; a backslash takes the next character as it is.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            (':', _) => parts.push(String::new()),
            ('\\', Some(part)) => part.extend(characters.next()),
            (other, Some(part)) => part.push(other),
            (_, None) => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str, port: u16, tls: Option<Tls>) -> Endpoint {
        Endpoint { host: host.to_owned(), port, tls }
    }

    #[test]
    fn a_master_without_a_port_listens_on_the_usual_one() {
        let cases = [("build.example.org", 9989), ("build.example.org:99", 99)];
        for (address, port) in cases {
            assert_eq!(Endpoint::of_address(address), Ok(endpoint("build.example.org", port, None)));
        }
        let six = Endpoint::of_address("[::1]:9000").unwrap();
        assert_eq!((six.host.as_str(), six.address().as_str()), ("::1", "[::1]:9000"));
        assert_eq!(Endpoint::of_address("[::1]").map(|six| six.port), Ok(9989));
        assert!(Endpoint::of_address("host:port").is_err());
        assert!(Endpoint::of_address("").is_err());
    }

    #[test]
    fn connection_strings_name_host_and_port_by_position_or_by_word() {
        let trusted = |path: &str| Some(Tls { trusted: Some(path.into()) });
        let cases = [
            ("tcp:h:1", endpoint("h", 1, None)),
            ("tcp:port=1:host=h:timeout=30", endpoint("h", 1, None)),
            ("tls:h:1", endpoint("h", 1, Some(Tls::default()))),
            ("ssl:h:1:caCertsDir=/etc/ca", endpoint("h", 1, trusted("/etc/ca"))),
            (r"tls:\:\:1:1:trustRoots=C\:/ca", endpoint("::1", 1, trusted("C:/ca"))),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_place_is_objected_to() {
        assert_eq!(Endpoint::parse("unix:/x"), Err(BadEndpoint::Kind("unix".to_owned())));
        assert!(matches!(Endpoint::parse("tcp:h"), Err(BadEndpoint::Incomplete(_))));
        assert!(matches!(Endpoint::parse("tcp:h:1:trustRoots=/x"), Err(BadEndpoint::Argument(_))));
    }
}
