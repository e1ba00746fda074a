//! Which differences are allowed: exactly those of `docs/DIFFERENCES.md`.
//!
//! There a line in a block `differences` says `SEQUENCE < FACT` of what only Buildbot has, and `SEQUENCE > FACT` of what
//! only ours has; `*` stands for anything.

use std::collections::BTreeMap;

pub struct Allowed {
    patterns: Vec<Pattern>,
}

struct Pattern {
    text: String,
    sequence: String,
    side: &'static str,
    fact: String,
    used: bool,
}

impl Allowed {
    pub fn new() -> Self {
        let text = include_str!("../../../docs/DIFFERENCES.md");
        let mut patterns = Vec::new();
        for block in text.split("```differences\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            patterns.extend(block.lines().map(Pattern::parse));
        }
        Self { patterns }
    }

    /// The differences that nobody has explained.
    pub fn unexplained(&mut self, sequence: &str, peer: &[String], ours: &[String]) -> Vec<String> {
        let mut counts: BTreeMap<&str, i64> = BTreeMap::new();
        peer.iter().for_each(|fact| *counts.entry(fact).or_default() -= 1);
        ours.iter().for_each(|fact| *counts.entry(fact).or_default() += 1);
        let differing = counts.into_iter().filter(|(_, count)| *count != 0);
        let told = differing.map(|(fact, count)| (if count < 0 { "<" } else { ">" }, fact));
        told.filter(|(side, fact)| !self.explain(sequence, side, fact))
            .map(|(side, fact)| format!("{sequence} {side} {fact}"))
            .collect()
    }

    fn explain(&mut self, sequence: &str, side: &str, fact: &str) -> bool {
        let fits = |pattern: &&mut Pattern| {
            pattern.side == side && matches(&pattern.sequence, sequence) && matches(&pattern.fact, fact)
        };
        let Some(pattern) = self.patterns.iter_mut().find(fits) else { return false };
        pattern.used = true;
        true
    }

    /// What is allowed for one of these sequences and did not happen.
    pub fn unused(&self, played: &[&str]) -> Vec<&str> {
        let unused =
            self.patterns.iter().filter(|pattern| !pattern.used && played.contains(&pattern.sequence.as_str()));
        unused.map(|pattern| pattern.text.as_str()).collect()
    }
}

impl Pattern {
    fn parse(line: &str) -> Self {
        let wrong = || panic!("docs/DIFFERENCES.md: {line}");
        let (sequence, rest) = line.split_once(' ').unwrap_or_else(wrong);
        let (side, fact) = rest.split_once(' ').unwrap_or_else(wrong);
        let side = if side == "<" { "<" } else { ">" };
        Self { text: line.to_owned(), sequence: sequence.to_owned(), side, fact: fact.to_owned(), used: false }
    }
}

/// Whether a text is as a pattern says, in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).any(|at| matches(after, &rest[at..]))
}

#[test]
fn a_star_stands_for_anything() {
    assert!(matches("a * c", "a b b c") && matches("*", "") && matches("a*", "ab") && matches("a", "a"));
    assert!(!matches("a * c", "a b b d") && !matches("a", "ab") && !matches("*b", "abc"));
}
