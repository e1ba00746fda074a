//! Follows the colours of a text, so that a reader may begin in its middle.
//!
//! Only "select graphic rendition" (`ESC [ ... m`) is looked at. Sequences do not span lines.

use std::fmt::Write;

use memchr::memchr_iter;

/// What is switched on at some point of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AnsiState {
    /// Bit n stands for parameter n: 1 bold, 2 faint, 3 italic, 4 underlined, 5 and 6 blinking, 7 inverse, 8 hidden,
    /// 9 crossed out.
    attributes: u16,
    foreground: Option<Color>,
    background: Option<Color>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Color {
    /// The parameter that selects it: 30-37, 40-47, 90-97, 100-107.
    Basic(u8),
    Indexed(u8),
    Rgb(u8, u8, u8),
}

impl AnsiState {
    /// The sequence that brings a terminal into this state; nothing for the initial state.
    pub(super) fn sequence(&self) -> String {
        let mut parameters = String::new();
        for attribute in 1..=9 {
            if self.attributes & (1 << attribute) != 0 {
                push(&mut parameters, format_args!("{attribute}"));
            }
        }
        for (color, extended) in [(self.foreground, 38), (self.background, 48)] {
            match color {
                Some(Color::Basic(parameter)) => push(&mut parameters, format_args!("{parameter}")),
                Some(Color::Indexed(index)) => push(&mut parameters, format_args!("{extended};5;{index}")),
                Some(Color::Rgb(r, g, b)) => push(&mut parameters, format_args!("{extended};2;{r};{g};{b}")),
                None => {}
            }
        }
        if parameters.is_empty() { parameters } else { format!("\x1b[{parameters}m") }
    }

    /// The state after `text`.
    pub(super) fn advance(&mut self, text: &[u8]) {
        for escape in memchr_iter(0x1b, text) {
            let Some(body) = text.get(escape + 1..).and_then(|rest| rest.strip_prefix(b"[")) else { continue };
            let len = body.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')).count();
            if let (Some(parameters), Some(b'm')) = (body.get(..len), body.get(len)) {
                self.apply(parameters);
            }
        }
    }

    fn apply(&mut self, parameters: &[u8]) {
        let mut numbers = parameters.split(|byte| matches!(byte, b';' | b':')).map(number);
        while let Some(parameter) = numbers.next() {
            match parameter {
                0 => *self = Self::default(),
                1..=9 => self.attributes |= 1 << parameter,
                21 => self.attributes &= !(1 << 1),
                22 => self.attributes &= !(1 << 1 | 1 << 2),
                25 => self.attributes &= !(1 << 5 | 1 << 6),
                23 | 24 | 27..=29 => self.attributes &= !(1 << (parameter - 20)),
                30..=37 | 90..=97 => self.foreground = Some(Color::Basic(parameter)),
                39 => self.foreground = None,
                40..=47 | 100..=107 => self.background = Some(Color::Basic(parameter)),
                49 => self.background = None,
                38 => self.foreground = extended(&mut numbers).or(self.foreground),
                48 => self.background = extended(&mut numbers).or(self.background),
                _ => {}
            }
        }
    }
}

fn push(parameters: &mut String, one: std::fmt::Arguments<'_>) {
    if !parameters.is_empty() {
        parameters.push(';');
    }
    // Writing into a String cannot fail.
    let _ = parameters.write_fmt(one);
}

fn extended(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        5 => Some(Color::Indexed(numbers.next()?)),
        2 => Some(Color::Rgb(numbers.next()?, numbers.next()?, numbers.next()?)),
        _ => None,
    }
}

/// An empty parameter means 0; what does not fit is no parameter that is known.
fn number(digits: &[u8]) -> u8 {
    digits.iter().fold(0_u8, |sum, digit| sum.saturating_mul(10).saturating_add(digit.wrapping_sub(b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(text: &str) -> String {
        let mut state = AnsiState::default();
        state.advance(text.as_bytes());
        state.sequence()
    }

    #[test]
    fn a_text_without_colours_has_no_state() {
        assert_eq!(after("plain [31m text"), "");
        assert_eq!(after("moved \x1b[2J\x1b[12;3H"), "");
    }

    #[test]
    fn colours_and_attributes_last_until_they_are_reset() {
        assert_eq!(after("\x1b[1;31mred"), "\x1b[1;31m");
        assert_eq!(after("\x1b[1;31;44mred\x1b[39m"), "\x1b[1;44m");
        assert_eq!(after("\x1b[1mbold\x1b[22m"), "");
        assert_eq!(after("\x1b[31mred\x1b[m"), "");
        assert_eq!(after("\x1b[38;5;208;48;2;1;2;3m"), "\x1b[38;5;208;48;2;1;2;3m");
    }

    #[test]
    fn a_broken_sequence_changes_nothing() {
        assert_eq!(after("\x1b[31"), "");
        assert_eq!(after("\x1b[99999999999m\x1b"), "");
    }
}
