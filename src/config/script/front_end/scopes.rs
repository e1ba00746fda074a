//! Which names a piece of code binds and which it takes from outside.

use std::collections::{BTreeSet, HashSet};

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{Comprehension, Expr, ExprContext, Parameters, Stmt};

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
            Stmt::Import(import) => self.0.extend(import.names.iter().map(import_binding)),
            Stmt::ImportFrom(import) => self.0.extend(import.names.iter().map(import_binding)),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx == ExprContext::Store => {
                self.0.insert(name.id.to_string());
            }
            Expr::Lambda(_) | Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
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
