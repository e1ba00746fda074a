//! `reporters`: when something is sent.

use super::formatters::FORMATTERS;
use super::{Argument, Class, Default, Kind};

/// What reporters take as `generators`.
pub const GENERATORS: &[&str] = &[
    "BuildStatusGenerator",
    "BuildStartEndStatusGenerator",
    "BuildRequestGenerator",
    "BuildSetStatusGenerator",
    "BuildSetCombinedStatusGenerator",
    "WorkerMissingGenerator",
];

const MODE: &[Argument] = &[Argument::new(
    "mode",
    Kind::Texts,
    Default::Words(&["failing", "passing", "warnings"]),
    "Which ends: 'all', or some of change, failing, passing, problem, warnings, exception, cancelled.",
)];

const FILTER: &[Argument] = &[
    Argument::optional("tags", Kind::Texts, "Builders with one of these tags only."),
    Argument::optional("builders", Kind::Texts, "These builders only."),
    Argument::optional("schedulers", Kind::Texts, "Builds of these schedulers only."),
    Argument::optional("branches", Kind::Values, "Builds of these branches only."),
    Argument::flag("add_patch", false, "Whether patches are attached."),
];

const SUBJECT: &[Argument] = &[
    Argument::optional("subject", Kind::Text, "With `%(result)s`, `%(builder)s` and `%(title)s`."),
    Argument::optional(
        "add_logs",
        Kind::Any,
        "Whether logs are attached: True, or names like 'stdio' or 'test.stdio'.",
    ),
];

const MESSAGE: &[Argument] =
    &[Argument::optional("message_formatter", Kind::Object(FORMATTERS), "What is said; our own text if not given.")];

const BUILD: &[Argument] = &[Argument::flag("report_new", false, "Whether the beginning of a build is told, too.")];

const START_END: &[Argument] = &[
    Argument::optional("start_formatter", Kind::Object(FORMATTERS), "What is said when a build begins."),
    Argument::optional("end_formatter", Kind::Object(FORMATTERS), "What is said when it has ended."),
];

const REQUEST: &[Argument] = &[Argument::optional("formatter", Kind::Object(FORMATTERS), "What is said.")];

const WORKERS: &[Argument] =
    &[Argument::new("workers", Kind::Texts, Default::Text("all"), "'all', or names of workers.")];

pub const CLASSES: &[Class] = &[
    Class::new("reporters", "BuildStatusGenerator", "Tells of builds.", &[MODE, FILTER, BUILD, SUBJECT, MESSAGE])
        .positional(&["mode", "tags", "builders", "schedulers", "branches"]),
    Class::new(
        "reporters",
        "BuildStartEndStatusGenerator",
        "Tells of the beginning and of the end of builds.",
        &[FILTER, START_END, SUBJECT],
    ),
    Class::new("reporters", "BuildRequestGenerator", "Tells of requests that wait.", &[FILTER, REQUEST]),
    Class::new(
        "reporters",
        "BuildSetStatusGenerator",
        "Tells of all builds of a buildset at once.",
        &[MODE, FILTER, SUBJECT, MESSAGE],
    ),
    Class::new("reporters", "BuildSetCombinedStatusGenerator", "Tells of a buildset as one thing.", &[MESSAGE])
        .positional(&["message_formatter"]),
    Class::new("reporters", "WorkerMissingGenerator", "Tells of workers that are missing.", &[WORKERS, MESSAGE])
        .positional(&["workers", "message_formatter"]),
];
