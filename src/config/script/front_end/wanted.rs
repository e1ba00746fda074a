//! What the text of a file asks for, found without running it: imports, included files, directories of modules.

use std::collections::HashSet;

use rustpython_ruff_python_ast::visitor::{self, Visitor};
use rustpython_ruff_python_ast::{Expr, Stmt};
use rustpython_ruff_text_size::{Ranged, TextSize};

use super::constants::Constants;
use crate::config::source::SourceText;

/// What classes compute: functions under `@property`, and operators.
#[derive(Default)]
pub struct Computed {
    pub properties: HashSet<String>,
    pub operators: HashSet<String>,
}

impl<'a> Visitor<'a> for Computed {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(function) = stmt {
            let is_property = |expression: &Expr| match expression {
                Expr::Name(name) => ["property", "cached_property"].contains(&name.id.as_str()),
                Expr::Attribute(attribute) => attribute.attr.as_str() == "cached_property",
                _ => false,
            };
            if function.decorator_list.iter().any(|decorator| is_property(&decorator.expression)) {
                self.properties.insert(function.name.to_string());
            }
            if function.name.starts_with("__") {
                self.operators.insert(function.name.to_string());
            }
        }
        visitor::walk_stmt(self, stmt);
    }
}

/// An import statement.
pub struct Import {
    pub level: u32,
    pub module: String,
    pub names: Vec<String>,
    /// Whether the names are bound inside of a block that becomes a function.
    pub in_block: bool,
}

/// A file that a statement includes.
pub struct Include {
    pub at: TextSize,
    /// Nothing if it cannot be told from the text, or stands where it cannot.
    pub name: Option<String>,
    pub in_block: bool,
    pub indent: usize,
}

/// What a file asks for.
pub struct Wanted<'c> {
    constants: &'c Constants<'c>,
    source: &'c SourceText,
    pub imports: Vec<Import>,
    pub directories: Vec<String>,
    pub includes: Vec<Include>,
    /// Functions and classes around the statement.
    functions: usize,
    /// Blocks around it that become functions.
    blocks: usize,
}

impl<'c> Wanted<'c> {
    pub fn new(constants: &'c Constants<'c>, source: &'c SourceText) -> Self {
        let (imports, directories, includes) = Default::default();
        Self { constants, source, imports, directories, includes, functions: 0, blocks: 0 }
    }

    /// `sys.path.append(directory)` and `sys.path.insert(0, directory)`.
    fn directory(&mut self, expression: &Expr) {
        let Expr::Call(call) = expression else { return };
        let Expr::Attribute(method) = &*call.func else { return };
        let Expr::Attribute(path) = &*method.value else { return };
        let is_path = path.attr.as_str() == "path" && matches!(&*path.value, Expr::Name(name) if name.id == "sys");
        if is_path && let Some(directory) = call.arguments.args.last() {
            self.directories.extend(self.constants.text(directory));
        }
    }

    /// `execfile(name)` and `exec(open(name).read())`.
    fn inclusion(&mut self, expression: &Expr) {
        let Some(name) = included(expression) else { return };
        let at = expression.start();
        let name = self.constants.text(name).filter(|_| self.functions == 0);
        let (in_block, indent) = (self.blocks != 0, indent_of(self.source, at));
        self.includes.push(Include { at, name, in_block, indent });
    }
}

/// How far a statement is indented. One behind the colon of its block gets a line of its own.
fn indent_of(source: &SourceText, at: TextSize) -> usize {
    let before = &source.text[..at.to_usize()];
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    let mut width = 0;
    for byte in line.bytes().take_while(|byte| matches!(byte, b' ' | b'\t')) {
        width += if byte == b'\t' { 8 - width % 8 } else { 1 };
    }
    if line.trim().is_empty() { width } else { width + 4 }
}

/// The expression for the file that a statement includes, if it includes one.
fn included(expression: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expression else { return None };
    let Expr::Name(function) = &*call.func else { return None };
    let first = call.arguments.args.first()?;
    match function.id.as_str() {
        "execfile" => Some(first),
        "exec" | "compile" => match first {
            Expr::Call(inner) => match &*inner.func {
                Expr::Attribute(read) if read.attr.as_str() == "read" => match &*read.value {
                    Expr::Call(open) => open.arguments.args.first(),
                    _ => None,
                },
                _ => included(first),
            },
            _ => None,
        },
        _ => None,
    }
}

impl<'a> Visitor<'a> for Wanted<'_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::Import(node) => {
                let imports = node.names.iter().map(|alias| alias.name.to_string());
                let in_block = self.blocks != 0;
                self.imports.extend(imports.map(|module| Import { level: 0, module, names: Vec::new(), in_block }));
            }
            Stmt::ImportFrom(node) => {
                let names = node.names.iter().map(|alias| alias.name.to_string()).collect();
                let module = node.module.as_ref().map(ToString::to_string).unwrap_or_default();
                self.imports.push(Import { level: node.level, module, names, in_block: self.blocks != 0 });
            }
            Stmt::Expr(node) => {
                self.directory(&node.value);
                self.inclusion(&node.value);
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {
                self.functions += 1;
                visitor::walk_stmt(self, stmt);
                self.functions -= 1;
            }
            Stmt::Try(_) if self.functions == 0 => {
                self.blocks += 1;
                visitor::walk_stmt(self, stmt);
                self.blocks -= 1;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
