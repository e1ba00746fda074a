//! `reporters` that talk with people.

use super::{Argument, Class, Default, Kind};

/// Chats that work.
pub const CHATS: &[&str] = &["IRC"];

const IRC: &[Argument] = &[
    Argument::required("host", Kind::Text, "The server."),
    Argument::required("nick", Kind::Text, "The name of the bot."),
    Argument::required("channels", Kind::List, "Channels: names, or dictionaries with `channel` and `password`."),
    Argument::optional("pm_to_nicks", Kind::List, "People who are told in private what channels are told."),
    Argument::new("port", Kind::Port, Default::Int(6667), "Its port.").nullable(),
    Argument::optional("password", Kind::RenderableText, "For NickServ, or for SASL."),
    Argument::flag("useSASL", false, "Whether to log in by SASL instead of NickServ.").nullable(),
    Argument::flag("useSSL", false, "Whether the server speaks TLS.").nullable(),
    Argument::optional("verify", Kind::Any, "Whether certificates are checked, or a file with those to believe."),
    Argument::optional("lostDelay", Kind::Seconds, "Before a lost connection is made again; 1 to 5 s if not given."),
    Argument::optional("failedDelay", Kind::Seconds, "Before a failed attempt is repeated; 45 to 60 s if not given."),
    Argument::flag("useColors", true, "Whether results have colours.").nullable(),
    Argument::flag("noticeOnChannel", false, "Whether channels are told by notices, at which no bot answers.")
        .nullable(),
];

const CHAT: &[Argument] = &[
    Argument::optional("name", Kind::Text, "Unique name; the class and where it goes to if not given."),
    Argument::optional(
        "notify_events",
        Kind::Any,
        "What is told without being asked: a list of events, or a dictionary.",
    ),
    Argument::optional("tags", Kind::Texts, "Only builds of builders with one of these tags are told."),
    Argument::optional("categories", Kind::Texts, "The same, before there were tags."),
    Argument::flag("showBlameList", true, "Whether builds that do not succeed are told with those responsible.")
        .nullable(),
    Argument::flag("useRevisions", false, "Whether builds are named by what they build instead of their number.")
        .nullable(),
    Argument::optional("authz", Kind::Any, "Who may give which command: True, False or a list of names."),
    Argument::optional("allowForce", Kind::Any, "Who may force and stop builds: True, False or a list of names."),
    Argument::optional("allowShutdown", Kind::Any, "Who may end the master: True, False or a list of names."),
];

pub const CLASSES: &[Class] =
    &[Class::new("reporters", "IRC", "Talks on IRC.", &[IRC, CHAT]).positional(&["host", "nick", "channels"])];
