//! What counts as a line end besides `\n`: what programs print to move the cursor.
//!
//! The master sends a regular expression; every Buildbot master sends the same one, which is matched by hand.

use std::borrow::Cow;

use memchr::memchr3;
use regex::Regex;

/// Turns other line ends into `\n`.
pub enum Newlines {
    /// `\r\n`; `\r` before another character; the sequences that restore, position or clear; runs of backspaces.
    Standard,
    /// An expression that a master chose itself, without look-ahead.
    Custom(Regex),
}

impl Newlines {
    /// The rule for an expression. One that cannot be compiled here is the standard one, written in a dialect with
    /// look-ahead; an empty one is that of a master which has no say.
    pub fn new(expression: &str) -> Self {
        if expression.is_empty() {
            return Self::Standard;
        }
        Regex::new(expression).map_or(Self::Standard, Self::Custom)
    }

    pub fn replace<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self {
            Self::Standard => replace_standard(text),
            Self::Custom(expression) => expression.replace_all(text, "\n"),
        }
    }
}

fn replace_standard(text: &str) -> Cow<'_, str> {
    if memchr3(b'\r', 0x1b, 0x08, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = memchr3(b'\r', 0x1b, 0x08, rest.as_bytes()) {
        replaced.push_str(&rest[..position]);
        rest = &rest[position..];
        match line_end_length(rest) {
            Some(length) => {
                replaced.push('\n');
                rest = &rest[length..];
            }
            None => {
                let (first, after) = rest.split_at(1);
                replaced.push_str(first);
                rest = after;
            }
        }
    }
    replaced.push_str(rest);
    Cow::Owned(replaced)
}

/// The length of the line end that `text` begins with, in bytes.
fn line_end_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    match bytes {
        [b'\r', b'\n', ..] => Some(2),
        // At the very end of the data it may become `\r\n`.
        [b'\r', _, ..] => Some(1),
        [0x08, ..] => Some(bytes.iter().take_while(|byte| **byte == 0x08).count()),
        [0x1b, b'[', b'u', ..] => Some(3),
        [0x1b, b'[', b'2', b'J', ..] => Some(4),
        [0x1b, b'[', sequence @ ..] => position_length(sequence).map(|length| length.saturating_add(2)),
        _ => None,
    }
}

/// `row;column` and `H` or `f`.
fn position_length(sequence: &[u8]) -> Option<usize> {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let row = digits(sequence);
    let after_row = sequence.get(row..)?.strip_prefix(b";")?;
    let column = digits(after_row);
    let last = after_row.get(column)?;
    (0 < row && 0 < column && matches!(last, b'H' | b'f')).then(|| row + column + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_an_expression_the_standard_one_counts() {
        assert_eq!(Newlines::new("").replace("a\rb"), "a\nb");
        assert_eq!(Newlines::new("x").replace("a\rxb"), "a\r\nb");
    }

    #[test]
    fn what_moves_the_cursor_ends_a_line() {
        let cases = [
            ("a\r\nb\r\n", "a\nb\n"),
            ("10%\r20%\n", "10%\n20%\n"),
            ("a\r", "a\r"),
            ("a\x08\x08b", "a\nb"),
            ("a\x1b[ub\x1b[2Jc", "a\nb\nc"),
            ("a\x1b[12;3Hb\x1b[1;1fc", "a\nb\nc"),
            ("\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n"),
            ("a\x1b[1;H", "a\x1b[1;H"),
            ("a\x1b[", "a\x1b["),
            ("a\r\r\nb", "a\n\nb"),
        ];
        for (text, expected) in cases {
            assert_eq!(replace_standard(text), expected, "{text:?}");
        }
    }
}
