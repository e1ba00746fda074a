//! `reporters` and the like: most are known, and without effect for now. They start inactive, with a banner.

use super::{Argument, Class, Default, Kind};

/// The one that works: it tells nobody by itself, but lets clients watch.
pub const LISTENER: &str = "PBListener";

const PB_LISTENER: &[Argument] = &[
    Argument::required("port", Kind::Port, "Where `buildbot statuslog` connects; may be the port of the workers."),
    Argument::new("user", Kind::Text, Default::Text("statusClient"), "The name with which clients log in."),
    Argument::new("passwd", Kind::RenderableText, Default::Text("clientpw"), "Their password."),
];

pub const CLASSES: &[Class] = &[
    Class::new("reporters", LISTENER, "Lets `buildbot statuslog` watch what happens.", &[PB_LISTENER])
        .positional(&["port", "user", "passwd"]),
    Class::inactive("reporters", "MailNotifier"),
    Class::inactive("reporters", "HttpStatusPush"),
    Class::inactive("reporters", "BuildStatusGenerator"),
    Class::inactive("reporters", "BuildStartEndStatusGenerator"),
    Class::inactive("reporters", "BuildRequestGenerator"),
    Class::inactive("reporters", "BuildSetStatusGenerator"),
    Class::inactive("reporters", "BuildSetCombinedStatusGenerator"),
    Class::inactive("reporters", "WorkerMissingGenerator"),
    Class::inactive("reporters", "MessageFormatter"),
    Class::inactive("reporters", "MessageFormatterRenderable"),
    Class::inactive("reporters", "MessageFormatterFunction"),
    Class::inactive("reporters", "MessageFormatterFunctionRaw"),
    Class::inactive("reporters", "MessageFormatterMissingWorker"),
    Class::inactive("reporters", "MessageFormatterEmpty"),
];
