//! Where a master or a proxy is, in the words of Twisted: `tcp:host:9989`, `tls:host:9989:trustRoots=/etc/ca`,
//! `unix:/run/master`.

mod arguments;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use self::arguments::Arguments;

/// The port of a master that names none.
const DEFAULT_PORT: u16 = 9989;

/// A place to connect to, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub place: Place,
    /// The address of this machine to connect from, if the system is not to choose.
    pub from: Option<IpAddr>,
    /// How long the connection may take to be made, if not as long as usual.
    pub timeout: Option<Duration>,
    pub tls: Option<Tls>,
}

/// What is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Host {
        host: String,
        port: u16,
    },
    /// A socket in the file system.
    Socket(PathBuf),
}

/// How a connection is secured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file or directory of certificates to trust, instead of the system's.
    pub trusted: Option<PathBuf>,
    /// The name that the master's certificate has to be for, if that is not the host.
    pub name: Option<String>,
    /// What this worker shows to a master that asks who it is.
    pub identity: Option<Identity>,
}

/// A certificate with its key, both in files in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The reason a text is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    #[error("{0:?} is not HOST:PORT")]
    Address(String),
    #[error("connections of kind {0:?} are not supported: use tcp, ssl, tls or unix")]
    Kind(String),
    #[error("{0:?} names no host and port")]
    Incomplete(String),
    #[error("{0:?} names no path of a socket")]
    NoPath(String),
    #[error("{0:?} is not an argument of a connection of this kind")]
    Argument(String),
    #[error("{value:?} cannot be the {name} of a connection")]
    Value { name: &'static str, value: String },
    #[error("a proxy leads to hosts only, not to {0}")]
    NotByProxy(String),
}

impl Endpoint {
    fn plain(place: Place) -> Self {
        Self { place, from: None, timeout: None, tls: None }
    }

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
        if host.is_empty() { Err(bad()) } else { Ok(Self::plain(Place::Host { host: host.to_owned(), port })) }
    }

    /// A connection string.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        let mut arguments = Arguments::read(text)?;
        let endpoint = match arguments.kind() {
            "unix" => {
                // A lock of Twisted beside the socket, which nobody else needs.
                arguments.take("lockfile");
                let path = arguments.take("path").filter(|path| !path.is_empty());
                Self::plain(Place::Socket(path.ok_or_else(|| BadEndpoint::NoPath(text.to_owned()))?.into()))
            }
            kind => {
                let is_secure = kind != "tcp";
                let mut endpoint = host(&mut arguments, text)?;
                if is_secure {
                    secure(&mut endpoint, &mut arguments)?;
                }
                endpoint
            }
        };
        let (timeout, from) = (timeout(&mut arguments)?, from(&mut arguments)?);
        arguments.finish()?;
        Ok(Self { timeout: timeout.or(endpoint.timeout), from: from.or(endpoint.from), ..endpoint })
    }

    /// As it is shown, and asked for from a proxy.
    pub fn address(&self) -> String {
        match &self.place {
            Place::Host { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Place::Host { host, port } => format!("{host}:{port}"),
            Place::Socket(path) => path.display().to_string(),
        }
    }

    /// As it stands in a request of HTTP.
    pub fn authority(&self) -> String {
        match &self.place {
            Place::Host { .. } => self.address(),
            Place::Socket(_) => LOCAL.to_owned(),
        }
    }

    /// The name that the certificate has to be for.
    pub fn certified_name(&self) -> &str {
        let name = self.tls.as_ref().and_then(|tls| tls.name.as_deref());
        name.unwrap_or(match &self.place {
            Place::Host { host, .. } => host,
            Place::Socket(_) => LOCAL,
        })
    }
}

/// What this machine calls itself.
const LOCAL: &str = "localhost";

fn host(arguments: &mut Arguments, text: &str) -> Result<Endpoint, BadEndpoint> {
    let incomplete = || BadEndpoint::Incomplete(text.to_owned());
    let host = arguments.take("host").filter(|host| !host.is_empty()).ok_or_else(incomplete)?;
    let port = arguments.take("port").and_then(|port| port.parse().ok()).ok_or_else(incomplete)?;
    Ok(Endpoint::plain(Place::Host { host, port }))
}

/// What `tls:` and `ssl:` say besides; each has its own words for the same.
fn secure(endpoint: &mut Endpoint, arguments: &mut Arguments) -> Result<(), BadEndpoint> {
    let trusted = arguments.take("trustRoots").or_else(|| arguments.take("caCertsDir"));
    let certificate = arguments.take("certificate").or_else(|| arguments.take("certKey"));
    let key = arguments.take("privateKey");
    let identity = certificate.map(|certificate| Identity {
        key: key.unwrap_or_else(|| certificate.clone()).into(),
        certificate: certificate.into(),
    });
    let mut name = arguments.take("hostname");
    if let Some(inner) = arguments.take("endpoint") {
        // Then the host is only who is expected there.
        name = name.or_else(|| Some(endpoint.certified_name().to_owned()));
        let inner = Endpoint::parse(&inner)?;
        *endpoint = if inner.tls.is_none() { inner } else { return Err(BadEndpoint::Argument("endpoint".to_owned())) };
    }
    endpoint.tls = Some(Tls { trusted: trusted.map(PathBuf::from), name, identity });
    Ok(())
}

fn timeout(arguments: &mut Arguments) -> Result<Option<Duration>, BadEndpoint> {
    let Some(value) = arguments.take("timeout") else { return Ok(None) };
    match value.parse::<u64>() {
        Ok(seconds) => Ok(Some(Duration::from_secs(seconds))),
        Err(_) => Err(BadEndpoint::Value { name: "timeout", value }),
    }
}

fn from(arguments: &mut Arguments) -> Result<Option<IpAddr>, BadEndpoint> {
    let Some(value) = arguments.take("bindAddress") else { return Ok(None) };
    match value.parse::<IpAddr>() {
        Ok(address) => Ok(Some(address)),
        Err(_) => Err(BadEndpoint::Value { name: "bindAddress", value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(host: &str, port: u16, tls: Option<Tls>) -> Endpoint {
        Endpoint { tls, ..Endpoint::plain(Place::Host { host: host.to_owned(), port }) }
    }

    fn socket(path: &str, tls: Option<Tls>) -> Endpoint {
        Endpoint { tls, ..Endpoint::plain(Place::Socket(path.into())) }
    }

    #[test]
    fn a_master_without_a_port_listens_on_the_usual_one() {
        let cases = [("build.example.org", 9989), ("build.example.org:99", 99)];
        for (address, port) in cases {
            assert_eq!(Endpoint::of_address(address), Ok(endpoint("build.example.org", port, None)));
        }
        let six = Endpoint::of_address("[::1]:9000").unwrap();
        assert_eq!((&six, six.address().as_str()), (&endpoint("::1", 9000, None), "[::1]:9000"));
        assert_eq!(Endpoint::of_address("[::1]"), Ok(endpoint("::1", 9989, None)));
        assert!(Endpoint::of_address("host:port").is_err());
        assert!(Endpoint::of_address("").is_err());
    }

    #[test]
    fn connection_strings_name_host_and_port_by_position_or_by_word() {
        let trusted = |path: &str| Some(Tls { trusted: Some(path.into()), ..Tls::default() });
        let cases = [
            ("tcp:h:1", endpoint("h", 1, None)),
            ("TCP:port=1:host=h", endpoint("h", 1, None)),
            ("tcp:host=h:1", endpoint("h", 1, None)),
            ("tls:h:1", endpoint("h", 1, Some(Tls::default()))),
            ("ssl:h:1:caCertsDir=/etc/ca", endpoint("h", 1, trusted("/etc/ca"))),
            (r"tls:\:\:1:1:trustRoots=C\:/ca", endpoint("::1", 1, trusted("C:/ca"))),
            ("unix:/run/master", socket("/run/master", None)),
            (r"unix:path=/run/a\:b=c:lockfile=1", socket("/run/a:b=c", None)),
            (r"unix:/run/a\=b", socket("/run/a=b", None)),
        ];
        for (text, expected) in cases {
            assert_eq!(Endpoint::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn a_certificate_of_the_worker_has_its_key_in_the_same_file_or_in_another() {
        let identity = |text: &str| Endpoint::parse(text).unwrap().tls.unwrap().identity.unwrap();
        let of = |certificate: &str, key: &str| Identity { certificate: certificate.into(), key: key.into() };
        assert_eq!(identity("tls:h:1:certificate=c.pem:privateKey=k.pem"), of("c.pem", "k.pem"));
        assert_eq!(identity("tls:h:1:certificate=both.pem"), of("both.pem", "both.pem"));
        assert_eq!(identity("ssl:h:1:privateKey=k.pem:certKey=c.pem"), of("c.pem", "k.pem"));
        assert_eq!(identity("tls:h:1:30:127.0.0.1:c.pem:k.pem"), of("c.pem", "k.pem"));
    }

    #[test]
    fn time_limit_and_own_address_are_those_of_the_connection() {
        let found = Endpoint::parse("tcp:h:1:timeout=7:bindAddress=127.0.0.2").unwrap();
        assert_eq!((found.timeout, found.from), (Some(Duration::from_secs(7)), "127.0.0.2".parse().ok()));
        assert_eq!(Endpoint::parse("unix:/x:timeout=9").unwrap().timeout, Some(Duration::from_secs(9)));
        let bad = |text: &str| matches!(Endpoint::parse(text), Err(BadEndpoint::Value { .. }));
        assert!(bad("tcp:h:1:timeout=soon") && bad("tcp:h:1:bindAddress=eth0"));
    }

    #[test]
    fn what_is_reached_and_who_is_expected_there_may_differ() {
        let wrapped = Endpoint::parse(r"tls:master.example:0:endpoint=unix\:/run/x").unwrap();
        assert_eq!((&wrapped.place, wrapped.certified_name()), (&Place::Socket("/run/x".into()), "master.example"));
        let named = Endpoint::parse("ssl:10.0.0.1:1:hostname=master.example").unwrap();
        assert_eq!((named.address().as_str(), named.certified_name()), ("10.0.0.1:1", "master.example"));
        assert_eq!(Endpoint::parse("tls:h:1").unwrap().certified_name(), "h");
        assert!(Endpoint::parse(r"tls:h:1:endpoint=tls\:h\:1").is_err());
        assert!(Endpoint::parse(r"tls:h:1:endpoint=pigeon\:1").is_err());
    }

    #[test]
    fn what_is_no_place_is_objected_to() {
        assert_eq!(Endpoint::parse("udp:h:1"), Err(BadEndpoint::Kind("udp".to_owned())));
        assert!(matches!(Endpoint::parse("tcp:h"), Err(BadEndpoint::Incomplete(_))));
        assert!(matches!(Endpoint::parse("tcp:h:1:trustRoots=/x"), Err(BadEndpoint::Argument(_))));
        assert!(matches!(Endpoint::parse("tcp:h:1:2"), Err(BadEndpoint::Argument(_))));
        assert!(matches!(Endpoint::parse("unix:"), Err(BadEndpoint::NoPath(_))));
        assert!(matches!(Endpoint::parse("unix:/x:bindAddress=127.0.0.1"), Err(BadEndpoint::Argument(_))));
    }
}
