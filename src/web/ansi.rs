//! Terminal escapes in log lines: colours become classes, everything else is dropped.

use serde::Serialize;

/// A run of text in one style.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// CSS classes; empty for plain text.
    pub class: String,
    pub text: String,
}

/// The style at one place of a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    bold: bool,
    /// 0-7 normal, 8-15 bright.
    colour: Option<u8>,
}

impl Style {
    fn class(self) -> String {
        let colour = self.colour.map(|colour| format!("c{colour}"));
        let bold = if self.bold { Some("bold".to_owned()) } else { None };
        [colour, bold].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Applies the parameters of an SGR sequence, e.g. `1;31`.
    fn apply(&mut self, parameters: &str) {
        let mut codes = parameters.split(';').map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                22 => self.bold = false,
                30..=37 => self.colour = Some(code - 30),
                39 => self.colour = None,
                90..=97 => self.colour = Some(code - 90 + 8),
                // extended colours: 5;n or 2;r;g;b follow
                38 | 48 => match codes.next() {
                    Some(5) => drop(codes.next()),
                    Some(2) => drop((codes.next(), codes.next(), codes.next())),
                    _ => {}
                },
                _ => {}
            }
        }
    }
}

/// Splits a line into spans, going on with the style of the line before.
pub fn spans(line: &str, style: &mut Style) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(position) = rest.find('\u{1b}') {
        push(&mut spans, &rest[..position], *style);
        rest = escape(&rest[position + 1..], style);
    }
    push(&mut spans, rest, *style);
    spans
}

fn push(spans: &mut Vec<Span>, text: &str, style: Style) {
    let text: String = text.chars().filter(|letter| *letter == '\t' || !letter.is_control()).collect();
    if !text.is_empty() {
        spans.push(Span { class: style.class(), text });
    }
}

/// Takes one escape sequence (its ESC is gone already) and gives what follows it.
fn escape<'line>(text: &'line str, style: &mut Style) -> &'line str {
    if let Some(sequence) = text.strip_prefix('[') {
        let Some(end) = sequence.find(|letter| ('@'..='~').contains(&letter)) else { return "" };
        if sequence[end..].starts_with('m') {
            style.apply(&sequence[..end]);
        }
        return &sequence[end + 1..];
    }
    if let Some(title) = text.strip_prefix(']') {
        // an operating-system command ends with BEL or ESC \
        let end = title.find(['\u{7}', '\u{1b}']).unwrap_or(title.len());
        let rest = &title[end..];
        return rest.strip_prefix('\u{7}').or_else(|| rest.strip_prefix("\u{1b}\\")).unwrap_or(rest);
    }
    let mut letters = text.chars();
    letters.next();
    letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(line: &str) -> String {
        spans(line, &mut Style::default()).into_iter().map(|span| span.text).collect()
    }

    #[test]
    fn colours_become_classes() {
        let spans = spans("a\u{1b}[1;31mred\u{1b}[0mb", &mut Style::default());
        let pairs: Vec<(&str, &str)> = spans.iter().map(|span| (span.class.as_str(), span.text.as_str())).collect();
        assert_eq!(pairs, [("", "a"), ("c1 bold", "red"), ("", "b")]);
    }

    #[test]
    fn a_style_lasts_into_the_next_line() {
        let mut style = Style::default();
        spans("\u{1b}[92mgreen", &mut style);
        assert_eq!(spans("still", &mut style)[0].class, "c10");
    }

    #[test]
    fn other_sequences_vanish() {
        assert_eq!(plain("a\u{1b}[2Kb\u{1b}]0;title\u{7}c\u{1b}(Bd"), "abcBd");
        assert_eq!(plain("\u{1b}[38;5;196mx\u{1b}[38;2;1;2;3my"), "xy");
        assert_eq!(plain("50%\r100%"), "50%100%");
    }

    #[test]
    fn unfinished_sequences_do_not_panic() {
        for line in ["\u{1b}", "\u{1b}[", "\u{1b}[31", "\u{1b}]0;x", "\u{1b}é", "\u{1b}[é\u{1b}[m"] {
            plain(line);
        }
    }

    #[test]
    fn extended_colours_do_not_leak_their_numbers() {
        let mut style = Style::default();
        spans("\u{1b}[38;5;1m", &mut style);
        assert_eq!(style, Style::default());
    }
}
