//! What a name means at a place: in which scope it lives, and under which name Starlark knows it.
//!
//! Starlark's functions cannot assign to variables around them. A variable that Python lets an inner piece of code
//! assign (`global`, `nonlocal`, anything inside `try`, the name of `with ... as`) is therefore a *box*: an object with
//! the attribute `value`, made where the scope begins. Names of local modules and of class bodies get a prefix.

use std::collections::HashSet;

use rustpython_ruff_python_ast::{Parameters, Stmt};

use super::scopes;

/// Around what the names of a scope are visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    Module,
    Function,
    /// Visible in the class's body, not in its methods.
    Class,
    /// A comprehension, or the handler of an exception.
    Block,
}

/// One scope around the current place.
#[derive(Clone, Debug)]
pub struct Frame {
    pub kind: FrameKind,
    pub names: HashSet<String>,
    pub boxed: HashSet<String>,
    /// Names that `global` sends to the module's scope.
    pub globals: HashSet<String>,
    pub prefix: String,
}

/// What a name is in the rewritten text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Bound by no scope of the file: a builtin, or a mistake.
    Unbound,
    /// The same name.
    Same,
    Renamed(String),
    /// The name of the box.
    Boxed(String),
}

impl Frame {
    pub fn block(names: HashSet<String>) -> Self {
        Self { kind: FrameKind::Block, names, boxed: HashSet::new(), globals: HashSet::new(), prefix: String::new() }
    }

    pub fn function(parameters: Option<&Parameters>, body: &[Stmt]) -> Self {
        let declared = scopes::declared(body);
        let mut names = scopes::assigned(body);
        names.extend(parameters.map(scopes::parameters).unwrap_or_default());
        names.retain(|name| !declared.globals.contains(name) && !declared.nonlocals.contains(name));
        let mut boxed = scopes::boxed(body).nonlocal;
        boxed.retain(|name| names.contains(name));
        Self { kind: FrameKind::Function, names, boxed, globals: declared.globals, prefix: String::new() }
    }

    pub fn class(body: &[Stmt], number: usize) -> Self {
        let names = scopes::assigned(body);
        let mut boxed = scopes::boxed(body).own;
        boxed.retain(|name| names.contains(name));
        let prefix = format!("_bb_class_{number}_");
        Self { kind: FrameKind::Class, names, boxed, globals: HashSet::new(), prefix }
    }

    fn resolve(&self, name: &str) -> Resolved {
        if self.boxed.contains(name) {
            return Resolved::Boxed(box_name(&self.prefix, name));
        }
        if self.prefix.is_empty() { plain(name) } else { Resolved::Renamed(format!("{}{name}", self.prefix)) }
    }
}

/// The variable that holds the box of a name.
pub fn box_name(prefix: &str, name: &str) -> String {
    format!("_bb_box_{prefix}{name}")
}

/// The one word that Python may use as a name and Starlark may not.
pub fn plain(name: &str) -> Resolved {
    if name == "load" { Resolved::Renamed("_bb_load".to_owned()) } else { Resolved::Same }
}

/// Looks a name up from the innermost scope outwards.
pub fn resolve(frames: &[Frame], name: &str) -> Resolved {
    let mut innermost = true;
    for frame in frames.iter().rev() {
        if frame.globals.contains(name) {
            return frames.first().map_or(Resolved::Unbound, |module| module.resolve(name));
        }
        let is_visible = frame.kind != FrameKind::Class || innermost;
        if is_visible && frame.names.contains(name) {
            return frame.resolve(name);
        }
        innermost &= frame.kind == FrameKind::Block;
    }
    Resolved::Unbound
}
