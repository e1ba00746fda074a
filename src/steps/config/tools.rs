//! Steps that are one tool.

use std::collections::BTreeMap;

use super::ShellConfig;
use crate::domain::Renderable;

/// A tool, how it is run, and its own arguments by the names that configurations give them.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolConfig {
    pub tool: Tool,
    /// The command counts only for tools that are given one.
    pub shell: ShellConfig,
    pub options: BTreeMap<String, Renderable>,
}

/// The tools that are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    CMake,
    Cppcheck,
    PyFlakes,
    PyLint,
    Robocopy,
    Sphinx,
    TreeSize,
}

impl Tool {
    /// The name of a step whose configuration gives none.
    pub const fn step_name(self) -> &'static str {
        match self {
            Self::CMake => "cmake",
            Self::Cppcheck => "cppcheck",
            Self::PyFlakes => "pyflakes",
            Self::PyLint => "pylint",
            Self::Robocopy => "generic",
            Self::Sphinx => "sphinx",
            Self::TreeSize => "treesize",
        }
    }
}
