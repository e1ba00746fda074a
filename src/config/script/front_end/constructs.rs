//! Functions that cannot be had: what in them is the reason, and what to write instead.
//!
//! Such a function may stand in a file. It is an error only where it is called, or given to Buildbot.

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

const WAITS: &str = "waits for Twisted, which is not here: a function answers at once, from what it is given; one that \
     runs commands is a step, def step(ctx): ctx.run([...])";

/// Why a function cannot be had, if it cannot.
pub fn refusal(node: &StmtFunctionDef) -> Option<String> {
    if node.is_async {
        return Some(format!("'async def' {WAITS}"));
    }
    let waits = node.decorator_list.iter().any(|decorator| last_name(&decorator.expression) == "inlineCallbacks");
    if waits {
        return Some(format!("'inlineCallbacks' {WAITS}"));
    }
    let found = look_into(&node.body);
    if found.awaits {
        return Some(format!("'await' {WAITS}"));
    }
    if found.nested_yields || (found.yields && !node.decorator_list.is_empty()) {
        return Some(format!("'yield' {WAITS}"));
    }
    let other = found.other?;
    Some(format!("'{other}' is not supported in configurations"))
}

/// Whether a function gives its values one by one. It runs to its end and gives a list here.
pub fn is_generator(node: &StmtFunctionDef) -> bool {
    look_into(&node.body).yields
}

fn last_name(expression: &Expr) -> &str {
    match expression {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Call(call) => last_name(&call.func),
        _ => "",
    }
}

#[derive(Default)]
struct Found {
    /// A statement of its own yields.
    yields: bool,
    /// The value of a `yield` is used.
    nested_yields: bool,
    awaits: bool,
    other: Option<&'static str>,
}

fn look_into(body: &[Stmt]) -> Found {
    let mut found = Found::default();
    found.visit_body(body);
    found
}

impl<'a> Visitor<'a> for Found {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Expr(node) => match &*node.value {
                Expr::Yield(node) => {
                    self.yields = true;
                    node.value.iter().for_each(|value| self.visit_expr(value));
                }
                Expr::YieldFrom(node) => {
                    self.yields = true;
                    self.visit_expr(&node.value);
                }
                _ => visitor::walk_stmt(self, stmt),
            },
            Stmt::For(node) if node.is_async => self.awaits = true,
            Stmt::With(node) if node.is_async => self.awaits = true,
            Stmt::Try(node) if node.is_star => self.other = Some("except*"),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.nested_yields = true,
            Expr::Await(_) => self.awaits = true,
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}
