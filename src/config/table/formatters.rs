//! `reporters`: what is said.

use super::{Argument, Class, Kind};

/// What generators take.
pub const FORMATTERS: &[&str] = &[
    "MessageFormatter",
    "MessageFormatterEmpty",
    "MessageFormatterFunction",
    "MessageFormatterFunctionRaw",
    "MessageFormatterRenderable",
    "MessageFormatterMissingWorker",
];

const KINDS: Kind = Kind::Choice(&["plain", "html", "json"]);

const TEMPLATES: &[Argument] = &[
    Argument::optional("template", Kind::Text, "A Jinja template of the text; our own if not given."),
    Argument::optional("subject", Kind::Text, "A Jinja template of the subject; our own if not given."),
    Argument::optional("template_type", KINDS, "'plain', 'html' or 'json'; plain if not given."),
    Argument::optional("extra_info_cb", Kind::Function, "Called with master and dictionary; gives further names."),
];

const WANTS: &[Argument] = &[
    Argument::optional("ctx", Kind::Properties, "Further names for templates and functions."),
    Argument::flag("want_properties", true, "Accepted; properties are always there.").formerly(&["wantProperties"]),
    Argument::flag("want_steps", false, "Whether `build['steps']` is there.").formerly(&["wantSteps"]),
    Argument::flag("want_logs", false, "Whether steps have their `logs`.").formerly(&["wantLogs"]),
    Argument::optional("want_logs_content", Kind::Any, "Whether logs have their `content`: True, or a list of names."),
];

const FUNCTION: &[Argument] =
    &[Argument::required("function", Kind::Function, "Called with a dictionary; gives the text.")];

const FUNCTION_TYPE: &[Argument] = &[Argument::required("template_type", KINDS, "What the function gives.")];

const RAW: &[Argument] =
    &[Argument::required("function", Kind::Function, "Called with master and dictionary; gives body, type, subject.")];

const RENDERABLE: &[Argument] = &[
    Argument::required("template", Kind::RenderableText, "The text, such as a `util.Interpolate`."),
    Argument::optional("subject", Kind::RenderableText, "The subject."),
];

pub const CLASSES: &[Class] = &[
    Class::new("reporters", "MessageFormatter", "Texts of Jinja templates.", &[TEMPLATES, WANTS]).positional(&[
        "template",
        "subject",
        "template_type",
    ]),
    Class::new("reporters", "MessageFormatterEmpty", "No text, for reporters that need none.", &[WANTS]),
    Class::new(
        "reporters",
        "MessageFormatterFunction",
        "The text that a function gives.",
        &[FUNCTION, FUNCTION_TYPE, WANTS],
    )
    .positional(&["function", "template_type"]),
    Class::new("reporters", "MessageFormatterFunctionRaw", "All that a function gives.", &[RAW, WANTS])
        .positional(&["function"]),
    Class::new("reporters", "MessageFormatterRenderable", "Texts of the build's properties.", &[RENDERABLE])
        .positional(&["template", "subject"]),
    Class::new("reporters", "MessageFormatterMissingWorker", "Texts about a worker.", &[TEMPLATES, WANTS])
        .positional(&["template", "subject", "template_type"]),
];
