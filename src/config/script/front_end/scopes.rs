//! Which names a piece of code binds and which it takes from outside.

use std::collections::{BTreeSet, HashSet};

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{
    Comprehension, ExceptHandler, Expr, ExprContext, Parameters, Pattern, Stmt, StmtTry, StmtWith,
};

use super::matching;

/// Names that statements bind in their own scope: not inside functions or comprehensions.
pub fn assigned(body: &[Stmt]) -> HashSet<String> {
    let mut names = Assigned::default();
    names.visit_body(body);
    names.0
}

/// Names of parameters.
pub fn parameters(parameters: &Parameters) -> HashSet<String> {
    parameters.iter().map(|parameter| parameter.name().to_string()).collect()
}

/// Names that the `for`s of a comprehension bind.
pub fn targets(generators: &[Comprehension]) -> HashSet<String> {
    let mut names = Assigned::default();
    for generator in generators {
        names.visit_expr(&generator.target);
    }
    names.0
}

/// Names that a function's body takes from outside.
pub fn free_in_body(parameters: Option<&Parameters>, body: &[Stmt]) -> BTreeSet<String> {
    let mut names = Free::default();
    names.function(parameters, assigned(body), |free| free.visit_body(body));
    names.free
}

/// Names that a lambda's body takes from outside.
pub fn free_in_expr(parameters: Option<&Parameters>, body: &Expr) -> BTreeSet<String> {
    let mut names = Free::default();
    names.function(parameters, HashSet::new(), |free| free.visit_expr(body));
    names.free
}

/// The name that an import binds: `a` for `import a.b`.
pub fn import_binding(alias: &rustpython_ruff_python_ast::Alias) -> String {
    match &alias.asname {
        Some(name) => name.to_string(),
        None => alias.name.split('.').next().unwrap_or_default().to_owned(),
    }
}

/// What `global` and `nonlocal` say in a function's own body.
#[derive(Debug, Default)]
pub struct Declared {
    pub globals: HashSet<String>,
    pub nonlocals: HashSet<String>,
}

pub fn declared(body: &[Stmt]) -> Declared {
    let mut found = Boxes::default();
    found.visit_body(body);
    Declared { globals: found.own_globals, nonlocals: found.own_nonlocals }
}

/// Names that have to be boxes because something inside assigns them.
#[derive(Debug, Default)]
pub struct Boxed {
    /// Assigned inside of blocks of the scope itself.
    pub own: HashSet<String>,
    /// Those, and what functions inside declare `nonlocal`.
    pub nonlocal: HashSet<String>,
    /// Those of the scope, and what functions inside declare `global`.
    pub global: HashSet<String>,
}

pub fn boxed(body: &[Stmt]) -> Boxed {
    let mut found = Boxes::default();
    found.visit_body(body);
    let with = |others: &HashSet<String>| found.own.union(others).cloned().collect();
    Boxed { nonlocal: with(&found.inner_nonlocals), global: with(&found.inner_globals), own: found.own }
}

/// Names that a body binds whatever happens: not only in an `if`, a loop or the like.
pub fn certain(body: &[Stmt]) -> HashSet<String> {
    let is_simple = |statement: &&Stmt| {
        !matches!(statement, Stmt::If(_) | Stmt::For(_) | Stmt::While(_) | Stmt::Try(_) | Stmt::Match(_))
    };
    let mut names = Assigned::default();
    body.iter().filter(is_simple).for_each(|statement| names.visit_stmt(statement));
    names.0
}

/// Whether a block is for secrets. Several managers, or one that nothing is called of, are something else.
pub fn is_with_secrets(node: &StmtWith) -> bool {
    let [item] = node.items.as_slice() else { return false };
    let Expr::Call(call) = &item.context_expr else { return false };
    !node.is_async && matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.as_str() == "withSecrets")
}

/// The bodies of a `try`.
pub fn try_bodies(node: &StmtTry) -> Vec<&[Stmt]> {
    let mut bodies = vec![node.body.as_slice()];
    bodies.extend(node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| handler.body.as_slice()));
    bodies.push(&node.orelse);
    bodies.push(&node.finalbody);
    bodies
}

/// Collects for [`boxed`] and [`declared`].
#[derive(Default)]
struct Boxes {
    /// Functions and classes around the statement that is looked at.
    depth: usize,
    own: HashSet<String>,
    own_globals: HashSet<String>,
    own_nonlocals: HashSet<String>,
    inner_nonlocals: HashSet<String>,
    inner_globals: HashSet<String>,
}

impl<'a> Visitor<'a> for Boxes {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.depth += 1;
                self.visit_body(&function.body);
                self.depth -= 1;
            }
            Stmt::ClassDef(class) => {
                self.depth += 1;
                self.visit_body(&class.body);
                self.depth -= 1;
            }
            Stmt::Global(node) => {
                let names = if self.depth == 0 { &mut self.own_globals } else { &mut self.inner_globals };
                names.extend(node.names.iter().map(ToString::to_string));
            }
            Stmt::Nonlocal(node) => {
                let names = if self.depth == 0 { &mut self.own_nonlocals } else { &mut self.inner_nonlocals };
                names.extend(node.names.iter().map(ToString::to_string));
            }
            Stmt::Try(node) if self.depth == 0 => {
                for body in try_bodies(node) {
                    self.own.extend(assigned(body));
                }
                visitor::walk_stmt(self, stmt);
            }
            Stmt::With(node) if self.depth == 0 && !is_with_secrets(node) => {
                let mut names = Assigned::default();
                node.items.iter().filter_map(|item| item.optional_vars.as_deref()).for_each(|it| names.visit_expr(it));
                self.own.extend(names.0);
                visitor::walk_stmt(self, stmt);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Named(node) if self.depth == 0 => {
                if let Expr::Name(name) = &*node.target {
                    self.own.insert(name.id.to_string());
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        if self.depth == 0 {
            self.own.extend(matching::bound(pattern).map(ToString::to_string));
        }
        visitor::walk_pattern(self, pattern);
    }
}

#[derive(Default)]
struct Assigned(HashSet<String>);

impl<'a> Visitor<'a> for Assigned {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                self.0.insert(function.name.to_string());
            }
            Stmt::ClassDef(class) => {
                self.0.insert(class.name.to_string());
            }
            // Nothing but an annotation: it binds nothing.
            Stmt::AnnAssign(node) if node.value.is_none() => {}
            Stmt::Import(import) => self.0.extend(import.names.iter().map(import_binding)),
            Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module == "__future__") => {}
            Stmt::ImportFrom(import) => {
                // What a star brings is known once the module is.
                let named = import.names.iter().filter(|alias| alias.name.as_str() != "*");
                self.0.extend(named.map(import_binding));
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => {
                self.0.insert(name.id.to_string());
            }
            Expr::Lambda(_) => {}
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                let mut named = Boxes::default();
                named.visit_expr(expr);
                self.0.extend(named.own);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.0.extend(matching::bound(pattern).map(ToString::to_string));
        visitor::walk_pattern(self, pattern);
    }
}

#[derive(Default)]
struct Free {
    bound: Vec<HashSet<String>>,
    free: BTreeSet<String>,
}

impl Free {
    fn function(&mut self, given: Option<&Parameters>, mut names: HashSet<String>, body: impl FnOnce(&mut Self)) {
        for parameter in given.into_iter().flat_map(Parameters::iter_non_variadic_params) {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
        names.extend(given.map(parameters).unwrap_or_default());
        self.bound.push(names);
        body(self);
        self.bound.pop();
    }
}

impl<'a> Visitor<'a> for Free {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_expr(&decorator.expression);
                }
                let names = assigned(&function.body);
                self.function(Some(&function.parameters), names, |free| free.visit_body(&function.body));
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        let generators = match expr {
            Expr::Name(name) => {
                let bound = self.bound.iter().any(|names| names.contains(name.id.as_str()));
                if name.ctx == ExprContext::Load && !bound {
                    self.free.insert(name.id.to_string());
                }
                return;
            }
            Expr::Lambda(lambda) => {
                self.function(lambda.parameters.as_deref(), HashSet::new(), |free| free.visit_expr(&lambda.body));
                return;
            }
            Expr::ListComp(comprehension) => &comprehension.generators,
            Expr::SetComp(comprehension) => &comprehension.generators,
            Expr::DictComp(comprehension) => &comprehension.generators,
            Expr::Generator(comprehension) => &comprehension.generators,
            _ => return visitor::walk_expr(self, expr),
        };
        self.bound.push(targets(generators));
        visitor::walk_expr(self, expr);
        self.bound.pop();
    }

    /// Annotations are not code for us.
    fn visit_annotation(&mut self, _: &'a Expr) {}
}

#[cfg(test)]
mod tests {
    use rustpython_ruff_python_parser::parse_module;

    use super::*;

    #[test]
    fn a_function_takes_from_outside_what_it_does_not_bind() {
        let parsed = parse_module(
            "def f(a, b=outer):\n    c = [d for d in a if d in e]\n    def g():\n        return c + h\n    return g() + (lambda i: i + j)(1)\n",
        )
        .unwrap();
        let Stmt::FunctionDef(function) = &parsed.syntax().body[0] else { panic!("a function was parsed") };
        let free = free_in_body(Some(&function.parameters), &function.body);
        assert_eq!(free.into_iter().collect::<Vec<_>>(), ["e", "h", "j", "outer"]);
    }

    #[test]
    fn a_module_binds_targets_functions_and_imports() {
        let parsed =
            parse_module("import a.b, c as d\nx = y = [z for z in w]\nfor i, j in k:\n    def f(p): q = 1\n").unwrap();
        let mut names: Vec<_> = assigned(&parsed.syntax().body).into_iter().collect();
        names.sort();
        assert_eq!(names, ["a", "d", "f", "i", "j", "x", "y"]);
    }
}
