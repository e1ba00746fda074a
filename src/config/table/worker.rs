//! `worker`: who runs the builds.

use super::{Argument, Class, Default, Kind};

const WORKER: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name the worker logs in with; unique."),
    Argument::required("password", Kind::RenderableText, "Password the worker logs in with."),
    Argument::optional("max_builds", Kind::Count, "Most builds at the same time; no limit if not given."),
    Argument::optional("notify_on_missing", Kind::Texts, "Addresses that get a mail when it is missing."),
    Argument::new("missing_timeout", Kind::Seconds, Default::Int(3600), "Seconds after which a lost worker is missed.")
        .nullable(),
    Argument::optional("properties", Kind::Properties, "Properties of every build on this worker."),
    Argument::optional("defaultProperties", Kind::Properties, "The same, for builds that do not have them yet."),
    Argument::optional("locks", Kind::Objects(super::locks::LOCKS), "Locks every build on this worker takes."),
    Argument::new(
        "keepalive_interval",
        Kind::Seconds,
        Default::Int(3600),
        "Seconds between signs of life; none if None.",
    )
    .nullable(),
    Argument::not_yet("machine_name", Kind::Text),
];

pub const CLASSES: &[Class] = &[
    Class::new("worker", "Worker", "A worker that connects to the master by itself.", &[WORKER])
        .positional(&["name", "password"]),
    Class::new("worker", "BuildSlave", "The old name of `Worker`.", &[WORKER])
        .positional(&["name", "password"])
        .now("worker.Worker"),
];
