//! Steps that are one tool.

use super::fields::Fields;
use super::shell;
use crate::config::script::Raw;
use crate::steps::config::{StepKind, Tool, ToolConfig};

/// Each tool, and the arguments that are its own.
const TOOLS: [(&str, Tool, &[&str]); 7] = [
    ("CMake", Tool::CMake, &["cmake", "generator", "definitions", "options", "path"]),
    ("Cppcheck", Tool::Cppcheck, &["binary", "source", "enable", "inconclusive", "extra_args"]),
    ("PyFlakes", Tool::PyFlakes, &[]),
    ("PyLint", Tool::PyLint, &[]),
    ("Robocopy", Tool::Robocopy, ROBOCOPY),
    ("Sphinx", Tool::Sphinx, SPHINX),
    ("TreeSize", Tool::TreeSize, &[]),
];

const ROBOCOPY: &[&str] = &[
    "source",
    "destination",
    "files",
    "recursive",
    "mirror",
    "move",
    "exclude_files",
    "exclude",
    "exclude_dirs",
    "custom_opts",
    "verbose",
];

const SPHINX: &[&str] =
    &["sphinx_sourcedir", "sphinx_builddir", "sphinx_builder", "sphinx", "tags", "defines", "strict_warnings", "mode"];

/// The step; nothing for a class that is no tool.
pub fn tool(fields: &Fields<'_>) -> Option<StepKind> {
    let (_, tool, names) = TOOLS.iter().find(|(name, ..)| *name == fields.object.class.name)?;
    if *tool == Tool::Sphinx
        && let Some(mode) = fields.value("mode").text().filter(|mode| !["incremental", "full"].contains(&mode.as_str()))
    {
        fields.problem("mode", &format!("must be 'incremental' or 'full', not '{mode}'"));
    }
    let given = names.iter().filter(|name| !matches!(fields.value(name), Raw::None));
    let options = given.map(|name| ((*name).to_owned(), fields.render(&fields.value(name))));
    Some(StepKind::Tool(ToolConfig { tool: *tool, shell: shell::shell(fields), options: options.collect() }))
}
