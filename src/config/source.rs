//! The text of a configuration file, and places in it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{ConfigError, Excerpt};

/// Longer lines are shown in part.
const MAX_EXCERPT: usize = 180;
/// Characters that are shown before the place in a long line.
const LEAD: usize = 60;

/// A range of bytes in a [`SourceText`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// A configuration file as it was read: without a byte-order mark, lines ended by `\n`. Or several of them, one behind
/// the other.
#[derive(Clone, Debug)]
pub struct SourceText {
    /// The name of the (first) file.
    pub name: String,
    pub text: String,
    line_starts: Vec<usize>,
    /// Where other files begin, and their names.
    others: Vec<(usize, String)>,
    /// Lines that stood otherwise in the operator's own file, by number from 0.
    was: BTreeMap<usize, Line>,
}

/// A line as it was before it was edited.
#[derive(Clone, Debug, Default)]
struct Line {
    text: String,
    /// Bytes of the edited line, and what they were.
    moved: Vec<(Range<usize>, Range<usize>)>,
}

impl Line {
    /// The place in the old line of a place in the edited one.
    fn old(&self, at: usize) -> usize {
        let behind = self.moved.iter().take_while(|(new, _)| new.start <= at).last();
        let old = match behind {
            None => at,
            Some((new, old)) if at < new.end => old.start,
            Some((new, old)) => old.end + (at - new.end),
        };
        let mut old = old.min(self.text.len());
        while !self.text.is_char_boundary(old) {
            old -= 1;
        }
        old
    }
}

impl SourceText {
    pub fn new(name: &str, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n");
        let mut line_starts = vec![0];
        line_starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { name: name.to_owned(), text, line_starts, others: Vec::new(), was: BTreeMap::new() }
    }

    /// With edits, none of which crosses the end of a line, in the order of the text. Places are still shown as places
    /// of this text.
    pub fn edited(&self, edits: &[(Range<usize>, String)]) -> Self {
        let (mut text, mut done) = (String::new(), 0);
        let mut was: BTreeMap<usize, Line> = BTreeMap::new();
        let mut line_start = (usize::MAX, 0);
        for (range, replacement) in edits.iter().filter(|(range, _)| range.start <= range.end) {
            if range.start < done {
                continue;
            }
            text.push_str(&self.text[done..range.start]);
            let line = self.line(range.start);
            let old_start = self.line_starts[line];
            if line_start.0 != line {
                line_start = (line, text.len() - (range.start - old_start));
            }
            let old = range.start - old_start..range.end - old_start;
            let start = text.len() - line_start.1;
            text.push_str(replacement);
            let new = start..text.len() - line_start.1;
            let line_text = || self.text[old_start..].lines().next().unwrap_or_default().to_owned();
            let entry = was.entry(line).or_insert_with(|| Line { text: line_text(), moved: Vec::new() });
            entry.moved.push((new, old));
            done = range.end;
        }
        text.push_str(&self.text[done..]);
        Self { was, ..Self::new(&self.name, &text) }
    }

    /// The text without the edits that were made.
    pub fn original(&self) -> String {
        let lines = self.text.split('\n').enumerate();
        let lines: Vec<&str> =
            lines.map(|(number, line)| self.was.get(&number).map_or(line, |old| old.text.as_str())).collect();
        lines.join("\n")
    }

    /// Several files as one, and where each begins.
    pub fn combined(files: &[&Self]) -> (Self, Vec<u32>) {
        let (mut text, mut starts) = (String::new(), Vec::new());
        let (mut was, mut n_lines) = (BTreeMap::new(), 0);
        for file in files {
            starts.push(text.len());
            text.push_str(&file.text);
            text.push('\n');
            was.extend(file.was.iter().map(|(line, old)| (n_lines + line, old.clone())));
            n_lines += file.line_starts.len();
        }
        let bases = starts.iter().map(|start| number(*start)).collect();
        let name = files.first().map(|file| file.name.clone()).unwrap_or_default();
        let others = starts.into_iter().zip(files).skip(1).map(|(start, file)| (start, file.name.clone())).collect();
        (Self { others, was, ..Self::new(&name, &text) }, bases)
    }

    /// The name of the file that a place is in, and where the file begins.
    fn file(&self, offset: u32) -> (&str, usize) {
        let offset = self.clamp(offset);
        let found = self.others.partition_point(|(start, _)| *start <= offset);
        match found.checked_sub(1).and_then(|found| self.others.get(found)) {
            Some((start, name)) => (name, *start),
            None => (&self.name, 0),
        }
    }

    /// Line and column, counted from 1; columns in characters.
    pub fn position(&self, offset: u32) -> (u32, u32) {
        let offset = self.clamp(offset);
        let line = self.line(offset);
        let column = match self.was.get(&line) {
            Some(was) => was.text[..was.old(offset - self.line_starts[line])].chars().count(),
            None => self.text[self.line_starts[line]..offset].chars().count(),
        };
        let first = if self.others.is_empty() { 0 } else { self.line(self.file(number(offset)).1) };
        (number(line - first).saturating_add(1), number(column).saturating_add(1))
    }

    fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1)
    }

    /// `file:line` of a place, as warnings and callbacks carry it.
    pub fn location(&self, span: Span) -> String {
        format!("{}:{}", self.file(span.start).0, self.position(span.start).0)
    }

    /// The text of a span; nothing if it does not lie in the file.
    pub fn slice(&self, span: Span) -> &str {
        let (start, end) = (self.clamp(span.start), self.clamp(span.end));
        self.text.get(start..end).unwrap_or_default()
    }

    /// An error about a span; the carets end with the line.
    pub fn error(&self, span: Span, message: impl Into<String>) -> ConfigError {
        let (line, column) = self.position(span.start);
        let in_text = self.line(self.clamp(span.start));
        let line_start = self.line_starts[in_text];
        let before = usize::try_from(column - 1).unwrap_or(0);
        let meant = self.slice(span).lines().next().unwrap_or_default().trim_end();
        let (text, width) = match self.was.get(&in_text) {
            Some(was) => {
                let end = was.old(self.clamp(span.start) + meant.len() - line_start);
                (was.text.as_str(), was.text[..end].chars().count().saturating_sub(before))
            }
            None => (self.text[line_start..].lines().next().unwrap_or_default(), meant.chars().count()),
        };
        let excerpt = Some(excerpt(text, before, width));
        ConfigError { file: self.file(span.start).0.to_owned(), line, column, message: message.into(), excerpt }
    }

    fn clamp(&self, offset: u32) -> usize {
        let mut offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn excerpt(line: &str, before: usize, width: usize) -> Excerpt {
    let length = line.chars().count();
    if length <= MAX_EXCERPT {
        let width = width.min(length.saturating_sub(before)).max(1);
        return Excerpt { text: line.to_owned(), before, width };
    }
    let start = before.saturating_sub(LEAD);
    let shown: String = line.chars().skip(start).take(MAX_EXCERPT).collect();
    let (lead, tail) = (if start == 0 { "" } else { "..." }, if start + MAX_EXCERPT < length { "..." } else { "" });
    let before = before - start;
    let width = width.min(shown.chars().count().saturating_sub(before)).max(1);
    Excerpt { text: format!("{lead}{shown}{tail}"), before: before + lead.len(), width }
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_a_byte_order_mark_is_no_text() {
        let source = SourceText::new("m.cfg", "\u{feff}a = 1\r\nä = b\r\n");
        assert_eq!(source.position(6), (2, 1));
        let error = source.error(Span { start: 11, end: 12 }, "no b");
        assert_eq!((error.line, error.column), (2, 5));
        assert_eq!(error.excerpt, Some(Excerpt { text: "ä = b".into(), before: 4, width: 1 }));
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let source = SourceText::new("m.cfg", &format!("{}!{}", "a".repeat(500), "b".repeat(500)));
        let excerpt = source.error(Span { start: 500, end: 501 }, "here").excerpt.unwrap();
        assert!(excerpt.text.starts_with("...a") && excerpt.text.ends_with("b..."));
        assert_eq!((excerpt.text.chars().nth(excerpt.before), excerpt.width), (Some('!'), 1));
        assert_eq!(source.error(Span { start: 0, end: 900 }, "all").excerpt.unwrap().width, MAX_EXCERPT);
    }

    #[test]
    fn places_outside_the_file_are_its_end() {
        let source = SourceText::new("m.cfg", "x");
        let error = source.error(Span { start: 90, end: 99 }, "cut off");
        assert_eq!((error.line, error.column), (1, 2));
    }
}
