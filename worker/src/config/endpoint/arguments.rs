//! The arguments of a connection string: by position or by word, separated by colons.

use std::collections::BTreeMap;

use super::BadEndpoint;

/// The kinds of connections: their arguments by position, and those that have to be named.
const KINDS: [(&str, &[&str], &[&str]); 4] = [
    ("tcp", &["host", "port"], &["timeout", "bindAddress"]),
    (
        "ssl",
        &["host", "port"],
        &["timeout", "bindAddress", "certKey", "privateKey", "caCertsDir", "trustRoots", "hostname"],
    ),
    (
        "tls",
        &["host", "port", "timeout", "bindAddress", "certificate", "privateKey", "trustRoots", "endpoint"],
        &["caCertsDir"],
    ),
    ("unix", &["path"], &["lockfile", "timeout"]),
];

/// What was said, by name.
#[derive(Debug)]
pub(super) struct Arguments {
    kind: &'static str,
    values: BTreeMap<&'static str, String>,
}

impl Arguments {
    /// Takes a text apart. A word that the kind does not know is an error, and so is one too many.
    pub(super) fn read(text: &str) -> Result<Self, BadEndpoint> {
        let mut parts = split(text).into_iter();
        let wanted = parts.next().map(|(_, value)| value).unwrap_or_default();
        let found = KINDS.iter().find(|(kind, ..)| wanted.eq_ignore_ascii_case(kind));
        let (kind, positions, words) = found.ok_or(BadEndpoint::Kind(wanted))?;
        let mut values = BTreeMap::new();
        for (name, value) in parts {
            let name = match name {
                Some(name) => positions.iter().chain(*words).find(|known| **known == name).ok_or(name),
                None => positions.iter().find(|position| !values.contains_key(*position)).ok_or(value.clone()),
            };
            values.insert(*name.map_err(BadEndpoint::Argument)?, value);
        }
        Ok(Self { kind, values })
    }

    pub(super) fn kind(&self) -> &'static str {
        self.kind
    }

    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        self.values.remove(name)
    }

    /// Nothing may be left that nobody took.
    pub(super) fn finish(self) -> Result<(), BadEndpoint> {
        match self.values.into_keys().next() {
            Some(name) => Err(BadEndpoint::Argument(name.to_owned())),
            None => Ok(()),
        }
    }
}

/// Splits at colons, and each part at its first equals sign; a backslash takes the next character as it is.
fn split(text: &str) -> Vec<(Option<String>, String)> {
    let mut parts = Vec::new();
    let (mut name, mut value) = (None, String::new());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ':' => parts.push((name.take(), std::mem::take(&mut value))),
            '=' if name.is_none() => name = Some(std::mem::take(&mut value)),
            '\\' => value.extend(characters.next()),
            other => value.push(other),
        }
    }
    parts.push((name, value));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_separated_by_colons_that_nothing_guards() {
        let part = |name: Option<&str>, value: &str| (name.map(str::to_owned), value.to_owned());
        let expected = [part(None, "a"), part(Some("b"), "c=d:e"), part(None, r"f=\"), part(None, "")];
        assert_eq!(split(r"a:b=c=d\:e:f\=\\:"), expected);
    }

    #[test]
    fn what_was_not_taken_is_left() {
        let mut arguments = Arguments::read("tcp:h:port=1").unwrap();
        assert_eq!((arguments.take("host").as_deref(), arguments.take("timeout")), (Some("h"), None));
        assert_eq!(arguments.finish(), Err(BadEndpoint::Argument("port".to_owned())));
    }
}
