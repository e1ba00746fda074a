//! Texts of a file that are known without running it: paths in `sys.path.append` and of included files.

use std::collections::HashMap;
use std::path::Path;

use rustpython_ruff_python_ast::{Expr, Operator, Stmt};

/// Expressions inside expressions are followed this far.
const MAX_DEPTH: usize = 20;

/// Names of a file's top level that are assigned once.
pub struct Constants<'a> {
    values: HashMap<&'a str, Option<&'a Expr>>,
    base_dir: String,
    file: String,
}

impl<'a> Constants<'a> {
    pub fn of(body: &'a [Stmt], base_dir: &Path, file: &Path) -> Self {
        let mut values: HashMap<&'a str, Option<&'a Expr>> = HashMap::new();
        for statement in body {
            let Stmt::Assign(assign) = statement else { continue };
            for target in &assign.targets {
                if let Expr::Name(name) = target {
                    let entry = values.entry(name.id.as_str());
                    entry.and_modify(|value| *value = None).or_insert(Some(&*assign.value));
                }
            }
        }
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Self { values, base_dir: text(base_dir), file: text(file) }
    }

    /// The value of an expression, if it is a text and needs nothing that only a run can know.
    pub fn text(&self, expression: &Expr) -> Option<String> {
        self.value(expression, 0)
    }

    fn value(&self, expression: &Expr, depth: usize) -> Option<String> {
        if MAX_DEPTH < depth {
            return None;
        }
        match expression {
            Expr::StringLiteral(text) => Some(text.value.to_string()),
            Expr::Name(name) => match name.id.as_str() {
                "basedir" => Some(self.base_dir.clone()),
                "__file__" => Some(self.file.clone()),
                other => self.value((*self.values.get(other)?)?, depth + 1),
            },
            Expr::BinOp(sum) if sum.op == Operator::Add => {
                Some(self.value(&sum.left, depth + 1)? + &self.value(&sum.right, depth + 1)?)
            }
            Expr::Call(call) => {
                let function = match &*call.func {
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    Expr::Name(name) => name.id.as_str(),
                    _ => return None,
                };
                let arguments = call.arguments.args.iter().map(|argument| self.value(argument, depth + 1));
                self.call(function, arguments.collect::<Option<Vec<_>>>()?)
            }
            _ => None,
        }
    }

    fn call(&self, function: &str, mut arguments: Vec<String>) -> Option<String> {
        match (function, arguments.len()) {
            ("join", 1..) => {
                let joined = arguments.iter().fold(std::path::PathBuf::new(), |path, part| path.join(part));
                Some(joined.to_string_lossy().into_owned())
            }
            ("dirname", 1) => Some(Path::new(&arguments[0]).parent()?.to_string_lossy().into_owned()),
            ("abspath" | "realpath" | "normpath" | "str" | "expanduser", 1) => arguments.pop(),
            ("getcwd", 0) => Some(self.base_dir.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustpython_ruff_python_parser::parse_module;

    use super::*;

    #[test]
    fn paths_are_computed_without_running_the_file() {
        let parsed = parse_module(
            "import os\nHERE = os.path.dirname(os.path.abspath(__file__))\nos.path.join(HERE, 'lib')\nf()\nbasedir + '/x'\n",
        )
        .unwrap();
        let body = &parsed.syntax().body;
        let constants = Constants::of(body, Path::new("/m"), Path::new("/m/master.cfg"));
        let value = |at: usize| match &body[at] {
            Stmt::Expr(node) => constants.text(&node.value),
            _ => None,
        };
        assert_eq!([value(2), value(3), value(4)], [Some("/m/lib".into()), None, Some("/m/x".into())]);
    }
}
