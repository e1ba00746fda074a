//! Blocks that Starlark lacks: `try`, `while`, `with`, `else` of a loop.
//!
//! The parts of a `try` become functions, which `_bb_try` calls. Such a function tells by its value how it was left:
//! nothing (at its end), `"break"`, `"continue"`, or a tuple with what the function of the file returns.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    ExceptHandler, ExceptHandlerExceptHandler, Expr, Stmt, StmtFor, StmtReturn, StmtTry, StmtWhile, StmtWith,
};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::frames::{Frame, Resolved};
use super::rewriter::{Loop, Rewriter};
use super::scopes;

impl Rewriter<'_> {
    pub(super) fn try_block(&mut self, node: &StmtTry) {
        if node.is_star {
            return self.error(node.range(), "'except*' is not supported in configurations");
        }
        let number = self.number();
        let indent = self.indent(node.start());
        self.replace(TextRange::at(node.start(), 3.into()), format!("def _bb_body_{number}()"));
        let catches = std::mem::replace(&mut self.flow.catches_imports, !node.handlers.is_empty());
        self.block(&node.body);
        self.flow.catches_imports = catches;
        let mut handlers = String::new();
        let mut end = node.body.last().map_or(node.start(), Ranged::end);
        for (position, ExceptHandler::ExceptHandler(handler)) in node.handlers.iter().enumerate() {
            let types = if handler.type_.is_some() { format!("_bb_types_{number}_{position}") } else { "None".into() };
            self.handler(handler, &format!("{number}_{position}"), &indent);
            handlers += &format!("({types}, _bb_handler_{number}_{position}), ");
            end = handler.end();
        }
        let mut others = Vec::new();
        for (body, keyword, name) in
            [(&node.orelse, TokenKind::Else, "else"), (&node.finalbody, TokenKind::Finally, "final")]
        {
            let Some(first) = body.first() else {
                others.push("None".to_owned());
                continue;
            };
            if let Some(word) = self.token(TextRange::new(end, first.start()), keyword) {
                self.replace(word, format!("def _bb_{name}_{number}()"));
            }
            self.block(body);
            others.push(format!("_bb_{name}_{number}"));
            end = body.last().map_or(end, Ranged::end);
        }
        let others = others.join(", ");
        let call = format!("\n{indent}_bb_left_{number} = _bb_try(_bb_body_{number}, [{handlers}], {others})");
        self.insert(node.end(), format!("{call}{}", self.pass_on(number, node, &indent)));
    }

    /// `except A as e:` becomes two functions: the kinds it catches, and what it does.
    fn handler(&mut self, handler: &ExceptHandlerExceptHandler, suffix: &str, indent: &str) {
        let body = handler.body.first().map_or(handler.end(), Ranged::start);
        let name = handler.name.as_ref().map_or_else(|| "_bb_unused".to_owned(), ToString::to_string);
        let opening = format!("def _bb_handler_{suffix}(_bb_caught, {name})");
        match &handler.type_ {
            None => self.replace(TextRange::at(handler.start(), 6.into()), opening),
            Some(types) => {
                let whole = self.with_parentheses(types.range(), TextRange::new(handler.start(), body));
                let before = TextRange::new(handler.start(), types.start());
                self.replace_keeping_lines(before, &format!("_bb_types_{suffix} = lambda: ("));
                self.expression(types);
                let colon = self.token(TextRange::new(whole.end(), body), TokenKind::Colon);
                let until = colon.map_or(body, |colon| colon.start());
                self.replace_keeping_lines(TextRange::new(types.end(), until), &format!(")\n{indent}{opening}"));
            }
        }
        let names = handler.name.iter().map(ToString::to_string).collect();
        self.frames.push(Frame::block(names));
        self.block(&handler.body);
        self.frames.pop();
    }

    /// Statements of a function that stands for a block.
    fn block(&mut self, body: &[Stmt]) {
        self.flow.blocks += 1;
        self.statements(body);
        self.flow.blocks -= 1;
    }

    /// What follows a `try`: the ways it may have been left go on from here.
    fn pass_on(&self, number: usize, node: &StmtTry, indent: &str) -> String {
        let ways = Ways::of(node);
        let left = format!("_bb_left_{number}");
        if 0 < self.flow.blocks {
            let any = ways.returns || ways.breaks || ways.continues;
            let inner = self.flow.loops.last().filter(|innermost| innermost.blocks == self.flow.blocks);
            let mut text = self.leave_loop(&ways, &left, indent, inner);
            if any {
                text += &format!("\n{indent}if _bb_is_not({left}, None): return {left}");
            }
            return text;
        }
        let mut text = self.leave_loop(&ways, &left, indent, self.flow.loops.last());
        if ways.returns {
            let value = if self.flow.yields { "_bb_yields".to_owned() } else { format!("{left}[0]") };
            text += &format!("\n{indent}if _bb_is_not({left}, None): return {value}");
        }
        text
    }

    fn leave_loop(&self, ways: &Ways, left: &str, indent: &str, innermost: Option<&Loop>) -> String {
        let Some(innermost) = innermost else { return String::new() };
        let mut text = String::new();
        if ways.breaks {
            let flag = innermost.flag.map(|flag| format!("_bb_broke_{flag} = True; ")).unwrap_or_default();
            text += &format!("\n{indent}if _bb_is({left}, \"break\"):\n{indent} {flag}break");
        }
        if ways.continues {
            text += &format!("\n{indent}if _bb_is({left}, \"continue\"): continue");
        }
        text
    }

    pub(super) fn return_value(&mut self, node: &StmtReturn) {
        match (&node.value, self.flow.blocks, self.flow.yields) {
            (None, 0, false) => {}
            (None, 0, true) => self.replace(node.range(), "return _bb_yields"),
            (None, _, _) => self.replace(node.range(), "return (None,)"),
            (Some(value), 0, false) => self.expression(value),
            (Some(value), ..) => {
                self.insert(value.start(), "((");
                self.expression(value);
                self.insert(value.end(), "),)");
            }
        }
    }

    /// `break` or `continue`.
    pub(super) fn leave(&mut self, range: TextRange, word: &str) {
        let Some(innermost) = self.flow.loops.last() else { return };
        if innermost.blocks != self.flow.blocks {
            return self.replace(range, format!("return {word:?}"));
        }
        if let (Some(flag), "break") = (innermost.flag, word) {
            self.replace(range, format!("_bb_broke_{flag} = True; break"));
        }
    }

    /// `while a:` becomes a `for` without end whose first line is `if not (a): break`.
    pub(super) fn while_loop(&mut self, node: &StmtWhile) {
        let number = self.number();
        let Some(first) = node.body.first().map(Ranged::start) else { return };
        let own_line = self.begins_line(first);
        let indent = if own_line { self.indent(first) } else { format!("{}    ", self.indent(node.start())) };
        let flag = self.flag(node.start(), &node.orelse, number);
        let opening = format!("for _bb_round_{number} in range(2147483647):\n{indent}if not (");
        self.replace(TextRange::at(node.start(), 5.into()), opening);
        self.expression(&node.test);
        let whole = self.with_parentheses(node.test.range(), TextRange::new(node.start(), first));
        self.insert(whole.end(), ")");
        if let Some(colon) = self.token(TextRange::new(whole.end(), first), TokenKind::Colon) {
            if own_line {
                self.insert(colon.end(), " break");
            } else {
                self.replace(TextRange::new(colon.end(), first), format!(" break\n{indent}"));
            }
        }
        self.loop_body(&node.body, flag);
        self.otherwise(&node.body, &node.orelse, flag);
    }

    pub(super) fn for_loop(&mut self, node: &StmtFor) {
        let number = self.number();
        let flag = self.flag(node.start(), &node.orelse, number);
        self.target(&node.target);
        self.iterated(&node.iter);
        self.loop_body(&node.body, flag);
        self.otherwise(&node.body, &node.orelse, flag);
    }

    /// A variable that tells whether a loop was left, if it has an `else`.
    fn flag(&mut self, at: rustpython_ruff_text_size::TextSize, orelse: &[Stmt], number: usize) -> Option<usize> {
        orelse.first()?;
        let indent = self.indent(at);
        self.insert(at, format!("_bb_broke_{number} = False\n{indent}"));
        Some(number)
    }

    fn loop_body(&mut self, body: &[Stmt], flag: Option<usize>) {
        self.flow.loops.push(Loop { blocks: self.flow.blocks, flag });
        self.statements(body);
        self.flow.loops.pop();
    }

    fn otherwise(&mut self, body: &[Stmt], orelse: &[Stmt], flag: Option<usize>) {
        let (Some(flag), Some(last), Some(first)) = (flag, body.last(), orelse.first()) else { return };
        if let Some(word) = self.token(TextRange::new(last.end(), first.start()), TokenKind::Else) {
            self.replace(word, format!("if not _bb_broke_{flag}"));
        }
        self.statements(orelse);
    }

    /// `with a as b, c as d:` becomes `if _bb_enter(a, box of b) and _bb_enter(c, box of d):`.
    pub(super) fn with_block(&mut self, node: &StmtWith) {
        let Some(first) = node.items.first() else { return };
        let opening = TextRange::new(node.start(), first.start());
        if self.token(opening, TokenKind::Lpar).is_some() {
            return self.error(opening, "write 'with' without parentheses around what follows");
        }
        self.replace(opening, "if ");
        let mut end = first.start();
        for (position, item) in node.items.iter().enumerate() {
            if position != 0
                && let Some(comma) = self.token(TextRange::new(end, item.start()), TokenKind::Comma)
            {
                self.replace(comma, " and");
            }
            let whole = self.with_parentheses(item.context_expr.range(), item.range());
            self.insert(whole.start(), "_bb_enter(");
            self.expression(&item.context_expr);
            let rest = TextRange::new(whole.end(), item.end());
            match item.optional_vars.as_deref() {
                None => self.insert(whole.end(), ")"),
                Some(Expr::Name(name)) => match self.resolve(&name.id) {
                    Resolved::Boxed(variable) => self.replace_keeping_lines(rest, &format!(", {variable})")),
                    _ => self.error(name.range(), "this name cannot be bound by 'with'"),
                },
                Some(other) => self.error(other.range(), "'with' gives one name here"),
            }
            end = item.end();
        }
        self.statements(&node.body);
    }
}

/// How the blocks of a `try` may be left.
#[derive(Default)]
struct Ways {
    returns: bool,
    breaks: bool,
    continues: bool,
}

impl Ways {
    fn of(node: &StmtTry) -> Self {
        let mut ways = Self::default();
        scopes::try_bodies(node).into_iter().for_each(|body| ways.body(body, false));
        ways
    }

    fn body(&mut self, body: &[Stmt], in_loop: bool) {
        for statement in body {
            match statement {
                Stmt::Return(_) => self.returns = true,
                Stmt::Break(_) => self.breaks |= !in_loop,
                Stmt::Continue(_) => self.continues |= !in_loop,
                Stmt::If(node) => {
                    self.body(&node.body, in_loop);
                    node.elif_else_clauses.iter().for_each(|clause| self.body(&clause.body, in_loop));
                }
                Stmt::Match(node) => node.cases.iter().for_each(|case| self.body(&case.body, in_loop)),
                Stmt::For(node) => {
                    self.body(&node.body, true);
                    self.body(&node.orelse, in_loop);
                }
                Stmt::While(node) => {
                    self.body(&node.body, true);
                    self.body(&node.orelse, in_loop);
                }
                Stmt::With(node) => self.body(&node.body, in_loop),
                Stmt::Try(node) => scopes::try_bodies(node).into_iter().for_each(|body| self.body(body, in_loop)),
                _ => {}
            }
        }
    }
}
