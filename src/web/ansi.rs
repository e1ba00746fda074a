//! Terminal escapes in log lines: colours become classes, everything else is dropped, and nothing can hide.
//!
//! The classes are `c0` to `c255` (colour of the text), `b0` to `b255` (of the ground), `r0` to `r255` (of a text on
//! such a ground), and the names of attributes; `palette` makes their sheet. Colours of 24 bits become the nearest of
//! the 256, whose contrast is known.

use serde::Serialize;

use super::palette;

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
    /// Bit n for parameter n.
    attributes: u16,
    /// 0-7 normal, 8-15 bright, above the cube and the greys.
    colour: Option<u8>,
    ground: Option<u8>,
}

/// Attributes that show; blinking and hidden text does not blink and is not hidden.
const ATTRIBUTES: [(u8, &str); 5] = [(1, "bold"), (2, "faint"), (3, "italic"), (4, "underline"), (9, "strike")];
const INVERSE: u8 = 7;

impl Style {
    fn class(self) -> String {
        let mut classes = Vec::new();
        let inverse = self.has(INVERSE);
        let (colour, ground) = if inverse { (self.ground, self.colour) } else { (self.colour, self.ground) };
        match (colour, ground) {
            (Some(colour), Some(ground)) if palette::is_readable(colour, ground) => {
                classes.push(format!("b{ground} r{colour}"));
            }
            (_, Some(ground)) => classes.push(format!("b{ground}")),
            _ if inverse => classes.push("inverse".to_owned()),
            (Some(colour), None) => classes.push(format!("c{colour}")),
            (None, None) => {}
        }
        let attributes = ATTRIBUTES.iter().filter(|(bit, _)| self.has(*bit));
        classes.extend(attributes.map(|(_, name)| (*name).to_owned()));
        classes.join(" ")
    }

    fn has(self, attribute: u8) -> bool {
        self.attributes & (1 << attribute) != 0
    }

    /// Applies the parameters of an SGR sequence, e.g. `1;31`.
    fn apply(&mut self, parameters: &str) {
        let mut codes = parameters.split([';', ':']).map(|code| if code.is_empty() { 0 } else { number(code) });
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1..=9 => self.attributes |= 1 << code,
                21 => self.attributes &= !(1 << 1),
                22 => self.attributes &= !(1 << 1 | 1 << 2),
                23..=29 => self.attributes &= !(1 << (code - 20)),
                30..=37 => self.colour = Some(code - 30),
                38 => self.colour = extended(&mut codes).or(self.colour),
                39 => self.colour = None,
                40..=47 => self.ground = Some(code - 40),
                48 => self.ground = extended(&mut codes).or(self.ground),
                49 => self.ground = None,
                90..=97 => self.colour = Some(code - 90 + 8),
                100..=107 => self.ground = Some(code - 100 + 8),
                _ => {}
            }
        }
    }
}

/// 255 stands for what is no parameter.
fn number(code: &str) -> u8 {
    code.parse().unwrap_or(u8::MAX)
}

/// What follows 38 and 48: `5;n` or `2;r;g;b`.
fn extended(codes: &mut impl Iterator<Item = u8>) -> Option<u8> {
    match codes.next()? {
        5 => codes.next(),
        2 => Some(palette::nearest([codes.next()?, codes.next()?, codes.next()?])),
        _ => None,
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

/// The text of a line as it shows.
pub fn plain(line: &str) -> std::borrow::Cow<'_, str> {
    if line.chars().any(|letter| is_dropped(letter) || turns_text(letter)) {
        spans(line, &mut Style::default()).into_iter().map(|span| span.text).collect::<String>().into()
    } else {
        line.into()
    }
}

fn push(spans: &mut Vec<Span>, text: &str, style: Style) {
    let mut run = String::new();
    for letter in text.chars().filter(|letter| !is_dropped(*letter)) {
        if turns_text(letter) {
            push_run(spans, &mut run, style);
            spans.push(Span { class: "turn".to_owned(), text: format!("U+{:04X}", u32::from(letter)) });
        } else {
            run.push(letter);
        }
    }
    push_run(spans, &mut run, style);
}

fn push_run(spans: &mut Vec<Span>, run: &mut String, style: Style) {
    if !run.is_empty() {
        spans.push(Span { class: style.class(), text: std::mem::take(run) });
    }
}

fn is_dropped(letter: char) -> bool {
    letter != '\t' && letter.is_control()
}

/// Whether a letter changes the order in which its neighbours show; it is shown by its number instead of obeyed.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    // character sets: one more letter follows
    let text = text.strip_prefix(['(', ')']).unwrap_or(text);
    let mut letters = text.chars();
    letters.next();
    letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> String {
        spans(line, &mut Style::default()).into_iter().map(|span| span.text).collect()
    }

    fn class(sequence: &str) -> String {
        spans(&format!("{sequence}x"), &mut Style::default())[0].class.clone()
    }

    #[test]
    fn colours_become_classes() {
        let spans = spans("a\u{1b}[1;31mred\u{1b}[0mb", &mut Style::default());
        let pairs: Vec<(&str, &str)> = spans.iter().map(|span| (span.class.as_str(), span.text.as_str())).collect();
        assert_eq!(pairs, [("", "a"), ("c1 bold", "red"), ("", "b")]);
    }

    #[test]
    fn colours_of_every_depth_become_one_of_256() {
        assert_eq!(class("\u{1b}[38;5;196m"), "c196");
        assert_eq!(class("\u{1b}[38;2;255;0;0m"), "c196");
        assert_eq!(class("\u{1b}[38:2:250:2:3m"), "c196");
        assert_eq!(class("\u{1b}[102m"), "b10");
        assert_eq!(class("\u{1b}[3;4;38;5;231;48;5;18m"), "b18 r231 italic underline");
    }

    #[test]
    fn a_colour_that_cannot_be_read_on_its_ground_gives_way() {
        assert_eq!(class("\u{1b}[30;40m"), "b0");
        assert_eq!(class("\u{1b}[38;5;16;48;5;17m"), "b17");
    }

    #[test]
    fn inverse_text_swaps_its_colours() {
        assert_eq!(class("\u{1b}[7m"), "inverse");
        assert_eq!(class("\u{1b}[31;7m"), "b1");
        assert_eq!(class("\u{1b}[7m\u{1b}[27m"), "");
    }

    #[test]
    fn a_style_lasts_into_the_next_line() {
        let mut style = Style::default();
        spans("\u{1b}[92mgreen", &mut style);
        assert_eq!(spans("still", &mut style)[0].class, "c10");
    }

    #[test]
    fn other_sequences_vanish() {
        assert_eq!(shown("a\u{1b}[2Kb\u{1b}]0;title\u{7}c\u{1b}(Bd"), "abcd");
        assert_eq!(shown("\u{1b}[38;5;196mx\u{1b}[38;2;1;2;3my"), "xy");
        assert_eq!(shown("50%\r100%"), "50%100%");
    }

    #[test]
    fn letters_that_turn_the_text_around_are_shown_and_not_obeyed() {
        let line = "admin\u{202e} // nimda";
        assert_eq!(shown(line), "adminU+202E // nimda");
        assert_eq!(plain(line), shown(line));
        assert_eq!(spans(line, &mut Style::default())[1].class, "turn");
    }

    #[test]
    fn unfinished_sequences_do_not_panic() {
        for line in
            ["\u{1b}", "\u{1b}[", "\u{1b}[31", "\u{1b}]0;x", "\u{1b}é", "\u{1b}[é\u{1b}[m", "\u{1b}[999;38m", "\u{1b}("]
        {
            shown(line);
        }
        assert_eq!(class("\u{1b}[38;5m\u{1b}[38;2;1m\u{1b}[9999m"), "");
    }
}
