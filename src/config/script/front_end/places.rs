//! Where the file says what: arguments of calls, keys of the configuration.

use std::collections::{HashMap, HashSet};

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{ArgOrKeyword, Expr, ExprCall, Stmt, StmtAssign};
use rustpython_ruff_text_size::Ranged;

use super::span;
use crate::config::source::{SourceText, Span};

/// The dictionary that a configuration fills.
const CONFIG_NAME: &str = "BuildmasterConfig";
/// Displays inside displays are followed this far.
const MAX_DEPTH: usize = 4;

/// Places of calls and of configuration keys, by what an evaluator can know of them.
#[derive(Clone, Debug, Default)]
pub struct Places {
    pub calls: HashMap<Span, CallPlace>,
    /// `protocols/pb/port` to the place of the value.
    pub values: HashMap<String, Span>,
    /// Top-level key to the place of the key itself.
    pub keys: HashMap<String, Span>,
    /// Where the configuration is made, or the file's start.
    pub config: Span,
}

/// Arguments of one call in the order of the file: name (of keyword arguments) and place.
#[derive(Clone, Debug, Default)]
pub struct CallPlace {
    pub arguments: Vec<(Option<String>, Span)>,
}

impl Places {
    /// Adds the places of another file, which begins at `base`. Only the configuration and what it includes have keys.
    pub fn add(&mut self, other: Self, base: u32, has_keys: bool, has_config: bool) {
        let moved = |span: Span| Span { start: span.start + base, end: span.end + base };
        for (call, place) in other.calls {
            let arguments = place.arguments.into_iter().map(|(name, span)| (name, moved(span))).collect();
            self.calls.insert(moved(call), CallPlace { arguments });
        }
        if has_keys {
            self.values.extend(other.values.into_iter().map(|(path, span)| (path, moved(span))));
            self.keys.extend(other.keys.into_iter().map(|(key, span)| (key, moved(span))));
        }
        if has_config {
            self.config = moved(other.config);
        }
    }

    /// The place of a value below a top-level key: the nearest place that is known.
    pub fn value(&self, path: &str) -> Span {
        let mut path = path;
        loop {
            if let Some(place) = self.values.get(path) {
                return *place;
            }
            match path.rsplit_once('/') {
                Some((parent, _)) => path = parent,
                None => return self.keys.get(path).copied().unwrap_or(self.config),
            }
        }
    }
}

pub fn collect(source: &SourceText, body: &[Stmt]) -> Places {
    let mut collector = Collector { source, names: HashSet::from([CONFIG_NAME.to_owned()]), places: Places::default() };
    collector.visit_body(body);
    collector.places
}

struct Collector<'s> {
    source: &'s SourceText,
    /// Names of the configuration's dictionary.
    names: HashSet<String>,
    places: Places,
}

impl<'a> Visitor<'a> for Collector<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::Assign(assign) = stmt {
            self.assignment(assign);
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if let Expr::Call(call) = expr {
            self.places.calls.insert(span(call.range()), call_place(call));
        }
        visitor::walk_expr(self, expr);
    }
}

impl Collector<'_> {
    fn assignment(&mut self, assign: &StmtAssign) {
        let is_config =
            |expr: &Expr, names: &HashSet<String>| matches!(expr, Expr::Name(name) if names.contains(name.id.as_str()));
        let makes_config = assign.targets.iter().any(|target| is_config(target, &self.names));
        if makes_config || is_config(&assign.value, &self.names) {
            let targets = assign.targets.iter().filter_map(|target| target.as_name_expr());
            self.names.extend(targets.map(|name| name.id.to_string()));
        }
        if makes_config {
            let name =
                assign.targets.iter().find(|target| matches!(target, Expr::Name(name) if name.id == CONFIG_NAME));
            self.places.config = span(name.unwrap_or(&assign.targets[0]).range());
            self.whole_config(&assign.value);
        }
        for target in &assign.targets {
            let Expr::Subscript(subscript) = target else { continue };
            if let (true, Expr::StringLiteral(key)) = (is_config(&subscript.value, &self.names), &*subscript.slice) {
                self.key(key.value.to_str(), span(key.range()), &assign.value);
            }
        }
    }

    fn whole_config(&mut self, value: &Expr) {
        match value {
            Expr::Dict(dict) => {
                for item in &dict.items {
                    if let Some(Expr::StringLiteral(key)) = &item.key {
                        self.key(key.value.to_str(), span(key.range()), &item.value);
                    }
                }
            }
            Expr::Call(call) => {
                for keyword in &call.arguments.keywords {
                    if let Some(name) = &keyword.arg {
                        self.key(name, span(name.range()), &keyword.value);
                    }
                }
            }
            _ => {}
        }
    }

    fn key(&mut self, key: &str, place: Span, value: &Expr) {
        self.places.keys.insert(key.to_owned(), place);
        self.value(key.to_owned(), value, 0);
    }

    fn value(&mut self, path: String, value: &Expr, depth: usize) {
        if depth < MAX_DEPTH {
            match value {
                Expr::Dict(dict) => {
                    for item in &dict.items {
                        if let Some(key) = &item.key {
                            let name = match key {
                                Expr::StringLiteral(key) => key.value.to_str(),
                                other => self.source.slice(span(other.range())),
                            };
                            self.value(format!("{path}/{name}"), &item.value, depth + 1);
                        }
                    }
                }
                Expr::Call(call) => {
                    for keyword in &call.arguments.keywords {
                        if let Some(name) = &keyword.arg {
                            self.value(format!("{path}/{name}"), &keyword.value, depth + 1);
                        }
                    }
                }
                Expr::List(list) => {
                    for (position, item) in list.elts.iter().enumerate() {
                        self.value(format!("{path}/{position}"), item, depth + 1);
                    }
                }
                _ => {}
            }
        }
        self.places.values.insert(path, span(value.range()));
    }
}

fn call_place(call: &ExprCall) -> CallPlace {
    let arguments = call.arguments.arguments_source_order().map(|argument| match argument {
        ArgOrKeyword::Arg(expr) => (None, span(expr.range())),
        ArgOrKeyword::Keyword(keyword) => (keyword.arg.as_ref().map(ToString::to_string), span(keyword.range())),
    });
    CallPlace { arguments: arguments.collect() }
}
