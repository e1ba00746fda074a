//! `steps`: several commands in one step, a command on the master, and functions.

use super::steps::{COMMAND, COMMON, SHELL, name};
use super::{Argument, Class, Default, Kind};

const SHELL_SEQUENCE: &[Argument] = &[
    name("generic"),
    Argument::required(
        "commands",
        Kind::ObjectsOrRenderable(&["ShellArg"]),
        "What is run, one after the other; a renderable gives such a list.",
    ),
];

const SHELL_ARG: &[Argument] = &[
    Argument::required("command", Kind::Command, "Text for a shell, or a list of words; an empty one is left out."),
    Argument::optional("logname", Kind::RenderableText, "Name of the log of its output; `stdio` if not given.")
        .formerly(&["logfile"]),
    Argument::new("haltOnFailure", Kind::Renderable, Default::Bool(false), "A failure ends the step."),
    Argument::new("flunkOnWarnings", Kind::Renderable, Default::Bool(false), "Warnings make the step fail."),
    Argument::new("flunkOnFailure", Kind::Renderable, Default::Bool(true), "A failure makes the step fail."),
    Argument::new("warnOnWarnings", Kind::Renderable, Default::Bool(false), "Warnings mark the step."),
    Argument::new(
        "warnOnFailure",
        Kind::Renderable,
        Default::Bool(false),
        "A failure marks the step as with warnings.",
    ),
];

const MASTER_SHELL_COMMAND: &[Argument] = &[
    name("MasterShellCommand"),
    Argument::required("command", Kind::Command, "Text for a shell, or a list of words."),
    Argument::optional("env", Kind::Environment, "The whole environment of the command; the master's if not given."),
    Argument::flag("logEnviron", true, "Show `env` in the log; the master's own environment is never shown."),
    Argument::new("interruptSignal", Kind::Text, Default::Text("KILL"), "Signal that stops it."),
    Argument::new(
        "runtime_timeout",
        Kind::Seconds,
        Default::Int(3600),
        "Seconds in all until it is killed; None never.",
    )
    .nullable(),
    Argument::optional("workdir", Kind::RenderableText, "Its directory, below the master's base directory."),
    Argument::flag("haltOnFailure", true, "A failure ends the build."),
    Argument::not_yet("usePTY", Kind::Bool),
    Argument::not_yet("path", Kind::Texts),
];

const FUNCTION_STEP: &[Argument] = &[
    Argument::new(
        "name",
        Kind::RenderableText,
        Default::Nothing,
        "Name of the step; that of the function if not given.",
    ),
    Argument::required("function", Kind::Function, "Called with a context of the step, by which it does its work."),
];

const STEP_RUN: &[Argument] = &[
    Argument::new("logname", Kind::RenderableText, Default::Text("stdio"), "Name of the log of its output."),
    Argument::optional("workdir", Kind::RenderableText, "Its directory, below the builder's; the step's if not given."),
    Argument::optional("observer", Kind::Function, "Called with (stream, line) for each line, while it runs."),
];

/// `ctx.run(...)` of a function that is a step.
pub static RUN: Class =
    Class::new("ctx", "run", "Runs a command on the worker.", &[COMMAND, SHELL, STEP_RUN]).positional(&["command"]);

pub const CLASSES: &[Class] = &[
    Class::new(
        "steps",
        "ShellSequence",
        "Runs several commands on the worker, one after the other.",
        &[SHELL_SEQUENCE, SHELL, COMMON],
    )
    .positional(&["commands"]),
    Class::new("util", "ShellArg", "One command of a `steps.ShellSequence`.", &[SHELL_ARG]).positional(&["command"]),
    Class::new(
        "steps",
        "MasterShellCommand",
        "Runs a command on the master, as the master's user.",
        &[MASTER_SHELL_COMMAND, COMMON],
    )
    .positional(&["command"]),
    Class::new("steps", "FunctionStep", "Runs a function of the configuration.", &[FUNCTION_STEP, COMMON])
        .positional(&["function"]),
];
