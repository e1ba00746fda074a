//! Lines of a tool's output by kind: how many there are, and the lines themselves for a log of each kind.

use crate::domain::PropertyValue;

/// Bytes of a kind's lines that are kept for its log; all of them count.
const MAX_BYTES: usize = 1 << 20;

/// Findings by kind, in the order of the kinds.
pub struct Findings {
    kinds: Vec<Kind>,
}

struct Kind {
    name: &'static str,
    count: i64,
    text: String,
}

impl Findings {
    pub fn of(kinds: &[&'static str]) -> Self {
        Self { kinds: kinds.iter().map(|name| Kind { name, count: 0, text: String::new() }).collect() }
    }

    /// Counts a line; one of an unknown kind is none.
    pub fn add(&mut self, kind: &str, line: &str) {
        let Some(kind) = self.kinds.iter_mut().find(|known| known.name == kind) else { return };
        kind.count = kind.count.saturating_add(1);
        if kind.text.len() + line.len() < MAX_BYTES {
            kind.text.push_str(line);
            kind.text.push('\n');
        }
    }

    pub fn count(&self, kind: &str) -> i64 {
        self.kinds.iter().find(|known| known.name == kind).map_or(0, |known| known.count)
    }

    pub fn total(&self) -> i64 {
        self.kinds.iter().fold(0, |sum, kind| sum.saturating_add(kind.count))
    }

    /// `kind=count` for each kind that was found; nothing if none was.
    pub fn words(&self) -> Option<String> {
        let found = self.kinds.iter().filter(|kind| kind.count != 0);
        let words: Vec<String> = found.map(|kind| format!("{}={}", kind.name, kind.count)).collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// `prefix-kind` and `prefix-total`, with the counts.
    pub fn properties(&self, prefix: &str) -> Vec<(String, PropertyValue)> {
        let of_kinds = self.kinds.iter().map(|kind| (format!("{prefix}-{}", kind.name), kind.count.into()));
        of_kinds.chain([(format!("{prefix}-total"), self.total().into())]).collect()
    }

    /// A log of each kind that was found.
    pub fn logs(&mut self) -> Vec<(String, String)> {
        let found = self.kinds.iter_mut().filter(|kind| kind.count != 0);
        found.map(|kind| (kind.name.to_owned(), std::mem::take(&mut kind.text))).collect()
    }
}
