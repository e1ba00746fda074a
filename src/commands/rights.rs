//! Who may give which command.
//!
//! A nickname is no proof: who may do what on a network where nobody registers is decided by who may come into the channel.

use super::table::{self, Danger};

/// Whom the configuration lets give a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed {
    Everybody,
    Nobody,
    /// Names, or masks such as `*!*@*.example.org`.
    These(Vec<String>),
}

/// Who may give which command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// By command.
    pub by_command: Vec<(String, Allowed)>,
    /// For commands that are not named.
    pub harmless: Option<Allowed>,
    /// For dangerous commands that are not named.
    pub dangerous: Option<Allowed>,
}

/// Somebody in a chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub name: String,
    /// Name, user and host: `alice!al@host.example.org`.
    pub mask: String,
}

impl Rights {
    /// Whether somebody may give the command of this name.
    pub fn allow(&self, command: &str, who: &Person) -> bool {
        let named = self.by_command.iter().rev().find(|(name, _)| name.eq_ignore_ascii_case(command));
        let is_dangerous = table::find(command).is_none_or(|row| row.danger == Danger::Dangerous);
        let otherwise = match is_dangerous {
            true => self.dangerous.clone().unwrap_or(Allowed::Nobody),
            false => self.harmless.clone().unwrap_or(Allowed::Everybody),
        };
        match named.map_or(&otherwise, |(_, allowed)| allowed) {
            Allowed::Everybody => true,
            Allowed::Nobody => false,
            Allowed::These(names) => names.iter().any(|name| fits(name, who)),
        }
    }
}

fn fits(pattern: &str, who: &Person) -> bool {
    match pattern.contains(['!', '@', '*']) {
        true => matches(pattern.as_bytes(), who.mask.as_bytes()),
        false => pattern.eq_ignore_ascii_case(&who.name),
    }
}

/// Whether a text fits a pattern with `*`, letters of any case.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen, mut star): (usize, usize, Option<(usize, usize)>) = (0, 0, None);
    while let Some(letter) = text.get(seen) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, seen));
                at += 1;
            }
            Some(wanted) if wanted.eq_ignore_ascii_case(letter) => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((behind, from)) => {
                    (at, seen) = (behind, from + 1);
                    star = Some((behind, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|letter| *letter == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str) -> Person {
        Person { name: name.to_owned(), mask: format!("{name}!user@host.example.org") }
    }

    #[test]
    fn without_words_of_the_configuration_everybody_looks_and_nobody_changes() {
        let rights = Rights::default();
        assert!(rights.allow("status", &person("eve")) && rights.allow("notify", &person("eve")));
        assert!(!rights.allow("force", &person("eve")) && !rights.allow("shutdown", &person("eve")));
        assert!(!rights.allow("something else", &person("eve")));
    }

    #[test]
    fn a_command_that_is_named_counts_more_than_the_rest() {
        let these = |names: &[&str]| Allowed::These(names.iter().map(|name| (*name).to_owned()).collect());
        let rights = Rights {
            by_command: vec![("force".to_owned(), these(&["Alice"])), ("mute".to_owned(), Allowed::Nobody)],
            harmless: Some(these(&["bob"])),
            dangerous: Some(these(&["*!*@*.EXAMPLE.org"])),
        };
        assert!(rights.allow("force", &person("alice")) && !rights.allow("force", &person("bob")));
        assert!(rights.allow("status", &person("bob")) && !rights.allow("status", &person("alice")));
        assert!(!rights.allow("mute", &person("bob")));
        assert!(rights.allow("stop", &person("anybody")));
        let elsewhere = Person { name: "x".to_owned(), mask: "x!user@example.org.evil".to_owned() };
        assert!(!rights.allow("stop", &elsewhere));
    }

    #[test]
    fn masks_have_stars() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*!*@b", "a!c@b", true),
            ("*!*@b", "a!c@bb", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXc", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
