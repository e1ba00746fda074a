//! Words of a text that may be Python 2, which no parser of Python 3 takes: just enough to see statements.

use std::ops::Range;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Name,
    Number,
    Text,
    Backtick,
    /// Anything else that is not a letter.
    Operator,
    /// The end of a line that ends a statement.
    End,
}

/// One word.
#[derive(Clone, Debug)]
pub struct Word {
    pub kind: Kind,
    pub range: Range<usize>,
    /// Brackets that are open where it begins; those of a bracket itself are the ones around it.
    pub depth: usize,
}

/// Operators of two characters that must not be taken for two.
const PAIRS: [&str; 10] = ["<>", ">>", "<<", "**", "//", "==", "!=", "<=", ">=", "->"];

/// All words of a text.
pub fn words(text: &str) -> Vec<Word> {
    let mut scan = Scan { text, at: 0, depth: 0, words: Vec::new() };
    while let Some(byte) = scan.byte(0) {
        scan.next(byte);
    }
    scan.push(Kind::End, text.len());
    scan.words
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    words: Vec<Word>,
}

impl Scan<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    fn push(&mut self, kind: Kind, end: usize) {
        self.words.push(Word { kind, range: self.at..end, depth: self.depth });
        self.at = end;
    }

    fn length(&self, accepts: impl Fn(u8) -> bool) -> usize {
        self.text.as_bytes()[self.at..].iter().take_while(|byte| accepts(**byte)).count()
    }

    fn next(&mut self, byte: u8) {
        match byte {
            b'#' => self.at += self.length(|byte| byte != b'\n'),
            b'\n' if self.depth == 0 => self.push(Kind::End, self.at + 1),
            b' ' | b'\t' | b'\r' | b'\x0c' | b'\n' => self.at += 1,
            b'\\' => self.at = (self.at + 2).min(self.text.len()),
            b'\'' | b'"' => self.string(self.at),
            b'`' => self.push(Kind::Backtick, self.at + 1),
            b'0'..=b'9' => {
                let length = self.length(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
                self.push(Kind::Number, self.at + length);
            }
            _ if is_letter(byte) => self.name(),
            _ => self.operator(byte),
        }
    }

    fn name(&mut self) {
        let end = self.at + self.length(|byte| is_letter(byte) || byte.is_ascii_digit());
        let is_prefix = end - self.at <= 2 && self.text[self.at..end].bytes().all(|byte| b"rRuUbBfF".contains(&byte));
        if is_prefix && matches!(self.text.as_bytes().get(end), Some(b'\'' | b'"')) {
            return self.string(end);
        }
        self.push(Kind::Name, end);
    }

    /// A text whose quote is at `quote`. One that does not end is the parser's business.
    fn string(&mut self, quote: usize) {
        let bytes = self.text.as_bytes();
        let mark = bytes[quote];
        let triple = bytes[quote..].starts_with(&[mark; 3]);
        let mut end = quote + if triple { 3 } else { 1 };
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'\\' => end += 2,
                b'\n' if !triple => break,
                _ if triple && bytes[end..].starts_with(&[mark; 3]) => {
                    end += 3;
                    break;
                }
                _ if !triple && *byte == mark => {
                    end += 1;
                    break;
                }
                _ => end += 1,
            }
        }
        self.push(Kind::Text, end.min(self.text.len()));
    }

    fn operator(&mut self, byte: u8) {
        if matches!(byte, b')' | b']' | b'}') {
            self.depth = self.depth.saturating_sub(1);
        }
        let pair = PAIRS.iter().any(|pair| self.text[self.at..].starts_with(pair));
        self.push(Kind::Operator, self.at + if pair { 2 } else { 1 });
        if matches!(byte, b'(' | b'[' | b'{') {
            self.depth += 1;
        }
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || 0x7f < byte
}
