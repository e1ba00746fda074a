//! Statements: what Starlark has stays, what it can express is rewritten, the rest is refused with a reason.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    Expr, ExprSlice, ExprSubscript, Operator, Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAugAssign, StmtDelete,
    StmtExpr, StmtIf, StmtRaise, StmtWith,
};
use rustpython_ruff_text_size::{Ranged, TextRange, TextSize};

use super::expressions::first;
use super::rewriter::Rewriter;
use super::scopes;

/// Longest `if ... elif ... elif` chain; Starlark nests them.
const MAX_CLAUSES: usize = 200;

impl Rewriter<'_> {
    pub fn statements(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        if let Some(reason) = refusal(statement) {
            return self.error(first_word(statement), reason);
        }
        match statement {
            Stmt::FunctionDef(function) => self.function(function),
            Stmt::ClassDef(class) => self.class_definition(class),
            Stmt::Return(node) => self.return_value(node),
            Stmt::Break(node) => self.leave(node.range(), "break"),
            Stmt::Continue(node) => self.leave(node.range(), "continue"),
            Stmt::Delete(node) => self.delete(node),
            Stmt::Assign(node) => self.assign(node),
            Stmt::AugAssign(node) => self.augmented(node),
            Stmt::AnnAssign(node) => self.annotated(node),
            Stmt::For(node) => self.for_loop(node),
            Stmt::While(node) => self.while_loop(node),
            Stmt::If(node) => self.if_chain(node),
            Stmt::Match(node) => self.match_block(node),
            Stmt::Try(node) => self.try_block(node),
            Stmt::With(node) if scopes::is_with_secrets(node) => self.with(node),
            Stmt::With(node) => self.with_block(node),
            Stmt::Raise(node) => self.raise(node),
            Stmt::Assert(node) => self.assertion(node),
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            // `make_boxes` has done what they say.
            Stmt::Global(_) | Stmt::Nonlocal(_) => self.replace(statement.range(), "pass"),
            Stmt::Expr(node) => self.expression_statement(node),
            _ => {}
        }
    }

    /// `yield` of a generator, a file to be included, or an expression.
    fn expression_statement(&mut self, node: &StmtExpr) {
        let (value, method) = match &*node.value {
            Expr::Yield(yielded) => (yielded.value.as_deref(), "append"),
            Expr::YieldFrom(yielded) => (Some(&*yielded.value), "extend"),
            other => {
                if !self.include(other) {
                    self.expression(other);
                }
                return;
            }
        };
        let Some(value) = value else { return self.replace(node.range(), "_bb_yields.append(None)") };
        let whole = self.with_parentheses(value.range(), node.range());
        self.replace(TextRange::new(node.start(), whole.start()), format!("_bb_yields.{method}(("));
        self.expression(value);
        self.insert(whole.end(), "))");
    }

    fn assign(&mut self, node: &StmtAssign) {
        if let [Expr::Subscript(item)] = node.targets.as_slice()
            && self.modules.operators.contains("__setitem__")
            && !item.slice.is_slice_expr()
        {
            return self.own_item(item, node);
        }
        let [_, _, ..] = node.targets.as_slice() else {
            if let Some((elements, at)) = with_star(&node.targets[0]) {
                return self.unpack(elements, at, &node.value);
            }
            self.target(&node.targets[0]);
            return self.expression(&node.value);
        };
        // `a = b = value` becomes `a, b = [value] * 2`: both are the same object, as in Python.
        let mut range = node.range();
        for (position, target) in node.targets.iter().enumerate() {
            let bare_tuple = matches!(target, Expr::Tuple(tuple) if !tuple.parenthesized);
            self.insert(target.start(), if bare_tuple { "(" } else { "" });
            self.target(target);
            self.insert(target.end(), if bare_tuple { ")" } else { "" });
            range = TextRange::new(target.end(), range.end());
            let is_last = position + 1 == node.targets.len();
            if let Some(equals) = self.token(range, TokenKind::Equal) {
                self.replace(equals, if is_last { "= [(" } else { "," });
            }
        }
        self.expression(&node.value);
        self.insert(node.end(), format!(")] * {}", node.targets.len()));
    }

    /// `a, *b, c = value` as `a, b, c = _bb_unpack(1, 1, (value))`.
    fn unpack(&mut self, elements: &[Expr], at: usize, value: &Expr) {
        for (position, element) in elements.iter().enumerate() {
            match element {
                Expr::Starred(starred) if position == at => {
                    self.remove(first(starred.range()));
                    self.target(&starred.value);
                }
                other => self.target(other),
            }
        }
        self.insert(value.start(), format!("_bb_unpack({at}, {}, (", elements.len() - at - 1));
        self.expression(value);
        self.insert(value.end(), "))");
    }

    /// `a[b] = c` as `_bb_setitem(a, b, (c))`.
    fn own_item(&mut self, item: &ExprSubscript, node: &StmtAssign) {
        self.insert(item.start(), "_bb_setitem(");
        self.expression(&item.value);
        self.open_item(item, ", ");
        self.expression(&item.slice);
        self.close_item(item, "");
        if let Some(equals) = self.token(TextRange::new(item.end(), node.value.start()), TokenKind::Equal) {
            self.replace(equals, ", (");
        }
        self.expression(&node.value);
        self.insert(node.end(), "))");
    }

    /// The left side of an assignment or the variables of a loop.
    pub(super) fn target(&mut self, target: &Expr) {
        match target {
            Expr::Starred(starred) => {
                self.error(starred.range(), "'*' is not supported here; assign in the body of the loop")
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| self.target(element)),
            Expr::List(list) => list.elts.iter().for_each(|element| self.target(element)),
            other => self.expression(other),
        }
    }

    fn augmented(&mut self, node: &StmtAugAssign) {
        if matches!(node.op, Operator::Pow | Operator::MatMult) {
            return self.error(node.range(), format!("'{}=' is not supported; write it out", node.op.as_str()));
        }
        self.target(&node.target);
        self.expression(&node.value);
    }

    /// Annotations are dropped.
    fn annotated(&mut self, node: &StmtAnnAssign) {
        let Some(value) = &node.value else {
            return self.replace_keeping_lines(node.range(), "pass");
        };
        self.target(&node.target);
        let between = TextRange::new(node.target.end(), value.start());
        if let Some(colon) = self.token(between, TokenKind::Colon) {
            let annotation = self.with_parentheses(node.annotation.range(), between);
            self.remove(TextRange::new(colon.start(), annotation.end()));
        }
        self.expression(value);
    }

    /// `with a.withSecrets(b) as c:` becomes `for c in _bb_with(a.withSecrets(b)):`, a loop that runs once.
    fn with(&mut self, node: &StmtWith) {
        let [item] = node.items.as_slice() else { return };
        if let Some(leaving) = node.body.iter().find_map(leaves) {
            return self.error(leaving, "leaving a 'with' block early is not supported");
        }
        let name = match item.optional_vars.as_deref() {
            Some(Expr::Name(name)) => self.read(&name.id),
            Some(other) => return self.error(other.range(), "'with' gives one name here"),
            None => "_bb_within".to_owned(),
        };
        let opening = TextRange::new(node.start(), item.context_expr.start());
        if self.token(opening, TokenKind::Lpar).is_some() {
            return self.error(opening, "write 'with' without parentheses around what follows");
        }
        self.replace(opening, format!("for {name} in _bb_with("));
        self.expression(&item.context_expr);
        let rest = TextRange::new(item.context_expr.end(), item.range().end());
        self.replace_keeping_lines(rest, ")");
        self.statements(&node.body);
    }

    fn if_chain(&mut self, node: &StmtIf) {
        if MAX_CLAUSES < node.elif_else_clauses.len() {
            return self.error(node.test.range(), "this 'if' has too many 'elif's");
        }
        self.expression(&node.test);
        self.statements(&node.body);
        for clause in &node.elif_else_clauses {
            clause.test.iter().for_each(|test| self.expression(test));
            self.statements(&clause.body);
        }
    }

    /// `raise error` becomes `_bb_raise(error)`.
    fn raise(&mut self, node: &StmtRaise) {
        let Some(exception) = &node.exc else {
            return self.replace(node.range(), "_bb_raise(_bb_caught)");
        };
        self.replace(TextRange::new(node.start(), exception.start()), "_bb_raise(");
        self.expression(exception);
        self.replace_keeping_lines(TextRange::new(exception.end(), node.end()), ")");
    }

    fn assertion(&mut self, node: &StmtAssert) {
        self.replace(TextRange::at(node.start(), 6.into()), "_bb_assert(");
        self.expression(&node.test);
        node.msg.iter().for_each(|message| self.expression(message));
        self.insert(node.end(), ")");
    }

    /// `del a[k], b[i:j], c` becomes `a.pop(k); _bb_del(b, slice); pass`.
    fn delete(&mut self, node: &StmtDelete) {
        let mut done = node.start();
        for (position, target) in node.targets.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            let subscript = match target {
                // The name is not looked at again, or should not be.
                Expr::Name(_) => {
                    self.replace(TextRange::new(done, target.end()), format!("{separator}pass"));
                    done = target.end();
                    continue;
                }
                Expr::Subscript(subscript) => subscript,
                _ => return self.error(target.range(), "'del' works on items only, as in del a['key']"),
            };
            let close = TextRange::new(target.end() - TextSize::from(1), target.end());
            let opening = match &*subscript.slice {
                Expr::Slice(_) => "_bb_del_slice(",
                _ => "",
            };
            self.replace(TextRange::new(done, target.start()), format!("{separator}{opening}"));
            self.expression(&subscript.value);
            let rest = TextRange::new(subscript.value.end(), target.end());
            if let Some(open) = self.token(rest, TokenKind::Lsqb) {
                self.replace(open, if opening.is_empty() { ".pop(" } else { ", " });
            }
            match &*subscript.slice {
                Expr::Slice(slice) => self.slice_arguments(slice, close.start()),
                key => self.expression(key),
            }
            done = target.end();
            self.replace(close, ")");
        }
        self.remove(TextRange::new(done, node.end()));
    }

    /// `i:j:k` as `(i), (j), (k)`, with None for what is left out.
    fn slice_arguments(&mut self, slice: &ExprSlice, end: TextSize) {
        let mut at = slice.start();
        for (position, part) in [&slice.lower, &slice.upper, &slice.step].into_iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            match part {
                Some(part) => {
                    let whole = self.with_parentheses(part.range(), TextRange::new(at, end));
                    self.replace(TextRange::new(at, whole.start()), separator);
                    self.expression(part);
                    at = whole.end();
                }
                None => self.insert(at, format!("{separator}None")),
            }
        }
        self.replace(TextRange::new(at, end), "");
    }
}

/// The reason a kind of statement cannot be part of a configuration.
fn refusal(statement: &Stmt) -> Option<&'static str> {
    match statement {
        Stmt::TypeAlias(_) => Some("'type' is not supported in configurations"),
        Stmt::IpyEscapeCommand(_) => Some("shell escapes are not Python"),
        Stmt::For(node) if node.is_async => Some("'async for' is not supported in configurations"),
        Stmt::With(node) if node.is_async => Some("'async with' is not supported in configurations"),
        _ => None,
    }
}

/// A statement that would leave the block: what it says of a loop around the block would be said of the block.
fn leaves(statement: &Stmt) -> Option<TextRange> {
    match statement {
        Stmt::Break(_) | Stmt::Continue(_) | Stmt::Return(_) => Some(statement.range()),
        Stmt::If(node) => {
            let clauses = node.elif_else_clauses.iter().flat_map(|clause| &clause.body);
            node.body.iter().chain(clauses).find_map(leaves)
        }
        Stmt::With(node) => node.body.iter().find_map(leaves),
        Stmt::Match(node) => node.cases.iter().flat_map(|case| &case.body).find_map(leaves),
        Stmt::For(node) => node.body.iter().find_map(returns),
        _ => None,
    }
}

fn returns(statement: &Stmt) -> Option<TextRange> {
    match statement {
        Stmt::Break(_) | Stmt::Continue(_) => None,
        Stmt::For(node) => node.body.iter().find_map(returns),
        Stmt::If(node) => {
            let clauses = node.elif_else_clauses.iter().flat_map(|clause| &clause.body);
            node.body.iter().chain(clauses).find_map(returns)
        }
        Stmt::Match(node) => node.cases.iter().flat_map(|case| &case.body).find_map(returns),
        other => leaves(other),
    }
}

/// The first word of a statement: what an error about its kind points at.
fn first_word(statement: &Stmt) -> TextRange {
    let length = match statement {
        Stmt::TypeAlias(_) => 4,
        Stmt::For(_) | Stmt::With(_) => 5,
        _ => return statement.range(),
    };
    TextRange::at(statement.start(), length.into())
}

/// The variables of an assignment of which one takes what the others leave, and which that is.
fn with_star(target: &Expr) -> Option<(&[Expr], usize)> {
    let elements = match target {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => return None,
    };
    Some((elements, elements.iter().position(Expr::is_starred_expr)?))
}
