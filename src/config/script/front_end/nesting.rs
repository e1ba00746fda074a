//! A look at the raw text before any parser sees it: refuses nesting that could exhaust a parser's stack.
//!
//! Parsers of Python and Starlark recurse. How deep they can get is bounded here by what stands between two commas
//! or statement ends, added up over the open brackets. Real configurations stay far below these limits.

use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

const MAX_BRACKETS: usize = 100;
const MAX_INDENTS: usize = 50;
/// Words and operators between two commas, summed over the brackets that are open.
const MAX_WEIGHT: usize = 2_000;

/// The first place that is nested too deeply, if any.
pub fn check(source: &SourceText) -> Result<(), ConfigError> {
    let mut scan = Scan { text: source.text.as_bytes(), at: 0, open: Vec::new(), weight: 0, indents: Vec::new() };
    scan.run().map_err(|(at, what)| {
        let at = u32::try_from(at).unwrap_or(u32::MAX - 1);
        source.error(Span { start: at, end: at + 1 }, what)
    })
}

struct Scan<'a> {
    text: &'a [u8],
    at: usize,
    /// Weights of the enclosing brackets where each was opened.
    open: Vec<usize>,
    /// Sum of all weights now.
    weight: usize,
    indents: Vec<usize>,
}

type Refusal = (usize, &'static str);

impl Scan<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        self.indentation()?;
        while let Some(&byte) = self.text.get(self.at) {
            match byte {
                b'#' => self.skip_line(),
                b'\'' | b'"' => self.string(false)?,
                b'\n' => {
                    self.at += 1;
                    if self.open.is_empty() {
                        self.weight = 0;
                        self.indentation()?;
                    }
                }
                b'\\' => self.at += 2,
                _ if byte.is_ascii_alphanumeric() || byte == b'_' || 0x7f < byte => self.word()?,
                _ => self.punctuation(byte)?,
            }
        }
        Ok(())
    }

    fn indentation(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\x0c')) {
            self.at += 1;
        }
        if self.text.get(self.at).is_none_or(|byte| matches!(byte, b'\n' | b'#')) {
            return Ok(());
        }
        let width = self.at - start;
        self.indents.retain(|indent| *indent < width);
        self.indents.push(width);
        if MAX_INDENTS < self.indents.len() { Err((self.at, "blocks are nested too deeply")) } else { Ok(()) }
    }

    fn skip_line(&mut self) {
        while self.text.get(self.at).is_some_and(|byte| *byte != b'\n') {
            self.at += 1;
        }
    }

    fn word(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || 0x7f < *byte) {
            self.at += 1;
        }
        let is_prefix = self.at - start <= 2;
        if is_prefix && matches!(self.text.get(self.at), Some(b'\'' | b'"')) {
            let formatted = self.text[start..self.at].iter().any(|byte| matches!(byte, b'f' | b'F' | b't' | b'T'));
            return self.string(formatted);
        }
        self.heavier()
    }

    fn punctuation(&mut self, byte: u8) -> Result<(), Refusal> {
        match byte {
            b'(' | b'[' | b'{' => {
                self.heavier()?;
                self.open.push(self.weight);
                if MAX_BRACKETS < self.open.len() {
                    return Err((self.at, "brackets are nested too deeply"));
                }
            }
            b')' | b']' | b'}' => {
                self.weight = self.open.pop().unwrap_or(self.weight);
            }
            b',' | b';' => self.weight = self.open.last().copied().unwrap_or(0),
            b' ' | b'\t' | b'\r' | b'\x0c' => {}
            _ => self.heavier()?,
        }
        self.at += 1;
        Ok(())
    }

    /// A string; in a formatted one everything counts, because it may hold expressions.
    fn string(&mut self, formatted: bool) -> Result<(), Refusal> {
        let quote = self.text[self.at];
        let triple = self.text[self.at..].starts_with(&[quote; 3]);
        let (opened, weight) = (self.open.len(), self.weight);
        self.at += if triple { 3 } else { 1 };
        while let Some(&byte) = self.text.get(self.at) {
            let ends = if triple { self.text[self.at..].starts_with(&[quote; 3]) } else { byte == quote };
            match byte {
                b'\\' => self.at += 2,
                _ if ends => {
                    self.at += if triple { 3 } else { 1 };
                    break;
                }
                b'\n' if !triple => break,
                b'(' | b'[' | b'{' | b')' | b']' | b'}' if formatted => self.punctuation(byte)?,
                b'-' | b'+' | b'~' | b'.' | b'*' | b' ' if formatted => {
                    self.heavier()?;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
        }
        self.open.resize(opened, 0);
        self.weight = weight;
        self.heavier()
    }

    fn heavier(&mut self) -> Result<(), Refusal> {
        self.weight += 1;
        if MAX_WEIGHT < self.weight {
            Err((self.at, "the expression is too long or too deeply nested"))
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<String> {
        check(&SourceText::new("m.cfg", text)).err().map(|error| error.message)
    }

    #[test]
    fn deep_brackets_chains_and_blocks_are_refused() {
        let brackets = Some("brackets are nested too deeply".to_owned());
        assert_eq!(refusal(&format!("x = {}1{}", "(".repeat(10_000), ")".repeat(10_000))), brackets);
        assert_eq!(refusal(&format!("x = f'{}'", "{[".repeat(10_000))), brackets);
        let chain = Some("the expression is too long or too deeply nested".to_owned());
        assert_eq!(refusal(&format!("x = {}1", "-".repeat(10_000))), chain);
        assert_eq!(refusal(&format!("x = a{}", ".a".repeat(10_000))), chain);
        assert_eq!(refusal(&format!("x = {}1", "not ".repeat(10_000))), chain);
        let blocks: String = (0..60).map(|depth| format!("{}if 1:\n", " ".repeat(depth))).collect();
        assert_eq!(refusal(&blocks), Some("blocks are nested too deeply".to_owned()));
    }

    #[test]
    fn long_lists_and_files_are_fine() {
        assert_eq!(refusal(&format!("x = [{}]", "('a', 1 + 2), ".repeat(20_000))), None);
        assert_eq!(refusal(&"if a:\n    b = 'it''s ((('  # ((((\n".repeat(5_000)), None);
        assert_eq!(refusal("x = '''\n((((\n''' + \"\\\"((\"\n"), None);
    }
}
