//! Where to listen, as Twisted's endpoint strings say it: `9989`, `tcp:9989:interface=127.0.0.1`.

use super::ListenAddress;

/// The reason a text is not a place to listen at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StrportError {
    #[error("'{0}' is not a port number between 1 and 65535")]
    Port(String),
    #[error("'{0}:' endpoints are not available yet; use 'tcp:PORT' and a proxy in front of it")]
    NotYet(String),
    #[error("unknown kind of endpoint '{0}'; use a number or 'tcp:PORT:interface=ADDRESS'")]
    Kind(String),
    #[error("unknown endpoint option '{0}'; 'interface' and 'backlog' are known")]
    Option(String),
}

impl ListenAddress {
    /// Parses a port number or an endpoint string. Port 0 lets the system choose one.
    pub fn parse(text: &str) -> Result<Self, StrportError> {
        let mut parts = split(text).into_iter();
        let first = parts.next().unwrap_or_default();
        let port = match first.as_str() {
            "tcp" => parts.next().unwrap_or_default(),
            "ssl" | "tls" | "unix" | "tcp6" | "systemd" => return Err(StrportError::NotYet(first)),
            _ if first.bytes().all(|byte| byte.is_ascii_digit()) => first,
            _ if text.contains(':') => return Err(StrportError::Kind(first)),
            _ => return Err(StrportError::Port(first)),
        };
        let port = port.strip_prefix("port=").unwrap_or(&port);
        let mut address =
            Self { port: port.parse().map_err(|_| StrportError::Port(port.to_owned()))?, interface: None };
        for option in parts {
            match option.split_once('=') {
                Some(("interface", interface)) => {
                    address.interface = Some(interface.to_owned()).filter(|interface| !interface.is_empty());
                }
                Some(("backlog", _)) => {}
                _ => return Err(StrportError::Option(option)),
            }
        }
        Ok(address)
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
        ListenAddress { port, interface: interface.map(str::to_owned) }
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
        assert_eq!(ListenAddress::parse("ssl:9990:privateKey=k"), Err(StrportError::NotYet("ssl".into())));
        assert_eq!(ListenAddress::parse("udp:1"), Err(StrportError::Kind("udp".into())));
        assert_eq!(ListenAddress::parse("70000"), Err(StrportError::Port("70000".into())));
        assert_eq!(ListenAddress::parse("http"), Err(StrportError::Port("http".into())));
        assert_eq!(ListenAddress::parse("tcp:1:bind=x"), Err(StrportError::Option("bind=x".into())));
    }
}
