//! `reporters` that work: mail and HTTP.

use super::generators::GENERATORS;
use super::{Argument, Class, Default, Kind};

/// Reporters that send something, each with its namespace.
pub const NOTIFIERS: &[(&str, &str)] = &[
    ("reporters", "MailNotifier"),
    ("reporters", "HttpStatusPush"),
    (super::STATUS, "HttpStatusPush"),
    (super::STATUS, "StatusPush"),
    (super::STATUS, "TinderboxMailNotifier"),
];

const COMMON: &[Argument] = &[
    Argument::optional("name", Kind::Text, "Unique name; the class and what it sends to if not given."),
    Argument::optional("generators", Kind::Objects(GENERATORS), "When it sends something, and what."),
];

const MAIL: &[Argument] = &[
    Argument::required("fromaddr", Kind::Text, "The address that mails come from."),
    Argument::new("relayhost", Kind::Text, Default::Text("localhost"), "The server that takes mails."),
    Argument::new("smtpPort", Kind::Count, Default::Int(25), "Its port."),
    Argument::flag("useTls", false, "Whether to insist on STARTTLS."),
    Argument::flag("useSmtps", false, "Whether the server speaks TLS from the first byte on."),
    Argument::optional("smtpUser", Kind::RenderableText, "Who logs in."),
    Argument::optional("smtpPassword", Kind::RenderableText, "The password for it."),
    Argument::optional("verify", Kind::Any, "Whether certificates are checked, or a file with those to believe."),
    Argument::optional("lookup", Kind::Any, "How names become addresses: a domain, or a function of the name."),
    Argument::optional("extraRecipients", Kind::TextList, "Who gets every mail besides."),
    Argument::flag("sendToInterestedUsers", true, "Whether authors of changes and owners get mails."),
    Argument::optional("extraHeaders", Kind::Map, "Further headers; renderables of the build's properties."),
    Argument::flag("dumpMailsToLog", false, "Whether mails are written to the log of the master besides."),
];

/// What generators say today.
const OLD_MAIL: &[Argument] = &[
    Argument::optional("mode", Kind::Texts, "As in `BuildStatusGenerator`. Before there were generators."),
    Argument::optional("builders", Kind::TextList, "As in `BuildStatusGenerator`."),
    Argument::optional("tags", Kind::Texts, "As in `BuildStatusGenerator`.").formerly(&["categories"]),
    Argument::optional("schedulers", Kind::TextList, "As in `BuildStatusGenerator`."),
    Argument::optional("branches", Kind::Values, "As in `BuildStatusGenerator`."),
    Argument::optional("addLogs", Kind::Any, "As `add_logs` in `BuildStatusGenerator`."),
    Argument::flag("addPatch", true, "As `add_patch` in `BuildStatusGenerator`."),
    Argument::flag("buildSetSummary", false, "One mail for each buildset, as `BuildSetStatusGenerator` makes it."),
    Argument::optional("subject", Kind::Text, "With `%(result)s`, `%(builder)s` and `%(title)s`."),
    Argument::optional(
        "messageFormatter",
        Kind::Any,
        "A formatter, or a function of mode, name, build, results, master.",
    ),
    Argument::optional("messageFormatterMissingWorker", Kind::Any, "A formatter for workers that are missing."),
    Argument::optional("watchedWorkers", Kind::Texts, "As `workers` in `WorkerMissingGenerator`."),
    Argument::not_yet("customMesg", Kind::Any),
];

const HTTP: &[Argument] = &[
    Argument::required("serverUrl", Kind::RenderableText, "Where to post."),
    Argument::optional("auth", Kind::List, "User and password, which may be secrets."),
    Argument::optional("headers", Kind::Map, "Further headers; values may be secrets."),
    Argument::optional("secret", Kind::RenderableText, "Signs what is posted, in `X-Hub-Signature-256`."),
    Argument::optional("verify", Kind::Any, "Whether certificates are checked, or a file with those to believe."),
    Argument::optional("cert", Kind::Texts, "A file with our certificate and key, or a pair of files."),
    Argument::flag("debug", false, "Whether requests are written to the log of the master.").nullable(),
    Argument::ignored("skip_encoding"),
];

/// What generators say today.
const OLD_HTTP: &[Argument] = &[
    Argument::optional("format_fn", Kind::Function, "Makes what is posted: (build) -> anything that JSON has."),
    Argument::optional("builders", Kind::TextList, "As in `BuildStartEndStatusGenerator`."),
    Argument::flag("wantProperties", true, "Accepted; properties are always there."),
    Argument::flag("wantSteps", false, "Whether the build has its steps."),
    Argument::flag("wantPreviousBuild", true, "Accepted; the build before is always there."),
    Argument::flag("wantLogs", false, "Whether the steps have their logs, without the text."),
];

const DOMAIN: &[Argument] = &[Argument::required("domain", Kind::Text, "What comes behind the `@`.")];

pub const CLASSES: &[Class] = &[
    Class::new("reporters", "MailNotifier", "Sends mails.", &[MAIL, COMMON, OLD_MAIL]).positional(&["fromaddr"]),
    Class::new("reporters", "HttpStatusPush", "Posts builds as JSON.", &[HTTP, COMMON, OLD_HTTP])
        .positional(&["serverUrl"]),
    Class::new("reporters", "Domain", "For `lookup`: names at a domain.", &[DOMAIN]).positional(&["domain"]),
];
