//! The state of a rewrite and what all its parts need: edits, errors, tokens.

use std::collections::HashSet;

use rustpython_ruff_python_ast::token::{Token, TokenKind};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::edits::Edits;
use super::functions::FunctionText;
use super::span;
use crate::config::ConfigError;
use crate::config::source::SourceText;

/// Walks the syntax tree in the order of the text. Each part handles one kind of node (`statements`, `expressions`,
/// `calls`, `strings`, `functions`, `imports`).
pub struct Rewriter<'a> {
    pub(super) source: &'a SourceText,
    tokens: &'a [Token],
    pub(super) edits: Edits,
    pub(super) functions: Vec<FunctionText>,
    /// Names bound by the functions and comprehensions around the current place.
    pub(super) scopes: Vec<HashSet<String>>,
    /// Names that the file binds at its top level.
    pub(super) module_names: HashSet<String>,
    errors: Vec<ConfigError>,
}

impl<'a> Rewriter<'a> {
    pub fn new(source: &'a SourceText, tokens: &'a [Token], module_names: HashSet<String>) -> Self {
        let (edits, functions, scopes, errors) = Default::default();
        Self { source, tokens, edits, functions, scopes, module_names, errors }
    }

    pub fn finish(self) -> Result<(Edits, Vec<FunctionText>), Vec<ConfigError>> {
        let mut errors = self.errors;
        if errors.is_empty() && !self.edits.are_in_order() {
            errors.push(ConfigError::whole_file(&self.source.name, "cannot be translated (a bug in the front end)"));
        }
        if errors.is_empty() { Ok((self.edits, self.functions)) } else { Err(errors) }
    }

    pub(super) fn error(&mut self, range: TextRange, message: impl Into<String>) {
        self.errors.push(self.source.error(span(range), message));
    }

    pub(super) fn insert(&mut self, at: TextSize, text: impl Into<String>) {
        self.edits.insert(at, text);
    }

    pub(super) fn replace(&mut self, range: TextRange, text: impl Into<String>) {
        self.edits.replace(range, text);
    }

    /// Removes text but keeps its line ends.
    pub(super) fn remove(&mut self, range: TextRange) {
        self.replace_keeping_lines(range, "");
    }

    /// Replaces text, followed by as many line ends as it had.
    pub(super) fn replace_keeping_lines(&mut self, range: TextRange, text: &str) {
        let lines = self.text(range).matches('\n').count();
        self.replace(range, format!("{text}{}", "\n".repeat(lines)));
    }

    pub(super) fn text(&self, range: TextRange) -> &'a str {
        self.source.slice(span(range))
    }

    /// The first token of a kind in a range.
    pub(super) fn token(&self, range: TextRange, kind: TokenKind) -> Option<TextRange> {
        self.tokens_in(range).iter().find(|token| token.kind() == kind).map(Ranged::range)
    }

    /// The last token in a range that is neither comment nor line end.
    pub(super) fn last_token(&self, range: TextRange) -> Option<&'a Token> {
        self.tokens_in(range).iter().rev().find(|token| !is_trivia(token))
    }

    pub(super) fn tokens_in(&self, range: TextRange) -> &'a [Token] {
        let first = self.tokens.partition_point(|token| token.start() < range.start());
        let last = self.tokens.partition_point(|token| token.start() < range.end());
        self.tokens.get(first..last).unwrap_or_default()
    }

    /// An expression together with the parentheses around it, as far as they lie inside `within`.
    pub(super) fn with_parentheses(&self, mut range: TextRange, within: TextRange) -> TextRange {
        loop {
            let before = self.last_token(TextRange::new(within.start().min(range.start()), range.start()));
            let after_range = TextRange::new(range.end(), within.end().max(range.end()));
            let after = self.tokens_in(after_range).iter().find(|token| !is_trivia(token));
            match (before, after) {
                (Some(open), Some(close)) if open.kind() == TokenKind::Lpar && close.kind() == TokenKind::Rpar => {
                    range = TextRange::new(open.start(), close.end());
                }
                _ => return range,
            }
        }
    }
}

fn is_trivia(token: &Token) -> bool {
    matches!(token.kind(), TokenKind::Comment | TokenKind::NonLogicalNewline)
}
