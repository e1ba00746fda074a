//! Masks secrets in a text that arrives in pieces.
//!
//! A secret may begin in one piece and end in the next, so the end of a piece is held back as long as it could be the
//! beginning of a secret. What is held back is always shorter than the longest secret. Where secrets overlap in the
//! text, everything they cover is masked.

use std::borrow::Cow;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::Secret;

/// What to mask; cheap to clone and to share.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    masks: Arc<[Mask]>,
}

struct Mask {
    finder: Finder<'static>,
    label: String,
}

impl std::fmt::Debug for Mask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.label)
    }
}

impl Redactor {
    /// Each secret is shown as `<name>`. Empty secrets are ignored.
    pub fn new(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let mut named: Vec<(String, Secret)> = secrets.into_iter().filter(|(_, secret)| !secret.is_empty()).collect();
        // Of two secrets with the same text the first by name labels it, whatever order they came in.
        named.sort_by(|one, other| one.0.cmp(&other.0));
        let masks = named.into_iter().map(|(name, secret)| Mask {
            finder: Finder::new(secret.expose().as_bytes()).into_owned(),
            label: format!("<{name}>"),
        });
        Self { masks: masks.collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.masks.is_empty()
    }

    /// Masks a text that is complete in itself.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let covered = self.covered(text);
        if covered.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        emit(text, &covered, 0..text.len(), &mut out);
        Cow::Owned(out)
    }

    /// Begins a text that arrives in pieces.
    pub fn stream(&self) -> Redaction {
        Redaction { redactor: self.clone(), held: String::new(), masked: 0 }
    }

    /// Where secrets are, by start.
    fn covered<'a>(&'a self, text: &str) -> Vec<Covered<'a>> {
        let mut covered: Vec<Covered<'_>> = Vec::new();
        for mask in self.masks.iter() {
            let mut from = 0;
            // A secret may overlap itself, so the search goes on one byte after each find.
            while let Some(found) = mask.finder.find(text.as_bytes().get(from..).unwrap_or_default()) {
                let start = from + found;
                covered.push(Covered { start, end: start + mask.finder.needle().len(), label: &mask.label });
                from = start + 1;
            }
        }
        covered.sort_by_key(|one| (one.start, usize::MAX - one.end));
        covered
    }

    /// Where the longest end of `text` begins that could be the beginning of a secret.
    fn held_from(&self, text: &str) -> usize {
        let longest = self.masks.iter().map(|mask| mask.finder.needle().len()).max().unwrap_or(0);
        let from = text.len().saturating_sub(longest.saturating_sub(1));
        let could_begin = |at: usize| {
            let end = text.as_bytes().get(at..).unwrap_or_default();
            self.masks
                .iter()
                .any(|mask| end.len() < mask.finder.needle().len() && mask.finder.needle().starts_with(end))
        };
        (from..text.len()).filter(|at| text.is_char_boundary(*at)).find(|at| could_begin(*at)).unwrap_or(text.len())
    }
}

struct Covered<'a> {
    start: usize,
    end: usize,
    label: &'a str,
}

/// Copies a range of `text` with labels in place of secrets, and says how far beyond it the last secret goes.
fn emit(text: &str, covered: &[Covered<'_>], range: std::ops::Range<usize>, out: &mut String) -> usize {
    let mut at = range.start;
    for one in covered {
        if range.end <= one.start {
            break;
        }
        if at <= one.start {
            out.push_str(text.get(at..one.start).unwrap_or_default());
            out.push_str(one.label);
        }
        at = at.max(one.end);
    }
    out.push_str(text.get(at..range.end).unwrap_or_default());
    at.saturating_sub(range.end)
}

/// One text that is being masked.
#[derive(Debug)]
pub struct Redaction {
    redactor: Redactor,
    /// What may be the beginning of a secret.
    held: String,
    /// How many bytes at the start of `held` belong to a secret whose label is out already.
    masked: usize,
}

impl Redaction {
    /// What can be said after `text` has arrived; nothing is copied if there is nothing to mask.
    pub fn push<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        if self.redactor.is_empty() {
            return Cow::Borrowed(text);
        }
        if self.held.is_empty() && self.redactor.held_from(text) == text.len() {
            return self.redactor.redact(text);
        }
        self.held.push_str(text);
        let end = self.redactor.held_from(&self.held);
        Cow::Owned(self.emit_until(end))
    }

    /// The rest: what was held back turned out to be no secret.
    pub fn finish(&mut self) -> String {
        self.emit_until(self.held.len())
    }

    fn emit_until(&mut self, end: usize) -> String {
        let mut out = String::with_capacity(end);
        let covered = self.redactor.covered(&self.held);
        let start = self.masked.min(end);
        let beyond = emit(&self.held, &covered, start..end, &mut out);
        let still_masked = self.masked.saturating_sub(end);
        drop(covered);
        self.masked = beyond.max(still_masked);
        self.held.drain(..end);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[(&str, &str)]) -> Redactor {
        Redactor::new(secrets.iter().map(|(name, text)| ((*name).to_owned(), Secret::new(*text))))
    }

    fn in_pieces(redactor: &Redactor, pieces: &[&str]) -> Vec<String> {
        let mut stream = redactor.stream();
        let mut out: Vec<String> = pieces.iter().map(|piece| stream.push(piece).into_owned()).collect();
        out.push(stream.finish());
        out
    }

    #[test]
    fn a_secret_is_replaced_by_its_name() {
        let redactor = redactor(&[("token", "hunter2")]);
        assert_eq!(redactor.redact("login hunter2, hunter2!"), "login <token>, <token>!");
    }

    #[test]
    fn a_secret_across_pieces_is_never_shown_in_part() {
        let redactor = redactor(&[("token", "hunter2")]);
        assert_eq!(in_pieces(&redactor, &["a hun", "ter", "2 b"]), ["a ", "", "<token> b", ""]);
    }

    #[test]
    fn what_only_looked_like_a_secret_comes_out_in_the_end() {
        let redactor = redactor(&[("token", "hunter2")]);
        assert_eq!(in_pieces(&redactor, &["a hun", "gry h"]), ["a ", "hungry ", "h"]);
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let with = redactor(&[("token", "hunter2")]);
        for redactor in [Redactor::default(), with] {
            assert!(matches!(redactor.stream().push("plain text\n"), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn overlapping_secrets_are_masked_as_a_whole() {
        let redactor = redactor(&[("one", "abcX"), ("two", "Xdef")]);
        assert_eq!(redactor.redact("-abcXdef-"), "-<one>-");
        assert_eq!(in_pieces(&redactor, &["-abcX", "def-"]).concat(), "-<one>-");
        assert_eq!(in_pieces(&redactor, &["-abcX", "yz"]).concat(), "-<one>yz");
    }

    #[test]
    fn the_longer_of_two_secrets_is_awaited() {
        let redactor = redactor(&[("short", "abc"), ("long", "abcdef")]);
        assert_eq!(in_pieces(&redactor, &["abc", "def"]).concat(), "<long>");
        assert_eq!(in_pieces(&redactor, &["abc", "dxx"]).concat(), "<short>dxx");
    }

    #[test]
    fn any_cut_of_a_text_masks_the_same() {
        let redactor = redactor(&[("n", "aba"), ("m", "bab"), ("é", "xé\ny")]);
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..3_000 {
            let text: String = (0..random.usize(..24))
                .map(|_| random.choice(['a', 'b', 'x', 'é', '\n', 'y']))
                .map(Option::unwrap)
                .collect();
            let mut cuts: Vec<usize> = (0..random.usize(..6)).map(|_| random.usize(..=text.len())).collect();
            cuts.retain(|cut| text.is_char_boundary(*cut));
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let out = in_pieces(&redactor, &pieces).concat();
            for secret in ["aba", "bab", "xé\ny"] {
                assert!(!out.contains(secret), "{pieces:?} gave {out}");
            }
            assert_eq!(out, redactor.redact(&text), "{pieces:?}");
        }
    }

    #[test]
    fn less_than_the_longest_secret_is_held_back() {
        let redactor = redactor(&[("n", "ab"), ("m", "ba")]);
        let mut stream = redactor.stream();
        for _ in 0..1_000 {
            stream.push("ab");
            assert!(stream.held.len() < 2);
        }
    }
}
