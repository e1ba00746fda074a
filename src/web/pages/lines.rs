//! Lines of a log as pages show them.

use serde::Serialize;

use crate::domain::LogKind;
use crate::web::ansi::{self, Span, Style};

#[derive(Debug, Serialize)]
pub struct LineItem {
    /// From 1, as people count.
    number: i64,
    /// `stdout`, `stderr`, `header`; empty in logs without streams.
    stream: &'static str,
    spans: Vec<Span>,
}

/// Splits text into lines; `first` is the number of the first one, from 0, and `ansi` the escape that was in force
/// before it.
pub fn lines(text: &str, kind: LogKind, first: i64, ansi: &str) -> Vec<LineItem> {
    let mut style = Style::default();
    ansi::spans(ansi, &mut style);
    let line = |(number, line): (i64, &str)| {
        let (stream, rest) = if kind == LogKind::Stream { split_stream(line) } else { ("", line) };
        // a header is our own and does not continue a program's colour
        let mut plain = Style::default();
        let style = if stream == "header" { &mut plain } else { &mut style };
        LineItem { number, stream, spans: ansi::spans(rest, style) }
    };
    (first.saturating_add(1)..).zip(text.lines()).map(line).collect()
}

fn split_stream(line: &str) -> (&'static str, &str) {
    let mut letters = line.chars();
    let stream = match letters.next() {
        Some('e') => "stderr",
        Some('h') => "header",
        _ => "stdout",
    };
    (stream, letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_numbers_and_streams() {
        let found = lines("hmake\noout\neerr\n\n", LogKind::Stream, 10, "");
        let facts: Vec<(i64, &str, usize)> =
            found.iter().map(|line| (line.number, line.stream, line.spans.len())).collect();
        assert_eq!(facts, [(11, "header", 1), (12, "stdout", 1), (13, "stderr", 1), (14, "stdout", 0)]);
    }

    #[test]
    fn a_colour_goes_on_from_the_page_before() {
        let found = lines("ored\nhend\nostill\n", LogKind::Stream, 0, "\u{1b}[31m");
        let classes: Vec<&str> = found.iter().map(|line| line.spans[0].class.as_str()).collect();
        assert_eq!(classes, ["c1", "", "c1"]);
    }
}
