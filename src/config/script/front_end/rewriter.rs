//! The state of a rewrite and what all its parts need: edits, errors, tokens.

use rustpython_ruff_python_ast::token::{Token, TokenKind};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::edits::Edits;
use super::frames::{self, Frame, Resolved};
use super::functions::FunctionText;
use super::modules::Modules;
use super::span;
use crate::config::ConfigError;
use crate::config::source::SourceText;

/// Walks the syntax tree in the order of the text. Each part handles one kind of node (`statements`, `blocks`, `classes`,
/// `expressions`, `calls`, `strings`, `functions`, `imports`).
pub struct Rewriter<'a> {
    pub(super) source: &'a SourceText,
    tokens: &'a [Token],
    pub(super) edits: Edits,
    pub(super) functions: Vec<FunctionText>,
    /// Number of the first of these functions: those of other files come before.
    pub(super) first_function: usize,
    /// Scopes around the current place; the first is the module's.
    pub(super) frames: Vec<Frame>,
    /// What is known of the files that this one may import.
    pub(super) modules: &'a Modules,
    /// This file's number in `modules`.
    pub(super) module: usize,
    /// Where control may go from the current place.
    pub(super) flow: Flow,
    /// How methods around the current place read their class, and their first parameter.
    pub(super) method: Option<(String, String)>,
    /// How the class is read whose body is being walked.
    pub(super) class: Option<String>,
    counter: usize,
    errors: Vec<ConfigError>,
}

/// What `return`, `break` and `continue` mean at a place.
#[derive(Debug, Default)]
pub struct Flow {
    /// Functions that stand for blocks, between the place and the function of the file.
    pub blocks: usize,
    pub loops: Vec<Loop>,
    /// Whether the function is a generator.
    pub yields: bool,
    /// Whether a failed import is caught.
    pub catches_imports: bool,
}

#[derive(Debug)]
pub struct Loop {
    /// `Flow::blocks` of the loop itself.
    pub blocks: usize,
    /// The number of the variable that tells whether the loop was left, if somebody asks.
    pub flag: Option<usize>,
}

impl<'a> Rewriter<'a> {
    pub fn new(modules: &'a Modules, module: usize, tokens: &'a [Token], first_function: usize) -> Self {
        let local = &modules.files[module];
        let (edits, functions, flow, errors) = Default::default();
        let frames = vec![local.frame.clone()];
        let source = &local.source;
        let (method, class, counter) = (None, None, 0);
        Self {
            source,
            tokens,
            edits,
            functions,
            first_function,
            frames,
            modules,
            module,
            flow,
            method,
            class,
            counter,
            errors,
        }
    }

    /// A number for names of our own; no two files share one.
    pub(super) fn number(&mut self) -> usize {
        self.counter += 1;
        self.module * 1_000_000 + self.counter
    }

    pub(super) fn resolve(&self, name: &str) -> Resolved {
        frames::resolve(&self.frames, name)
    }

    /// How a name is read.
    pub(super) fn read(&self, name: &str) -> String {
        match self.resolve(name) {
            Resolved::Unbound | Resolved::Same => name.to_owned(),
            Resolved::Renamed(renamed) => renamed,
            Resolved::Boxed(name) => format!("{name}.value"),
        }
    }

    /// The variable behind a name: what a function captures.
    pub(super) fn variable(&self, name: &str) -> String {
        match self.resolve(name) {
            Resolved::Unbound | Resolved::Same => name.to_owned(),
            Resolved::Renamed(renamed) => renamed,
            Resolved::Boxed(name) => name,
        }
    }

    /// Leading space of the line of a place, without tabs.
    pub(super) fn indent(&self, at: TextSize) -> String {
        let before = &self.source.text[..at.to_usize()];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        let mut width = 0;
        for byte in self.source.text[line..].bytes() {
            match byte {
                b' ' => width += 1,
                b'\t' => width += 8 - width % 8,
                _ => break,
            }
        }
        " ".repeat(width + self.modules.files[self.module].indent)
    }

    /// Whether nothing but space stands before a place in its line.
    pub(super) fn begins_line(&self, at: TextSize) -> bool {
        let before = &self.source.text[..at.to_usize()];
        before[before.rfind('\n').map_or(0, |end| end + 1)..].trim().is_empty()
    }

    /// The edits and functions of the file, and what is wrong with it.
    pub fn finish(self) -> (Edits, Vec<FunctionText>, Vec<ConfigError>) {
        let mut errors = self.errors;
        if errors.is_empty() && !self.edits.are_in_order() {
            errors.push(ConfigError::whole_file(&self.source.name, "cannot be translated (a bug in the front end)"));
        }
        (self.edits, self.functions, errors)
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
