//! Masks secrets in a text that arrives in pieces.
//!
//! A secret may begin in one piece and end in the next, so the end of a piece is held back as long as it could be the
//! beginning of a secret. What is held back is always shorter than the longest form of a secret (`forms`). Where
//! secrets overlap in the text, everything they cover is masked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::AhoCorasick;

use super::Secret;
use super::forms::forms;
use crate::domain::PropertyValue;

/// What to mask. Clones share what they learn, so that a text that has begun is masked by what is learned later.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    masks: Arc<RwLock<Arc<Masks>>>,
}

impl Redactor {
    /// Each secret is shown as `<name>`. Secrets of blanks alone are ignored.
    pub fn new(secrets: impl IntoIterator<Item = (String, Secret)>) -> Self {
        let redactor = Self::default();
        for (name, secret) in secrets {
            redactor.learn(&name, &secret);
        }
        redactor
    }

    /// Masks one more secret from now on. Takes some milliseconds for a secret of kilobytes.
    pub fn learn(&self, name: &str, secret: &Secret) {
        let mut masks = self.masks.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(more) = masks.with(name, secret) {
            *masks = Arc::new(more);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.masks().is_empty()
    }

    /// Masks a text that is complete in itself.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masks().redact(text)
    }

    /// Masks every text in a value, and numbers that print as a secret.
    pub fn redact_value(&self, value: PropertyValue) -> PropertyValue {
        let masks = self.masks();
        if masks.is_empty() { value } else { masks.redact_value(value) }
    }

    /// Begins a text that arrives in pieces.
    pub fn stream(&self) -> Redaction {
        Redaction { redactor: self.clone(), held: String::new(), masked: 0 }
    }

    fn masks(&self) -> Arc<Masks> {
        Arc::clone(&self.masks.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is known at one moment.
#[derive(Default)]
struct Masks {
    /// Every form, and what is shown instead; in the order of the texts.
    forms: BTreeMap<String, String>,
    /// Finds them, numbered in that order.
    finder: Option<AhoCorasick>,
    /// The bytes with which forms begin.
    first_bytes: Vec<u8>,
    longest: usize,
}

impl std::fmt::Debug for Masks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut labels: Vec<&String> = self.forms.values().collect();
        labels.sort_unstable();
        labels.dedup();
        f.debug_list().entries(labels).finish()
    }
}

impl Masks {
    /// These and one more; nothing if that one brings nothing new.
    fn with(&self, name: &str, secret: &Secret) -> Option<Self> {
        let label = format!("<{name}>");
        let mut all = self.forms.clone();
        for form in forms(secret.expose()) {
            // Of two secrets with the same text the first by name labels it, whatever order they came in.
            let shown = all.entry(form).or_insert_with(|| label.clone());
            if label < *shown {
                shown.clone_from(&label);
            }
        }
        if all == self.forms {
            return None;
        }
        let finder = AhoCorasick::new(all.keys()).expect("secrets are bounded far below what the finder can number");
        let mut first_bytes: Vec<u8> = all.keys().filter_map(|form| form.bytes().next()).collect();
        first_bytes.dedup();
        let longest = all.keys().map(String::len).max().unwrap_or(0);
        Some(Self { forms: all, finder: Some(finder), first_bytes, longest })
    }

    fn is_empty(&self) -> bool {
        self.forms.is_empty()
    }

    fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let covered = self.covered(text);
        if covered.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut out = String::with_capacity(text.len());
        emit(text, &covered, 0..text.len(), &mut out);
        Cow::Owned(out)
    }

    fn redact_value(&self, value: PropertyValue) -> PropertyValue {
        match value {
            PropertyValue::Str(text) => PropertyValue::Str(self.redact(&text).into_owned()),
            PropertyValue::List(items) => {
                PropertyValue::List(items.into_iter().map(|item| self.redact_value(item)).collect())
            }
            PropertyValue::Map(items) => {
                let entry = |(key, item): (String, _)| (self.redact(&key).into_owned(), self.redact_value(item));
                PropertyValue::Map(items.into_iter().map(entry).collect())
            }
            PropertyValue::Int(_) | PropertyValue::Float(_) => {
                let text = value.to_string();
                match self.redact(&text) {
                    Cow::Borrowed(_) => value,
                    Cow::Owned(masked) => PropertyValue::Str(masked),
                }
            }
            other => other,
        }
    }

    /// Where secrets are, by start.
    fn covered<'a>(&'a self, text: &str) -> Vec<Covered<'a>> {
        let Some(finder) = self.finder.as_ref().filter(|finder| finder.is_match(text)) else { return Vec::new() };
        let labels: Vec<&String> = self.forms.values().collect();
        let cover = |found: aho_corasick::Match| {
            let label = labels.get(found.pattern().as_usize())?;
            Some(Covered { start: found.start(), end: found.end(), label: label.as_str() })
        };
        let mut covered: Vec<Covered<'_>> = finder.find_overlapping_iter(text).filter_map(cover).collect();
        covered.sort_by_key(|one| (one.start, usize::MAX - one.end));
        covered
    }

    /// Where the longest end of `text` begins that could be the beginning of a form.
    fn held_from(&self, text: &str) -> usize {
        let bytes = text.as_bytes();
        let from = text.len().saturating_sub(self.longest.saturating_sub(1));
        let could_begin = |at: usize| {
            let end = text.get(at..).unwrap_or_default();
            // The texts that begin with `end` follow it in their order; itself is no beginning but a whole.
            let bounds = (std::ops::Bound::Excluded(end), std::ops::Bound::Unbounded);
            self.forms.range::<str, _>(bounds).next().is_some_and(|(form, _)| form.starts_with(end))
        };
        (from..text.len())
            .filter(|at| bytes.get(*at).is_some_and(|byte| self.first_bytes.contains(byte)))
            .filter(|at| text.is_char_boundary(*at))
            .find(|at| could_begin(*at))
            .unwrap_or(text.len())
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
        let masks = self.redactor.masks();
        if masks.is_empty() {
            return Cow::Borrowed(text);
        }
        if self.held.is_empty() && masks.held_from(text) == text.len() {
            return masks.redact(text);
        }
        self.held.push_str(text);
        let end = masks.held_from(&self.held);
        Cow::Owned(self.emit_until(&masks, end))
    }

    /// The rest: what was held back turned out to be no secret.
    pub fn finish(&mut self) -> String {
        let masks = self.redactor.masks();
        self.emit_until(&masks, self.held.len())
    }

    fn emit_until(&mut self, masks: &Masks, end: usize) -> String {
        let mut out = String::with_capacity(end);
        let covered = masks.covered(&self.held);
        let start = self.masked.min(end);
        let beyond = emit(&self.held, &covered, start..end, &mut out);
        let still_masked = self.masked.saturating_sub(end);
        self.masked = beyond.max(still_masked);
        self.held.drain(..end);
        out
    }
}

#[cfg(test)]
mod tests;
