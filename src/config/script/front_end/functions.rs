//! Functions: each gets a number, so that the value Starlark makes of it can be found in the file again.
//!
//! The number is part of the name of an extra parameter, `_bb_fn_7`, whose default gives the values that the function
//! captures from functions around it. Callers never see it. The digest of a callback is made from this.

use std::collections::{BTreeSet, HashSet};

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{AnyParameterRef, Decorator, ExprLambda, Parameters, Stmt, StmtFunctionDef};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::frames::{self, Frame, FrameKind, Resolved};
use super::rewriter::{Flow, Rewriter};
use super::{constructs, scopes, span};
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
        let name = node.name.as_str();
        if let Some(reason) = constructs::refusal(node) {
            let place = self.source.location(span(node.name.range()));
            let text = format!("{} = _bb_refused({name:?}, {:?})", self.read(name), format!("{reason} ({place})"));
            return self.replace_keeping_lines(node.range(), &text);
        }
        let free = scopes::free_in_body(Some(&node.parameters), &node.body);
        let mark = self.mark(node.name.to_string(), span(node.range()), free);
        let target = self.read(name);
        self.decorators(node, &mark, &target);
        let is_boxed = matches!(self.resolve(name), Resolved::Boxed(_));
        let plain = format!("_bb_plain_{name}");
        if !node.decorator_list.is_empty() || is_boxed {
            self.replace(node.name.range(), plain.as_str());
        } else if target != name {
            self.replace(node.name.range(), target.as_str());
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
        self.body(node);
        if is_boxed && node.decorator_list.is_empty() {
            self.insert(node.end(), format!("\n{}{target} = {plain}", self.indent(node.start())));
        }
    }

    fn body(&mut self, node: &StmtFunctionDef) {
        let frame = Frame::function(Some(&node.parameters), &node.body);
        let yields = constructs::is_generator(node);
        let flow = std::mem::replace(&mut self.flow, Flow { yields, ..Flow::default() });
        let first = node.parameters.iter().next().map(|first| first.name().to_string());
        let method = self.method.clone();
        if let (Some(class), Some(first)) = (self.class.take(), first) {
            self.method = Some((class, first));
        }
        let parameters = scopes::parameters(&node.parameters);
        self.frames.push(frame);
        let beginning = if yields { vec!["_bb_yields = []".to_owned()] } else { Vec::new() };
        self.make_boxes(&node.body, &parameters, beginning);
        self.statements(&node.body);
        if yields {
            self.append(node.range(), &node.body, "return _bb_yields");
        }
        self.frames.pop();
        self.flow = flow;
        self.method = method;
    }

    /// Makes the boxes of the innermost scope where its body begins.
    pub(super) fn make_boxes(&mut self, body: &[Stmt], given: &HashSet<String>, mut lines: Vec<String>) {
        let Some(frame) = self.frames.last() else { return };
        let mut names: Vec<&String> = frame.boxed.iter().collect();
        names.sort();
        for name in names {
            let variable = frames::box_name(&frame.prefix, name);
            let value = if given.contains(name) { format!(", {name}") } else { String::new() };
            lines.push(format!("{variable} = _bb_box({name:?}{value})"));
        }
        let (Some(first), false) = (body.first(), lines.is_empty()) else { return };
        let separator =
            if self.begins_line(first.start()) { format!("\n{}", self.indent(first.start())) } else { "; ".to_owned() };
        self.insert(first.start(), format!("{}{separator}", lines.join("; ")));
    }

    /// Adds a statement behind the last one of a body.
    pub(super) fn append(&mut self, whole: TextRange, body: &[Stmt], statement: &str) {
        let Some(first) = body.first() else { return };
        let separator =
            if self.begins_line(first.start()) { format!("\n{}", self.indent(first.start())) } else { "; ".to_owned() };
        self.insert(whole.end(), format!("{separator}{statement}"));
    }

    /// `@a` over `def f` becomes `f = (a)(lambda *p, **k: _bb_plain_f(*p, **k))` over `def _bb_plain_f`.
    fn decorators(&mut self, node: &StmtFunctionDef, mark: &str, target: &str) {
        let name = node.name.as_str();
        for (position, Decorator { expression, range, .. }) in node.decorator_list.iter().enumerate() {
            let at = TextRange::at(range.start(), 1.into());
            self.replace(at, if position == 0 { format!("{target} = (") } else { "(".to_owned() });
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
        self.frames.push(Frame::block(names));
        let class = self.class.take();
        self.expression(&node.body);
        self.class = class;
        self.frames.pop();
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
        let (mut captured, mut outside) = (Vec::new(), BTreeSet::new());
        for name in free {
            let variable = self.variable(&name);
            let is_inner = self.frames[1..].iter().any(|it| it.kind != FrameKind::Class && it.names.contains(&name));
            let is_module = self.frames[0].names.contains(&name) && variable == self.module_variable(&name);
            if is_inner && !is_module && self.resolve(&name) != Resolved::Unbound {
                captured.push(variable);
            } else {
                outside.insert(variable);
            }
        }
        let number = self.first_function + self.functions.len();
        self.functions.push(FunctionText { name, span, outside });
        if captured.is_empty() {
            return format!("_bb_fn_{number}=None");
        }
        let values: String = captured.iter().map(|name| format!("{name},")).collect();
        format!("_bb_fn_{number}=(lambda: ({values}))")
    }

    /// The variable of a name of the file's top level.
    fn module_variable(&self, name: &str) -> String {
        match frames::resolve(&self.frames[..1], name) {
            Resolved::Renamed(variable) | Resolved::Boxed(variable) => variable,
            // The same name may stand for a variable further in; only prefixes and boxes tell them apart.
            Resolved::Unbound | Resolved::Same => String::new(),
        }
    }
}
