//! `util.BuilderConfig` and `util.BuildFactory`: what is built, with which steps, where.

use super::{Argument, Class, Default, Kind};

const BUILDER: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the builder; unique."),
    Argument::optional("workername", Kind::Text, "The one worker that can run its builds.").formerly(&["slavename"]),
    Argument::optional("workernames", Kind::Texts, "The workers that can run its builds.").formerly(&["slavenames"]),
    Argument::required("factory", Kind::Object(&["BuildFactory"]), "The steps of a build."),
    Argument::optional("builddir", Kind::Text, "Directory on the master; made from the name if not given."),
    Argument::optional("workerbuilddir", Kind::Text, "Directory on the worker; `builddir` if not given.")
        .formerly(&["slavebuilddir"]),
    Argument::optional("tags", Kind::TextList, "Words to group builders by."),
    Argument::optional("category", Kind::Text, "The old way to give one tag."),
    Argument::optional("nextWorker", Kind::Function, "Chooses the worker: (builder, workers, request) -> worker.")
        .formerly(&["nextSlave"]),
    Argument::optional("nextBuild", Kind::Function, "Chooses the request: (builder, requests) -> request."),
    Argument::optional(
        "canStartBuild",
        Kind::Function,
        "Whether a build may start: (builder, worker, request) -> bool.",
    ),
    Argument::optional("locks", Kind::Locks, "Locks that every build takes, or functions of the properties."),
    Argument::optional("env", Kind::Environment, "Environment of every command."),
    Argument::optional("properties", Kind::Properties, "Properties of every build."),
    Argument::optional("defaultProperties", Kind::Properties, "Properties of builds that do not have them yet."),
    Argument::optional("collapseRequests", Kind::BoolOrFunction, "Whether waiting requests are merged.")
        .formerly(&["mergeRequests"]),
    Argument::optional("description", Kind::Text, "A sentence about the builder."),
    Argument::optional("description_format", Kind::Choice(&["markdown"]), "How the description is written."),
    Argument::optional("buildHorizon", Kind::Count, "Newest builds that are kept; `c['buildHorizon']` if not given."),
    Argument::optional("logHorizon", Kind::Count, "Newest builds whose logs are kept; `c['logHorizon']` if not given."),
    Argument::ignored("eventHorizon"),
    Argument::optional("project", Kind::Text, "The name of the project it belongs to."),
    Argument::optional(
        "do_build_if",
        Kind::Function,
        "Whether a build runs at all: (build) -> bool; one that does not is SKIPPED.",
    ),
];

const FACTORY: &[Argument] = &[
    Argument::optional("steps", Kind::Objects(super::steps::STEPS), "Steps to begin with; `addStep` adds more."),
    Argument::new("workdir", Kind::RenderableText, Default::Text("build"), "Directory of commands that name none."),
    Argument::ignored("useProgress"),
    Argument::not_yet("buildClass", Kind::Any),
];

pub const CLASSES: &[Class] = &[
    Class::new("util", "BuilderConfig", "A builder.", &[BUILDER]).positional(&["name"]),
    Class::new("util", "BuildFactory", "The steps of a builder.", &[FACTORY]).positional(&["steps"]),
];
