//! Which keys hosts are known to have: files such as `~/.ssh/known_hosts`, as OpenSSH writes them.
//!
//! The readers of the library know neither patterns nor marks, so the files are read here.

use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use super::pattern;

/// The port that is not part of a host's name.
pub(super) const USUAL_PORT: u16 = 22;

/// What is known of a key that a host shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    /// Nothing is known of this host.
    Unknown,
    /// The host is known by another key, which stands at this place.
    Changed(String),
    /// Nobody may be trusted who shows this key; the place says so.
    Revoked(String),
}

/// All lines of all files.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownHosts(Vec<Line>);

#[derive(Clone, Debug)]
struct Line {
    /// File and number.
    place: String,
    is_revoked: bool,
    hosts: Hosts,
    key_type: String,
    key: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Hosts {
    Patterns(String),
    Hashed { salt: Vec<u8>, hash: Vec<u8> },
}

impl KnownHosts {
    /// Reads those of the files that there are.
    pub(super) fn read(files: &[PathBuf]) -> Self {
        let mut all = Self::default();
        for file in files {
            if let Ok(bytes) = fs::read(file) {
                all.add(&file.display().to_string(), &String::from_utf8_lossy(&bytes));
            }
        }
        all
    }

    /// Lines that mean nothing are passed over, as OpenSSH does.
    fn add(&mut self, file: &str, text: &str) {
        for (n, line) in text.lines().enumerate() {
            self.0.extend(Line::parse(&format!("{file}:{}", n + 1), line));
        }
    }

    /// The kinds of keys that a host is known by, so that it is asked for one of these.
    pub(super) fn key_types(&self, host: &str, port: u16) -> Vec<&str> {
        let lines = self.of(host, port).into_iter().filter(|line| !line.is_revoked);
        lines.map(|line| line.key_type.as_str()).collect()
    }

    /// Compares the key that a host shows with what is known.
    pub(super) fn verdict(&self, host: &str, port: u16, key: &[u8]) -> Verdict {
        let lines = self.of(host, port);
        if let Some(line) = lines.iter().find(|line| line.is_revoked && line.key == key) {
            return Verdict::Revoked(line.place.clone());
        }
        let mut known = lines.iter().filter(|line| !line.is_revoked);
        match known.clone().next() {
            None => Verdict::Unknown,
            Some(_) if known.any(|line| line.key == key) => Verdict::Known,
            Some(first) => Verdict::Changed(first.place.clone()),
        }
    }

    /// The lines about a host. At another port than usual, the name without the port counts if nothing else is known.
    fn of(&self, host: &str, port: u16) -> Vec<&Line> {
        let named = |name: String| self.0.iter().filter(|line| line.hosts.are(&name)).collect::<Vec<_>>();
        let host = host.to_lowercase();
        if port == USUAL_PORT {
            return named(host);
        }
        let at_port = named(format!("[{host}]:{port}"));
        if at_port.iter().any(|line| !line.is_revoked) { at_port } else { [at_port, named(host)].concat() }
    }
}

impl Line {
    fn parse(place: &str, line: &str) -> Option<Self> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut words = line.split_whitespace();
        let mut hosts = words.next()?;
        let is_revoked = match hosts.strip_prefix('@') {
            None => false,
            Some("revoked") => {
                hosts = words.next()?;
                true
            }
            // Authorities vouch by certificates, which the library does not ask for.
            Some(_) => return None,
        };
        let key_type = words.next()?.to_owned();
        let key = STANDARD.decode(words.next()?).ok()?;
        Some(Self { place: place.to_owned(), is_revoked, hosts: Hosts::parse(hosts)?, key_type, key })
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Self> {
        let Some(hashed) = text.strip_prefix("|1|") else { return Some(Self::Patterns(text.to_owned())) };
        let (salt, hash) = hashed.split_once('|')?;
        Some(Self::Hashed { salt: STANDARD.decode(salt).ok()?, hash: STANDARD.decode(hash).ok()? })
    }

    fn are(&self, name: &str) -> bool {
        match self {
            Self::Patterns(patterns) => pattern::any(patterns.split(','), name),
            Self::Hashed { salt, hash } => {
                let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, salt);
                hmac::verify(&key, name.as_bytes(), hash).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `aa` is one key in base64, `bb` another.
    fn known(text: &str) -> KnownHosts {
        let mut known = KnownHosts::default();
        known.add("file", text);
        known
    }

    fn verdict(text: &str, host: &str, port: u16) -> Verdict {
        known(text).verdict(host, port, &STANDARD.decode("aaaa").unwrap())
    }

    #[test]
    fn a_host_is_known_by_its_key() {
        let text = "# ours\n\nother ssh-rsa bbbb\nBuild.example.org,10.0.0.1 ssh-ed25519 aaaa ann@home\n";
        assert_eq!(verdict(text, "10.0.0.1", 22), Verdict::Known);
        assert_eq!(verdict(&text.to_lowercase(), "BUILD.example.org", 22), Verdict::Known);
        assert_eq!(verdict(text, "10.0.0.2", 22), Verdict::Unknown);
        assert_eq!(verdict(text, "other", 22), Verdict::Changed("file:3".to_owned()));
        assert_eq!(known(text).key_types("other", 22), ["ssh-rsa"]);
    }

    #[test]
    fn one_of_several_keys_is_enough() {
        let text = "h ssh-rsa bbbb\nh ssh-ed25519 aaaa";
        assert_eq!(verdict(text, "h", 22), Verdict::Known);
        assert_eq!(known(text).key_types("h", 22), ["ssh-rsa", "ssh-ed25519"]);
    }

    #[test]
    fn patterns_hold_and_exceptions_do_not() {
        let text = "*.example.org,!bad.example.org,h? ssh-rsa aaaa";
        assert_eq!(verdict(text, "a.example.org", 22), Verdict::Known);
        assert_eq!(verdict(text, "h1", 22), Verdict::Known);
        assert_eq!(verdict(text, "bad.example.org", 22), Verdict::Unknown);
    }

    #[test]
    fn a_port_is_part_of_the_name_unless_only_the_name_is_known() {
        assert_eq!(verdict("[h]:2222 ssh-rsa aaaa\nh ssh-rsa bbbb", "h", 2222), Verdict::Known);
        assert_eq!(verdict("h ssh-rsa aaaa", "h", 2222), Verdict::Known);
        assert_eq!(verdict("[h]:2222 ssh-rsa aaaa", "h", 22), Verdict::Unknown);
        let changed = verdict("[h]:2222 ssh-rsa bbbb\nh ssh-rsa aaaa", "h", 2222);
        assert_eq!(changed, Verdict::Changed("file:1".to_owned()));
    }

    #[test]
    fn names_may_be_hashed() {
        // What `ssh-keygen -H` makes of "[127.0.0.1]:2222".
        let text = "|1|El/Jx2s8Qa+XjMWCOo9ifh/FA+w=|D40hQHuSOpXiqI2n7RiYS2znRtc= ssh-ed25519 aaaa";
        assert_eq!(verdict(text, "127.0.0.1", 2222), Verdict::Known);
        assert_eq!(verdict(text, "127.0.0.1", 2223), Verdict::Unknown);
    }

    #[test]
    fn a_revoked_key_is_nobodys() {
        let text = "h ssh-rsa aaaa\n@revoked * ssh-rsa aaaa\n@cert-authority * ssh-rsa bbbb";
        assert_eq!(verdict(text, "h", 22), Verdict::Revoked("file:2".to_owned()));
        assert_eq!(verdict("@revoked * ssh-rsa bbbb", "h", 22), Verdict::Unknown);
    }

    #[test]
    fn lines_that_mean_nothing_are_passed_over() {
        let text = "h\nh ssh-rsa\nh ssh-rsa !!!\n|1|x ssh-rsa aaaa\n@revoked\nh ssh-rsa aaaa";
        assert_eq!(verdict(text, "h", 22), Verdict::Known);
    }
}
