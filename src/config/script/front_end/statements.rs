//! Statements: what Starlark has stays, what it can express is rewritten, the rest is refused with a reason.

use rustpython_ruff_python_ast::token::TokenKind;
use rustpython_ruff_python_ast::{
    Expr, Operator, Stmt, StmtAnnAssign, StmtAssert, StmtAssign, StmtAugAssign, StmtDelete, StmtFor, StmtIf, StmtRaise,
    StmtWith,
};
use rustpython_ruff_text_size::{Ranged, TextRange};

use super::rewriter::Rewriter;

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
            Stmt::Return(node) => node.value.iter().for_each(|value| self.expression(value)),
            Stmt::Delete(node) => self.delete(node),
            Stmt::Assign(node) => self.assign(node),
            Stmt::AugAssign(node) => self.augmented(node),
            Stmt::AnnAssign(node) => self.annotated(node),
            Stmt::For(node) => self.for_loop(node),
            Stmt::If(node) => self.if_chain(node),
            Stmt::With(node) => self.with(node),
            Stmt::Raise(node) => self.raise(node),
            Stmt::Assert(node) => self.assertion(node),
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Expr(node) => self.expression(&node.value),
            _ => {}
        }
    }

    fn assign(&mut self, node: &StmtAssign) {
        let [_, _, ..] = node.targets.as_slice() else {
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

    /// The left side of an assignment or the variables of a loop.
    pub(super) fn target(&mut self, target: &Expr) {
        match target {
            Expr::Starred(starred) => self.error(starred.range(), "'*' in an assignment is not supported; use slices"),
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

    fn for_loop(&mut self, node: &StmtFor) {
        if let Some(first) = node.orelse.first() {
            self.error(first.range(), "'else' of a loop is not supported");
        }
        self.target(&node.target);
        self.expression(&node.iter);
        self.statements(&node.body);
    }

    /// `with a.withSecrets(b) as c:` becomes `for c in _bb_with(a.withSecrets(b)):`, a loop that runs once.
    fn with(&mut self, node: &StmtWith) {
        let [item] = node.items.as_slice() else { return };
        if let Some(leaving) = node.body.iter().find_map(leaves) {
            return self.error(leaving, "leaving a 'with' block early is not supported");
        }
        let name = match item.optional_vars.as_deref() {
            Some(Expr::Name(name)) => name.id.to_string(),
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

    /// `raise Kind(text)` ends the evaluation; nothing can catch it.
    fn raise(&mut self, node: &StmtRaise) {
        let Some(exception) = &node.exc else {
            return self.error(node.range(), "'raise' without an exception is not supported");
        };
        match &**exception {
            Expr::Call(call) => {
                let kind = self.text(call.func.range()).to_owned();
                let open = call.arguments.l_paren_range();
                self.replace(TextRange::new(node.start(), open.end()), format!("_bb_raise({kind:?}, "));
                self.arguments(&call.arguments);
                self.remove(TextRange::new(call.end(), node.end()));
            }
            other => {
                let kind = self.text(other.range()).to_owned();
                self.replace_keeping_lines(node.range(), &format!("_bb_raise({kind:?})"));
            }
        }
    }

    fn assertion(&mut self, node: &StmtAssert) {
        self.replace(TextRange::at(node.start(), 6.into()), "_bb_assert(");
        self.expression(&node.test);
        node.msg.iter().for_each(|message| self.expression(message));
        self.insert(node.end(), ")");
    }

    /// `del a[k], b[l]` becomes `a.pop(k); b.pop(l)`.
    fn delete(&mut self, node: &StmtDelete) {
        let mut done = node.start();
        for (position, target) in node.targets.iter().enumerate() {
            let Expr::Subscript(subscript) = target else {
                return self.error(target.range(), "'del' works on items only, as in del a['key']");
            };
            if subscript.slice.is_slice_expr() {
                return self.error(target.range(), "'del' of a slice is not supported");
            }
            self.replace(TextRange::new(done, target.start()), if position == 0 { "" } else { "; " });
            self.expression(&subscript.value);
            let rest = TextRange::new(subscript.value.end(), target.end());
            if let Some(open) = self.token(rest, TokenKind::Lsqb) {
                self.replace(open, ".pop(");
            }
            self.expression(&subscript.slice);
            done = target.end();
            self.replace(TextRange::new(done - rustpython_ruff_text_size::TextSize::from(1), done), ")");
        }
        self.remove(TextRange::new(done, node.end()));
    }
}

/// The reason a kind of statement cannot be part of a configuration.
fn refusal(statement: &Stmt) -> Option<&'static str> {
    match statement {
        Stmt::ClassDef(_) => {
            Some("'class' is not supported in configurations; use functions and arguments of the steps")
        }
        Stmt::While(_) => Some("'while' is not supported in configurations; use 'for' over a list or range()"),
        Stmt::Try(_) => Some("'try' is not supported in configurations; test with 'if' before"),
        Stmt::With(node) if !is_with_secrets(node) => {
            Some("'with' is not supported in configurations, except 'with factory.withSecrets(...)'")
        }
        Stmt::Match(_) => Some("'match' is not supported in configurations; use 'if' and 'elif'"),
        Stmt::Global(_) | Stmt::Nonlocal(_) => {
            Some("'global' and 'nonlocal' are not supported; return the value, or keep it in a dictionary")
        }
        Stmt::TypeAlias(_) => Some("'type' is not supported in configurations"),
        Stmt::IpyEscapeCommand(_) => Some("shell escapes are not Python"),
        Stmt::FunctionDef(function) if function.is_async => {
            Some("'async' functions are not supported in configurations")
        }
        Stmt::For(node) if node.is_async => Some("'async for' is not supported in configurations"),
        _ => None,
    }
}

/// Whether a block is for secrets. Several managers, or one that nothing is called of, are something else.
fn is_with_secrets(node: &StmtWith) -> bool {
    let [item] = node.items.as_slice() else { return false };
    let Expr::Call(call) = &item.context_expr else { return false };
    !node.is_async && matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.as_str() == "withSecrets")
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
        other => leaves(other),
    }
}

/// The first word of a statement: what an error about its kind points at.
fn first_word(statement: &Stmt) -> TextRange {
    let length = match statement {
        Stmt::ClassDef(class) => {
            let start = class.decorator_list.last().map_or(class.start(), |decorator| decorator.end());
            return TextRange::new(start, class.name.end());
        }
        Stmt::While(_) | Stmt::Match(_) => 5,
        Stmt::Try(_) => 3,
        Stmt::With(_) | Stmt::TypeAlias(_) => 4,
        Stmt::FunctionDef(_) | Stmt::For(_) => 5,
        _ => return statement.range(),
    };
    TextRange::at(statement.start(), length.into())
}
