//! Lines of a log as pages show them.

use serde::Serialize;

use crate::db::views::log_text::LogLines;
use crate::domain::LogKind;
use crate::web::ansi::{self, Span, Style};

/// Bytes of one line that a page shows; the whole line is in the raw text.
pub const MOST_BYTES: usize = 64 << 10;

#[derive(Debug, Serialize)]
pub struct LineItem {
    /// From 1, as people count.
    pub number: i64,
    /// `stdout`, `stderr`, `header`; empty in logs without streams.
    pub stream: &'static str,
    pub spans: Vec<Span>,
}

/// The lines of a page with their colours, those that began before it included.
pub fn of_page(page: &LogLines, kind: LogKind) -> Vec<LineItem> {
    let mut style = Style::default();
    ansi::spans(&page.ansi, &mut style);
    for line in page.lead.lines() {
        let (stream, rest) = split_stream(line, kind);
        if stream != "header" {
            ansi::spans(rest, &mut style);
        }
    }
    styled(&page.text, kind, page.first_line, style)
}

/// Splits text into lines; `first` is the number of the first one, from 0, and `ansi` the escape that was in force
/// before it.
pub fn lines(text: &str, kind: LogKind, first: i64, ansi: &str) -> Vec<LineItem> {
    let mut style = Style::default();
    ansi::spans(ansi, &mut style);
    styled(text, kind, first, style)
}

fn styled(text: &str, kind: LogKind, first: i64, mut style: Style) -> Vec<LineItem> {
    let line = |(number, line): (i64, &str)| {
        let (stream, rest) = split_stream(line, kind);
        // a header is our own and does not continue a program's colour
        let mut plain = Style::default();
        let style = if stream == "header" { &mut plain } else { &mut style };
        LineItem { number, stream, spans: shown(rest, style) }
    };
    (first.saturating_add(1)..).zip(text.split_terminator('\n')).map(line).collect()
}

/// The spans of a line, which says so if it is cut.
fn shown(line: &str, style: &mut Style) -> Vec<Span> {
    let (head, rest) = line.split_at(line.floor_char_boundary(MOST_BYTES));
    let mut spans = ansi::spans(head, style);
    if !rest.is_empty() {
        ansi::spans(rest, style);
        let text = format!(" … {} more bytes of this line are in the raw log", rest.len());
        spans.push(Span { class: "cut".to_owned(), text });
    }
    spans
}

/// Where a stored line came from, and the line itself.
pub fn split_stream(line: &str, kind: LogKind) -> (&'static str, &str) {
    if kind != LogKind::Stream {
        return ("", line);
    }
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

    fn classes(lines: &[LineItem]) -> Vec<&str> {
        lines.iter().map(|line| line.spans[0].class.as_str()).collect()
    }

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
        assert_eq!(classes(&found), ["c1", "", "c1"]);
    }

    #[test]
    fn a_colour_that_began_in_a_line_before_the_page_goes_on() {
        let page = LogLines {
            ansi: "\u{1b}[31m".to_owned(),
            lead: "o\u{1b}[32mgreen\nh\u{1b}[33mheader\n".to_owned(),
            text: "ostill\n".to_owned(),
            ..LogLines::default()
        };
        assert_eq!(classes(&of_page(&page, LogKind::Stream)), ["c2"]);
    }

    #[test]
    fn a_line_of_a_megabyte_is_cut_and_says_so() {
        let text = format!("{}é\n", "x".repeat(MOST_BYTES - 1));
        let found = lines(&text, LogKind::Text, 0, "");
        assert_eq!(found[0].spans[0].text.len(), MOST_BYTES - 1);
        assert!(found[0].spans[1].text.contains("2 more bytes"), "{:?}", found[0].spans[1]);
    }
}
