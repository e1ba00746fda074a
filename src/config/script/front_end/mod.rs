//! Makes Starlark of Python: parses the file with Python's grammar and rewrites, line for line, what Starlark lacks.
//!
//! Edits touch only the tokens between expressions, never an expression itself, and are made in the order of the
//! text. So nested rewrites cannot collide, lines stay where they were, and every column can be mapped back.

mod calls;
mod edits;
mod expressions;
mod functions;
mod imports;
mod nesting;
mod places;
mod rewriter;
mod scopes;
mod statements;
mod strings;
mod tabs;

pub use edits::Positions;
pub use functions::FunctionText;
pub use places::Places;

use rustpython_ruff_python_parser as parser;
use rustpython_ruff_text_size::{Ranged, TextRange};

use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

/// Files beyond this are refused, so that offsets and work stay small.
const MAX_BYTES: usize = 8 << 20;

/// A file that Starlark can run, and the way back to the operator's own text.
#[derive(Debug)]
pub struct Rewritten {
    pub text: String,
    pub positions: Positions,
    /// By number, as in the marker parameter of each function (see `functions`).
    pub functions: Vec<FunctionText>,
    pub places: Places,
}

/// Parses and rewrites; all errors of the file at once.
pub fn rewrite(source: &SourceText) -> Result<Rewritten, Vec<ConfigError>> {
    if MAX_BYTES < source.text.len() {
        return Err(vec![ConfigError::whole_file(&source.name, "the file is larger than 8 MiB")]);
    }
    nesting::check(source).map_err(|error| vec![error])?;
    let parsed = parser::parse_module(&source.text).map_err(|error| {
        vec![source.error(span(error.range()), format!("syntax error: {}", lower(&error.error.to_string())))]
    })?;
    let body = &parsed.syntax().body;
    let mut rewriter = rewriter::Rewriter::new(source, parsed.tokens(), scopes::assigned(body));
    rewriter.statements(body);
    let (mut edits, functions) = rewriter.finish()?;
    edits.merge(tabs::edits(source, parsed.tokens()));
    let places = places::collect(source, body);
    let (text, positions) = edits.apply(&source.text);
    Ok(Rewritten { text, positions, functions, places })
}

fn span(range: TextRange) -> Span {
    Span { start: range.start().into(), end: range.end().into() }
}

/// With a small first letter, unless the first word is a name in capitals.
fn lower(text: &str) -> String {
    let mut characters = text.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
