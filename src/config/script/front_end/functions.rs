//! Functions: each gets a number, so that the value Starlark makes of it can be found in the file again.
//!
//! The number is part of the name of an extra parameter, `_bb_fn_7`, whose default gives the values that the function
//! captures from functions around it. Callers never see it. The digest of a callback is made from this.

use std::collections::{BTreeSet, HashSet};

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{AnyParameterRef, Decorator, ExprLambda, Parameters, StmtFunctionDef};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::rewriter::Rewriter;
use super::{scopes, span};
use crate::config::source::Span;

/// What the file says of a function.
#[derive(Clone, Debug)]
pub struct FunctionText {
    /// `lambda` if it has no name.
    pub name: String,
    /// With its decorators.
    pub span: Span,
    /// Names it takes from the top level of the file, or from Starlark.
    pub outside: BTreeSet<String>,
}

impl Rewriter<'_> {
    pub(super) fn function(&mut self, node: &StmtFunctionDef) {
        let free = scopes::free_in_body(Some(&node.parameters), &node.body);
        let mark = self.mark(node.name.to_string(), span(node.range()), free);
        self.decorators(node, &mark);
        if !node.decorator_list.is_empty() {
            self.replace(node.name.range(), format!("_bb_plain_{}", node.name.as_str()));
        }
        if let Some(types) = &node.type_params {
            self.error(types.range(), "type parameters are not supported");
        }
        let close = TextRange::new(node.parameters.end() - TextSize::from(1), node.parameters.end());
        self.parameters(&node.parameters, close.start(), &mark);
        if let Some(returns) = &node.returns {
            let until = node.body.first().map_or(node.end(), Ranged::start);
            let after = TextRange::new(close.end(), until);
            if let Some(arrow) = self.token(after, TokenKind::Rarrow) {
                self.remove(TextRange::new(arrow.start(), self.with_parentheses(returns.range(), after).end()));
            }
        }
        let mut names = scopes::assigned(&node.body);
        names.extend(scopes::parameters(&node.parameters));
        self.scopes.push(names);
        self.statements(&node.body);
        self.scopes.pop();
    }

    /// `@a` over `def f` becomes `f = (a)(lambda *p, **k: _bb_plain_f(*p, **k))` over `def _bb_plain_f`.
    fn decorators(&mut self, node: &StmtFunctionDef, mark: &str) {
        let name = node.name.as_str();
        for (position, Decorator { expression, range, .. }) in node.decorator_list.iter().enumerate() {
            let at = TextRange::at(range.start(), 1.into());
            self.replace(at, if position == 0 { format!("{name} = (") } else { "(".to_owned() });
            self.expression(expression);
            let n_decorators = node.decorator_list.len();
            if position + 1 < n_decorators {
                self.insert(range.end(), ")(");
            } else {
                let closing = ")".repeat(n_decorators);
                self.insert(range.end(), format!(")(lambda *p, {mark}, **k: _bb_plain_{name}(*p, **k){closing}"));
            }
        }
    }

    pub(super) fn lambda(&mut self, node: &ExprLambda) {
        let free = scopes::free_in_expr(node.parameters.as_deref(), &node.body);
        let mark = self.mark("lambda".to_owned(), span(node.range()), free);
        let mut names = HashSet::new();
        match &node.parameters {
            None => self.insert(node.start() + TextSize::from(6), format!(" *, {mark}")),
            Some(parameters) => {
                names = scopes::parameters(parameters);
                let behind = TextRange::new(parameters.end(), node.body.start());
                let colon = self.token(behind, TokenKind::Colon).map_or(parameters.end(), |colon| colon.start());
                self.parameters(parameters, colon, &mark);
            }
        }
        self.scopes.push(names);
        self.expression(&node.body);
        self.scopes.pop();
    }

    /// Drops annotations, rewrites defaults, and adds the mark: before `**k`, or before `end`.
    fn parameters(&mut self, parameters: &Parameters, end: TextSize, mark: &str) {
        let has_star = parameters.vararg.is_some() || !parameters.kwonlyargs.is_empty();
        let star = if has_star { "" } else { "*, " };
        for parameter in parameters.iter_source_order() {
            if let AnyParameterRef::Variadic(variadic) = parameter
                && parameters.kwarg.as_deref().is_some_and(|kwarg| kwarg.range() == variadic.range())
            {
                let before = TextRange::new(parameters.start(), variadic.name.end());
                let stars = self.tokens_in(before).iter().rev().find(|token| token.kind() == TokenKind::DoubleStar);
                let at = stars.map_or(variadic.start(), |stars| stars.start());
                self.insert(at, format!("{star}{mark}, "));
            }
            let name_end = parameter.name().end();
            if let Some(annotation) = parameter.annotation() {
                let rest = TextRange::new(name_end, end);
                if let Some(colon) = self.token(rest, TokenKind::Colon) {
                    let annotation = self.with_parentheses(annotation.range(), rest);
                    self.remove(TextRange::new(colon.start(), annotation.end()));
                }
            }
            if let Some(default) = parameter.default() {
                self.expression(default);
            }
        }
        if parameters.kwarg.is_none() {
            let before = self.last_token(TextRange::new(parameters.start(), end));
            let needs_comma = before.is_some_and(|token| !matches!(token.kind(), TokenKind::Comma | TokenKind::Lpar));
            self.insert(end, format!("{}{star}{mark}", if needs_comma { ", " } else { "" }));
        }
    }

    /// Numbers a function; the text of its extra parameter.
    fn mark(&mut self, name: String, span: Span, free: BTreeSet<String>) -> String {
        let is_local = |name: &String| self.scopes.iter().any(|scope| scope.contains(name));
        let (captured, outside): (BTreeSet<String>, BTreeSet<String>) = free.into_iter().partition(is_local);
        let number = self.functions.len();
        self.functions.push(FunctionText { name, span, outside });
        if captured.is_empty() {
            return format!("_bb_fn_{number}=None");
        }
        let values: String = captured.iter().map(|name| format!("{name},")).collect();
        format!("_bb_fn_{number}=(lambda: ({values}))")
    }
}
