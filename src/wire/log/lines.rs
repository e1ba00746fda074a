//! One stream of a log: masks secrets and cuts into lines.

use memchr::{memchr_iter, memrchr};

use crate::secrets::{Redaction, Redactor};

/// A line without end would gather in memory; here it gets one. In bytes.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// Gives on whole lines and keeps the beginning of the next.
#[derive(Debug)]
pub(super) struct LineSplitter {
    redaction: Redaction,
    partial: String,
}

impl LineSplitter {
    pub(super) fn new(redactor: &Redactor) -> Self {
        Self { redaction: redactor.stream(), partial: String::new() }
    }

    /// Calls `line` for each line that `text` completes, without its end.
    pub(super) fn push(&mut self, text: &str, line: impl FnMut(&str)) {
        let clean = self.redaction.push(text);
        split(&mut self.partial, &clean, line);
    }

    /// The text is over: what is left is a line, too.
    pub(super) fn finish(&mut self, mut line: impl FnMut(&str)) {
        let rest = self.redaction.finish();
        split(&mut self.partial, &rest, &mut line);
        if !self.partial.is_empty() {
            line(&std::mem::take(&mut self.partial));
        }
    }
}

fn split(partial: &mut String, text: &str, mut line: impl FnMut(&str)) {
    let mut from = 0;
    if !partial.is_empty()
        && let Some(end) = memchr::memchr(b'\n', text.as_bytes())
    {
        partial.push_str(text.get(..end).unwrap_or_default());
        line(partial);
        partial.clear();
        from = end + 1;
    }
    let whole = memrchr(b'\n', text.as_bytes()).map_or(from, |last| (last + 1).max(from));
    let lines = text.get(from..whole).unwrap_or_default();
    let mut start = 0;
    for end in memchr_iter(b'\n', lines.as_bytes()) {
        line(lines.get(start..end).unwrap_or_default());
        start = end + 1;
    }
    partial.push_str(text.get(whole..).unwrap_or_default());
    while MAX_LINE_BYTES < partial.len() {
        let rest = partial.split_off(partial.floor_char_boundary(MAX_LINE_BYTES));
        line(partial);
        *partial = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secret;

    fn lines(splitter: &mut LineSplitter, text: &str) -> Vec<String> {
        let mut out = Vec::new();
        splitter.push(text, |line| out.push(line.to_owned()));
        out
    }

    #[test]
    fn only_whole_lines_come_out_and_the_last_gets_its_end() {
        let mut splitter = LineSplitter::new(&Redactor::default());
        assert_eq!(lines(&mut splitter, "a\nb"), ["a"]);
        assert_eq!(lines(&mut splitter, "c"), Vec::<String>::new());
        assert_eq!(lines(&mut splitter, "d\n\ne"), ["bcd", ""]);
        let mut rest = Vec::new();
        splitter.finish(|line| rest.push(line.to_owned()));
        splitter.finish(|line| rest.push(line.to_owned()));
        assert_eq!(rest, ["e"]);
    }

    #[test]
    fn a_secret_over_two_lines_is_masked() {
        let redactor = Redactor::new([("key".to_owned(), Secret::new("top\nsecret"))]);
        let mut splitter = LineSplitter::new(&redactor);
        assert_eq!(lines(&mut splitter, "a top\n"), Vec::<String>::new());
        assert_eq!(lines(&mut splitter, "secret b\n"), ["a <key> b"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut splitter = LineSplitter::new(&Redactor::default());
        let out = lines(&mut splitter, &"é".repeat(MAX_LINE_BYTES));
        assert_eq!(out.len(), 1);
        assert_eq!(out[0].len(), MAX_LINE_BYTES);
        assert_eq!(splitter.partial.len(), MAX_LINE_BYTES);
    }
}
