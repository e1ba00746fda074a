//! Makes Starlark of Python: parses the file with Python's grammar and rewrites, line for line, what Starlark lacks.
//!
//! Edits touch only the tokens between expressions, never an expression itself, and are made in the order of the
//! text. So nested rewrites cannot collide, lines stay where they were, and every column can be mapped back.

mod assembly;
mod blocks;
pub mod buildbot;
mod calls;
mod classes;
mod constants;
mod constructs;
mod edits;
mod expressions;
mod frames;
mod functions;
mod imports;
mod matching;
mod migrate;
mod modules;
mod nesting;
mod places;
mod python2;
mod rewriter;
mod scopes;
mod statements;
mod strings;
mod tabs;
mod wanted;

pub use edits::Positions;
pub use functions::FunctionText;
pub use migrate::{Migrated, migrate};
pub use places::Places;

use rustpython_ruff_text_size::TextRange;

use super::Files;
use crate::config::ConfigError;
use crate::config::source::{SourceText, Span};

/// A program that Starlark can run, and the way back to the operator's own files.
#[derive(Debug)]
pub struct Rewritten {
    /// All files, one behind the other; places are places in this.
    pub source: SourceText,
    pub text: String,
    pub positions: Positions,
    /// By number, as in the marker parameter of each function (see `functions`).
    pub functions: Vec<FunctionText>,
    pub places: Places,
    /// Names and texts of the files besides the configuration itself.
    pub others: Vec<(String, String)>,
    /// What is Python 2.
    pub warnings: Vec<ConfigError>,
}

/// Parses and rewrites a file and what it imports; all errors at once.
pub fn rewrite(source: &SourceText, files: &Files) -> Result<Rewritten, Vec<ConfigError>> {
    assembly::assemble(&modules::discover(source, files)?)
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
