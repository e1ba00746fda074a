//! Edits of a text in the order of the text, and the way back from places in the result.

use rustpython_ruff_text_size::{TextRange, TextSize};

use crate::config::source::Span;

/// Replacements to make, by place.
#[derive(Debug, Default)]
pub struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    range: TextRange,
    text: String,
}

impl Edits {
    pub fn insert(&mut self, at: TextSize, text: impl Into<String>) {
        self.replace(TextRange::empty(at), text);
    }

    pub fn replace(&mut self, range: TextRange, text: impl Into<String>) {
        self.0.push(Edit { range, text: text.into() });
    }

    /// Whether every edit begins where or after the one before it ends.
    pub fn are_in_order(&self) -> bool {
        self.0.windows(2).all(|pair| pair[0].range.end() <= pair[1].range.start())
    }

    /// Adds edits of another kind; where both kinds touch the same text, these lose.
    pub fn merge(&mut self, others: Self) {
        let covered = |range: TextRange, edits: &[Edit]| {
            let next = edits.partition_point(|edit| edit.range.end() <= range.start());
            edits.get(next).is_some_and(|edit| edit.range.start() < range.end() && !edit.range.is_empty())
        };
        let fitting: Vec<Edit> = others.0.into_iter().filter(|edit| !covered(edit.range, &self.0)).collect();
        self.0.extend(fitting);
        self.0.sort_by_key(|edit| edit.range.start());
    }

    /// The text with all edits made.
    pub fn apply(self, original: &str) -> (String, Positions) {
        let mut text = String::with_capacity(original.len() + original.len() / 8);
        let mut moved = Vec::with_capacity(self.0.len());
        let mut done = 0;
        for edit in self.0 {
            text.push_str(&original[done..edit.range.start().to_usize()]);
            let start = offset(text.len());
            text.push_str(&edit.text);
            moved.push(Moved { new: Span { start, end: offset(text.len()) }, old: super::span(edit.range) });
            done = edit.range.end().to_usize();
        }
        text.push_str(&original[done..]);
        (text, Positions(moved))
    }
}

fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Maps places of the rewritten text to the original.
#[derive(Debug, Default)]
pub struct Positions(Vec<Moved>);

#[derive(Clone, Copy, Debug)]
struct Moved {
    new: Span,
    old: Span,
}

impl Positions {
    /// Adds a piece of another rewritten text, which stands at `at` here; the original of the other begins at `base`.
    pub fn append(&mut self, other: &Self, piece: Span, at: u32, base: u32) {
        let first = base + other.start(piece.start);
        self.0.push(Moved { new: Span { start: at, end: at }, old: Span { start: first, end: first } });
        let inside = |moved: &&Moved| piece.start <= moved.new.start && moved.new.end <= piece.end;
        let shift = |span: Span, from: u32, to: u32| Span { start: span.start - from + to, end: span.end - from + to };
        let shifted = other.0.iter().filter(inside);
        self.0.extend(
            shifted.map(|moved| Moved { new: shift(moved.new, piece.start, at), old: shift(moved.old, 0, base) }),
        );
    }

    /// Adds text of our own; errors in it are shown at `place`.
    pub fn append_ours(&mut self, new: Span, place: u32) {
        self.0.push(Moved { new, old: Span { start: place, end: place } });
    }

    /// The original span; inserted text belongs to what stands right behind it (start) or before it (end).
    pub fn original(&self, span: Span) -> Span {
        let start = self.start(span.start);
        Span { start, end: self.end(span.end).max(start) }
    }

    fn start(&self, at: u32) -> u32 {
        let next = self.0.partition_point(|moved| moved.new.end <= at);
        match self.0.get(next) {
            Some(moved) if moved.new.start <= at && moved.new.start < moved.new.end => moved.old.start,
            _ => self.shifted(next, at),
        }
    }

    fn end(&self, at: u32) -> u32 {
        let next = self.0.partition_point(|moved| moved.new.end < at);
        match self.0.get(next) {
            Some(moved) if moved.new.start < at => moved.old.end,
            _ => self.shifted(next, at),
        }
    }

    /// A place in untouched text, behind the first `n_edits` edits.
    fn shifted(&self, n_edits: usize, at: u32) -> u32 {
        match n_edits.checked_sub(1).and_then(|last| self.0.get(last)) {
            Some(last) => last.old.end + at.saturating_sub(last.new.end),
            None => at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(start: u32, end: u32) -> TextRange {
        TextRange::new(start.into(), end.into())
    }

    #[test]
    fn places_in_the_result_lead_back_to_the_original() {
        let mut edits = Edits::default();
        edits.insert(4.into(), "f(");
        edits.replace(range(5, 8), ", ");
        edits.insert(9.into(), ")");
        assert!(edits.are_in_order());
        let (text, positions) = edits.apply("x = a % b; c");
        assert_eq!(text, "x = f(a, b); c");
        let original = |start, end| positions.original(Span { start, end });
        assert_eq!(original(6, 7), Span { start: 4, end: 5 });
        assert_eq!(original(9, 10), Span { start: 8, end: 9 });
        assert_eq!(original(4, 11), Span { start: 4, end: 9 });
        assert_eq!(original(13, 14), Span { start: 11, end: 12 });
    }

    #[test]
    fn of_two_kinds_of_edits_the_first_wins() {
        let mut edits = Edits::default();
        edits.replace(range(2, 5), "!");
        let mut others = Edits::default();
        others.replace(range(3, 4), "lost");
        others.replace(range(5, 6), "kept");
        edits.merge(others);
        assert_eq!(edits.apply("abcdefg").0, "ab!keptg");
    }
}
