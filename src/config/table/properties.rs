//! `steps`: properties of the build, and values that are looked at.

use super::steps::{COMMAND, COMMON, SHELL, name};
use super::{Argument, Class, Default, Kind};

const SET_PROPERTY: &[Argument] = &[
    name("SetProperty"),
    Argument::optional("property", Kind::RenderableText, "Name of the property."),
    Argument::optional("value", Kind::Renderable, "Its value, of any type."),
    Argument::optional("command", Kind::Command, "The old way to write `SetPropertyFromCommand`."),
];

const SET_PROPERTIES: &[Argument] = &[
    name("SetProperties"),
    Argument::optional("properties", Kind::Renderable, "A dictionary of names to values, or something that gives one."),
];

const SET_PROPERTY_FROM_COMMAND: &[Argument] = &[
    name("setproperty"),
    Argument::optional("property", Kind::RenderableText, "Name of the property that gets the output."),
    Argument::optional(
        "extract_fn",
        Kind::Function,
        "Instead: called with (exit code, stdout, stderr); gives a dictionary of properties.",
    ),
    Argument::flag("strip", true, "Leave out white space around the output."),
    Argument::flag("includeStdout", true, "Take the standard output."),
    Argument::flag("includeStderr", false, "Take the standard error; `extract_fn` always gets it."),
];

const SET_PROPERTIES_FROM_ENV: &[Argument] = &[
    name("SetPropertiesFromEnv"),
    Argument::required("variables", Kind::Texts, "Names of variables of the worker's environment."),
    Argument::new("source", Kind::Text, Default::Text("WorkerEnvironment"), "Where the properties say they came from."),
];

const ASSERT: &[Argument] =
    &[name("Assert"), Argument::required("check", Kind::Renderable, "What must be true when the build runs.")];

const LOG_RENDERABLE: &[Argument] =
    &[name("LogRenderable"), Argument::required("content", Kind::Renderable, "What is written to the log.")];

pub const CLASSES: &[Class] = &[
    Class::new(
        "steps",
        "SetProperty",
        "Sets a property of the build.",
        &[SET_PROPERTY, SET_PROPERTY_FROM_COMMAND, SHELL, COMMON],
    )
    .positional(&["property", "value"]),
    Class::new("steps", "SetProperties", "Sets several properties of the build.", &[SET_PROPERTIES, COMMON])
        .positional(&["properties"]),
    Class::new(
        "steps",
        "SetPropertyFromCommand",
        "Runs a command on the worker and makes properties of what it prints.",
        &[SET_PROPERTY_FROM_COMMAND, COMMAND, SHELL, COMMON],
    )
    .positional(&["property", "extract_fn", "strip", "includeStdout", "includeStderr"]),
    Class::new(
        "steps",
        "SetPropertiesFromEnv",
        "Sets properties to variables of the worker's environment, as it was when the worker connected.",
        &[SET_PROPERTIES_FROM_ENV, COMMON],
    )
    .positional(&["variables", "source"]),
    Class::new("steps", "Assert", "Fails unless a value is true.", &[ASSERT, COMMON]).positional(&["check"]),
    Class::new("steps", "LogRenderable", "Writes a value of the build to a log.", &[LOG_RENDERABLE, COMMON])
        .positional(&["content"]),
];
