//! Who watches which routing keys: a tree of the components of patterns, so that an event costs as many steps as its
//! key has components, however many patterns there are.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::UNKNOWN;
use super::room::ClientId;

/// Longest pattern, in bytes; Buildbot's own longest keys have about a hundred.
const MAX_LENGTH: usize = 512;
/// Most components of a pattern.
const MAX_COMPONENTS: usize = 16;
/// Matches every component.
const STAR: &str = "*";

/// The reason a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path is longer than {MAX_LENGTH} bytes or has more than {MAX_COMPONENTS} components")]
pub struct TooLong;

/// Patterns of all clients of a hub. `*` stands for exactly one component.
#[derive(Debug, Default)]
pub struct Patterns {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    below: BTreeMap<Box<str>, Node>,
    watchers: BTreeSet<ClientId>,
}

/// Whether a text is short enough to be kept.
pub fn check(pattern: &str) -> Result<(), TooLong> {
    let is_short = pattern.len() <= MAX_LENGTH && pattern.split('/').count() <= MAX_COMPONENTS;
    if is_short { Ok(()) } else { Err(TooLong) }
}

impl Patterns {
    pub fn insert(&mut self, pattern: &str, client: ClientId) {
        let mut node = &mut self.root;
        for component in pattern.split('/') {
            node = node.below.entry(component.into()).or_default();
        }
        node.watchers.insert(client);
    }

    pub fn remove(&mut self, pattern: &str, client: ClientId) {
        let components: Vec<&str> = pattern.split('/').collect();
        self.root.remove(&components, client);
    }

    pub fn is_empty(&self) -> bool {
        self.root.is_empty()
    }

    /// Whether anybody watches the key. A component of it may be [`UNKNOWN`] and then matches everything.
    pub fn is_watched(&self, key: &str) -> bool {
        let components: Vec<&str> = key.split('/').collect();
        self.root.is_watched(&components)
    }

    /// Who watches the key: once for each pattern.
    pub fn watchers(&self, key: &str) -> Vec<ClientId> {
        let components: Vec<&str> = key.split('/').collect();
        let mut found = Vec::new();
        self.root.collect(&components, &mut found);
        found
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        self.below.is_empty() && self.watchers.is_empty()
    }

    /// Nodes that nobody needs any more go too.
    fn remove(&mut self, components: &[&str], client: ClientId) {
        let Some((first, rest)) = components.split_first() else {
            self.watchers.remove(&client);
            return;
        };
        let Some(node) = self.below.get_mut(*first) else { return };
        node.remove(rest, client);
        if node.is_empty() {
            self.below.remove(*first);
        }
    }

    fn is_watched(&self, components: &[&str]) -> bool {
        let Some((first, rest)) = components.split_first() else { return !self.watchers.is_empty() };
        if *first == UNKNOWN {
            return self.below.values().any(|node| node.is_watched(rest));
        }
        [*first, STAR].iter().filter_map(|name| self.below.get(*name)).any(|node| node.is_watched(rest))
    }

    fn collect(&self, components: &[&str], found: &mut Vec<ClientId>) {
        let Some((first, rest)) = components.split_first() else {
            found.extend(&self.watchers);
            return;
        };
        for node in [*first, STAR].iter().filter_map(|name| self.below.get(*name)) {
            node.collect(rest, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: ClientId = ClientId(1);
    const BOB: ClientId = ClientId(2);

    fn patterns(of: &[(&str, ClientId)]) -> Patterns {
        let mut patterns = Patterns::default();
        for (pattern, client) in of {
            patterns.insert(pattern, *client);
        }
        patterns
    }

    #[test]
    fn a_star_stands_for_exactly_one_component() {
        let patterns = patterns(&[("builds/*/*", ANN), ("builders/3/builds/*/*", BOB), ("*/7/*", BOB)]);
        assert_eq!(patterns.watchers("builds/14/new"), [ANN]);
        assert_eq!(patterns.watchers("builds/7/new"), [ANN, BOB]);
        assert_eq!(patterns.watchers("builders/3/builds/9/finished"), [BOB]);
        for key in ["builds/14", "builds/14/properties/update", "builders/4/builds/9/finished", "builds", ""] {
            assert!(patterns.watchers(key).is_empty(), "{key}");
            assert!(!patterns.is_watched(key), "{key}");
        }
    }

    #[test]
    fn two_patterns_of_a_client_count_twice() {
        let patterns = patterns(&[("changes/*/*", ANN), ("*/*/*", ANN), ("*/*/*", ANN)]);
        assert_eq!(patterns.watchers("changes/8/new"), [ANN, ANN]);
    }

    #[test]
    fn a_component_that_is_not_known_yet_could_be_anything() {
        let patterns = patterns(&[("steps/98/logs/stdio/append", ANN)]);
        assert!(patterns.is_watched("steps/98/logs/?/append"));
        assert!(!patterns.is_watched("steps/99/logs/?/append"));
        assert!(!patterns.is_watched("steps/98/logs/?/new"));
    }

    #[test]
    fn what_nobody_watches_any_more_is_forgotten() {
        let mut patterns = patterns(&[("builds/*/*", ANN), ("builds/*/*", BOB), ("builds/7/*", ANN)]);
        patterns.remove("builds/*/*", ANN);
        assert_eq!(patterns.watchers("builds/7/new"), [ANN, BOB]);
        patterns.remove("builds/7/*", ANN);
        patterns.remove("never/inserted", ANN);
        patterns.remove("builds/*/*", BOB);
        assert!(patterns.is_empty());
    }

    #[test]
    fn patterns_have_limits() {
        assert_eq!(check("builders/*/builds/*/*"), Ok(()));
        assert_eq!(check(&"x".repeat(MAX_LENGTH + 1)), Err(TooLong));
        assert_eq!(check(&"*/".repeat(MAX_COMPONENTS)), Err(TooLong));
    }
}
