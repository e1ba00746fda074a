//! Starlark refuses tabs: outside strings they become spaces, in indentation up to the next multiple of eight.

use rustpython_ruff_python_ast::token::{Token, TokenKind};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::edits::Edits;
use crate::config::source::SourceText;

pub fn edits(source: &SourceText, tokens: &[Token]) -> Edits {
    let mut edits = Edits::default();
    let mut column = 0;
    let mut indenting = true;
    for (at, byte) in source.text.bytes().enumerate() {
        match byte {
            b'\n' => (column, indenting) = (0, true),
            b'\t' => {
                let width = if indenting { 8 - column % 8 } else { 1 };
                column += width;
                let at = TextSize::try_from(at).unwrap_or_default();
                if !in_string(tokens, at) {
                    edits.replace(TextRange::at(at, 1.into()), " ".repeat(width));
                }
            }
            _ => {
                column += 1;
                indenting &= byte == b' ';
            }
        }
    }
    edits
}

fn in_string(tokens: &[Token], at: TextSize) -> bool {
    let next = tokens.partition_point(|token| token.end() <= at);
    tokens.get(next).is_some_and(|token| {
        token.start() <= at && matches!(token.kind(), TokenKind::String | TokenKind::FStringMiddle)
    })
}
