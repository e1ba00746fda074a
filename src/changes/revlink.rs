//! Links to revisions: where the web pages of a repository show a commit. A change that brings no link of its own gets
//! one by the rules of `c['revlink']`.

use regex::{Captures, Regex};

use crate::domain::Callback;

/// `c['revlink']`.
#[derive(Clone, Debug, PartialEq)]
pub enum Revlink {
    /// The first that knows the repository makes the link.
    Rules(Vec<RevlinkRule>),
    /// Called with revision and repository; gives a link or nothing.
    Function(Callback),
}

/// What it does if the file says nothing: it knows public hosts.
impl Default for Revlink {
    fn default() -> Self {
        Self::Rules(KnownHost::ALL.iter().map(|host| host.rule()).collect())
    }
}

/// `util.RevlinkMatch`: repositories, and how a link to one of their revisions is made.
#[derive(Clone, Debug)]
pub struct RevlinkRule {
    repositories: Vec<Regex>,
    link: String,
}

impl PartialEq for RevlinkRule {
    fn eq(&self, other: &Self) -> bool {
        let texts = |rule: &Self| rule.repositories.iter().map(ToString::to_string).collect::<Vec<_>>();
        self.link == other.link && texts(self) == texts(other)
    }
}

impl RevlinkRule {
    /// `repositories` are patterns for URLs, from their start. In `link` stands `%s` for the revision, and `\1` or
    /// `\g<name>` for what a group of the pattern has matched.
    pub fn new(repositories: &[String], link: &str) -> Result<Self, regex::Error> {
        let compiled = repositories.iter().map(|pattern| Regex::new(&format!("^(?:{pattern})")));
        Ok(Self { repositories: compiled.collect::<Result<_, _>>()?, link: link.to_owned() })
    }

    /// The link to a revision; nothing if this rule does not know the repository.
    pub fn link(&self, revision: &str, repository: &str) -> Option<String> {
        let groups = self.repositories.iter().find_map(|pattern| pattern.captures(repository))?;
        Some(expand(&self.link, &groups, revision))
    }
}

/// Hosts with addresses that are the same for all of their repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownHost {
    GitHub,
    SourceForge,
    SourceForgeAllura,
    Bitbucket,
}

impl KnownHost {
    pub const ALL: [Self; 4] = [Self::GitHub, Self::SourceForge, Self::SourceForgeAllura, Self::Bitbucket];

    pub fn rule(self) -> RevlinkRule {
        let (repository, link) = match self {
            Self::GitHub => (
                r"(?:https://(?:[^@/]*@)?|git://|ssh://git@|git@)github\.com[:/]([^/]+)/([^/]+?)(?:\.git)?/?$",
                r"https://github.com/\1/\2/commit/%s",
            ),
            Self::Bitbucket => (
                r"(?:https://(?:[^@/]*@)?|ssh://git@|git@)bitbucket\.org[:/]([^/]+)/([^/]+?)(?:\.git)?/?$",
                r"https://bitbucket.org/\1/\2/commits/%s",
            ),
            Self::SourceForge => (
                r"(?:git://|ssh://[^@/]*@|[^@/]*@)([^./]+)\.git\.sourceforge\.net[:/]/?gitroot/(.+)$",
                r"http://\1.git.sourceforge.net/git/gitweb.cgi?p=\2;a=commit;h=%s",
            ),
            Self::SourceForgeAllura => (
                r"(?:git://|https?://|ssh://[^@/]*@)git\.code\.sf\.net/p/(.+)$",
                r"https://sourceforge.net/p/\1/ci/%s/",
            ),
        };
        RevlinkRule::new(&[repository.to_owned()], link).expect("these patterns are tested")
    }
}

fn expand(link: &str, groups: &Captures<'_>, revision: &str) -> String {
    let mut expanded = String::new();
    let mut rest = link;
    while let Some(at) = rest.find(['\\', '%']) {
        expanded.push_str(&rest[..at]);
        let (value, length) = escape(&rest[at..], groups, revision);
        expanded.push_str(value);
        rest = &rest[at + length..];
    }
    expanded + rest
}

/// What an escape at the start of a text stands for, and its length; an unknown one stands for itself.
fn escape<'a>(text: &'a str, groups: &'a Captures<'_>, revision: &'a str) -> (&'a str, usize) {
    let group = |found: Option<regex::Match<'a>>| found.map_or("", |found| found.as_str());
    if text.starts_with("%s") {
        return (revision, 2);
    }
    if text.starts_with("%%") {
        return ("%", 2);
    }
    if let Some((name, _)) = text.strip_prefix(r"\g<").and_then(|rest| rest.split_once('>')) {
        let found = name.parse().map_or_else(|_| groups.name(name), |number| groups.get(number));
        return (group(found), name.len() + 4);
    }
    match text[1..].chars().next().and_then(|digit| digit.to_digit(10)) {
        Some(number) if text.starts_with('\\') => (group(groups.get(number as usize)), 2),
        _ => (&text[..1], 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn default_link(repository: &str) -> Option<String> {
        let Revlink::Rules(rules) = Revlink::default() else { panic!("no rules") };
        rules.iter().find_map(|rule| rule.link("abc", repository))
    }

    #[test]
    fn public_hosts_are_known_by_all_addresses_of_their_repositories() {
        let github = Some("https://github.com/ada/engine/commit/abc".to_owned());
        for address in [
            "https://github.com/ada/engine",
            "https://github.com/ada/engine.git",
            "https://token@github.com/ada/engine.git",
            "git://github.com/ada/engine.git",
            "git@github.com:ada/engine.git",
            "ssh://git@github.com/ada/engine",
        ] {
            assert_eq!(default_link(address), github, "{address}");
        }
        assert_eq!(
            default_link("https://ada@bitbucket.org/ada/engine.git").as_deref(),
            Some("https://bitbucket.org/ada/engine/commits/abc")
        );
        assert_eq!(
            default_link("git://git.code.sf.net/p/engine/code").as_deref(),
            Some("https://sourceforge.net/p/engine/code/ci/abc/")
        );
        assert_eq!(
            default_link("git://engine.git.sourceforge.net/gitroot/engine").as_deref(),
            Some("http://engine.git.sourceforge.net/git/gitweb.cgi?p=engine;a=commit;h=abc")
        );
        assert_eq!(default_link("https://git.example.org/ada/engine"), None);
        assert_eq!(default_link("https://github.com.example.org/ada/engine"), None);
    }

    #[test]
    fn a_link_takes_numbered_and_named_groups() {
        let patterns = [r"git://h/(?P<owner>\w+)/(\w+)".to_owned(), r"other:(\w+)".to_owned()];
        let rule = RevlinkRule::new(&patterns, r"http://h/\g<owner>/\2/\g<2>/%s?100%%&%d\n").unwrap();
        assert_eq!(
            rule.link("a%sb", "git://h/ada/engine").as_deref(),
            Some(r"http://h/ada/engine/engine/a%sb?100%&%d\n")
        );
        assert_eq!(rule.link("r", "other:x").as_deref(), Some(r"http://h////r?100%&%d\n"));
        assert_eq!(rule.link("r", "see git://h/ada/engine"), None);
    }
}
