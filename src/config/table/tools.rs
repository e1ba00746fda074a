//! `steps`: steps that are one tool, and read what it prints.

use super::steps::{COMMON, SHELL, command, name, text};
use super::{Argument, Class, Default, Kind};

const HALT: Argument = Argument::flag("haltOnFailure", true, "A failure ends the build.");

const CMAKE: &[Argument] = &[
    name("cmake"),
    Argument::optional("path", Kind::RenderableText, "Where the sources are, or what was built before."),
    Argument::optional("generator", Kind::RenderableText, "Which build system is made, as in `-G`."),
    Argument::optional("definitions", Kind::Renderable, "A dictionary of what is defined with `-D`."),
    Argument::optional("options", Kind::Renderable, "A list of further arguments."),
    Argument::new("cmake", Kind::Command, Default::Text("cmake"), "The program."),
    HALT,
    text("description", "running cmake"),
    text("descriptionDone", "cmake"),
];

const CPPCHECK: &[Argument] = &[
    name("cppcheck"),
    Argument::new("binary", Kind::Command, Default::Text("cppcheck"), "The program."),
    Argument::new("source", Kind::Renderable, Default::Words(&["."]), "A list of what is looked at."),
    Argument::optional("enable", Kind::Renderable, "A list of kinds of checks."),
    Argument::new("inconclusive", Kind::Renderable, Default::Bool(false), "Tell of what may be wrong, too."),
    Argument::optional("extra_args", Kind::Renderable, "A list of further arguments."),
    text("description", "running cppcheck"),
    text("descriptionDone", "cppcheck"),
];

const PYFLAKES: &[Argument] = &[
    name("pyflakes"),
    command(&["make", "pyflakes"]),
    Argument::flag("flunkOnFailure", false, "A failure makes the build fail."),
    text("description", "running pyflakes"),
    text("descriptionDone", "pyflakes"),
];

const PYLINT: &[Argument] = &[
    name("pylint"),
    Argument::required("command", Kind::Command, "Text for a shell, or a list of words."),
    Argument::ignored("store_results"),
    text("description", "running pylint"),
    text("descriptionDone", "pylint"),
];

const ROBOCOPY: &[Argument] = &[
    Argument::new("name", Kind::RenderableText, Default::Text("generic"), "Name of the step."),
    Argument::required("source", Kind::RenderableText, "Directory that is copied."),
    Argument::required("destination", Kind::RenderableText, "Where it is copied to."),
    Argument::optional("files", Kind::Renderable, "A list of files or patterns; all if not given."),
    Argument::new("recursive", Kind::Renderable, Default::Bool(false), "Copy directories in it, too."),
    Argument::new("mirror", Kind::Renderable, Default::Bool(false), "Remove what the source does not have."),
    Argument::new("move", Kind::Renderable, Default::Bool(false), "Remove what was copied from the source."),
    Argument::optional("exclude_files", Kind::Renderable, "A list of files or patterns that are left out."),
    Argument::optional("exclude", Kind::Renderable, "The same by its earlier name."),
    Argument::optional("exclude_dirs", Kind::Renderable, "A list of directories that are left out."),
    Argument::optional("custom_opts", Kind::Renderable, "A list of further arguments."),
    Argument::new("verbose", Kind::Renderable, Default::Bool(false), "Print more."),
];

const SPHINX: &[Argument] = &[
    name("sphinx"),
    Argument::new("sphinx_sourcedir", Kind::RenderableText, Default::Text("."), "Where the documents are."),
    Argument::required("sphinx_builddir", Kind::RenderableText, "Where the documentation is made."),
    Argument::optional("sphinx_builder", Kind::RenderableText, "What is made, as in `-b`."),
    Argument::new("sphinx", Kind::Command, Default::Text("sphinx-build"), "The program."),
    Argument::optional("tags", Kind::Renderable, "A list of tags."),
    Argument::optional("defines", Kind::Renderable, "A dictionary of settings that are overridden."),
    Argument::new("strict_warnings", Kind::Renderable, Default::Bool(false), "Make errors of warnings."),
    Argument::new(
        "mode",
        Kind::RenderableText,
        Default::Text("incremental"),
        "`full` makes everything anew, `incremental` what has changed.",
    ),
    HALT,
    text("description", "running sphinx"),
    text("descriptionDone", "sphinx"),
];

const TREE_SIZE: &[Argument] = &[
    name("treesize"),
    command(&["du", "-s", "-k", "."]),
    text("description", "measuring tree size"),
    text("descriptionDone", "treesize"),
];

pub const CLASSES: &[Class] = &[
    Class::new("steps", "CMake", "Runs CMake.", &[CMAKE, SHELL, COMMON]).positional(&[
        "path",
        "generator",
        "definitions",
        "options",
        "cmake",
    ]),
    Class::new("steps", "Cppcheck", "Runs Cppcheck and counts what it finds.", &[CPPCHECK, SHELL, COMMON]),
    Class::new("steps", "PyFlakes", "Runs pyflakes and counts what it finds.", &[PYFLAKES, SHELL, COMMON]),
    Class::new("steps", "PyLint", "Runs pylint and counts what it finds.", &[PYLINT, SHELL, COMMON]),
    Class::new("steps", "Robocopy", "Copies files on Windows.", &[ROBOCOPY, SHELL, COMMON])
        .positional(&["source", "destination"]),
    Class::new("steps", "Sphinx", "Makes documentation with Sphinx and counts warnings.", &[SPHINX, SHELL, COMMON])
        .positional(&["sphinx_sourcedir", "sphinx_builddir", "sphinx_builder", "sphinx", "tags", "defines"]),
    Class::new("steps", "TreeSize", "Measures the size of the source tree.", &[TREE_SIZE, SHELL, COMMON]),
];
