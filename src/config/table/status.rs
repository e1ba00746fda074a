//! `status`: what stood in `c['status']` of Buildbot 0.8, has no successor of the same name, and works.

use super::{Argument, Class, Default, Kind, STATUS};

const TINDERBOX: &[Argument] = &[
    Argument::required("fromaddr", Kind::Text, "The address that mails come from."),
    Argument::required("tree", Kind::Text, "The tree of the Tinderbox server."),
    Argument::required("extraRecipients", Kind::Texts, "The address at which the server reads mails."),
    Argument::optional("categories", Kind::Texts, "Tags of builders; all if not given."),
    Argument::optional("builders", Kind::Texts, "Names of builders; all if not given."),
    Argument::new("relayhost", Kind::Text, Default::Text("localhost"), "The server that takes mails."),
    Argument::new("subject", Kind::Text, Default::Text("buildbot %(result)s in %(builder)s"), "Of each mail."),
    Argument::new("binaryURL", Kind::RenderableText, Default::Text(""), "Where to get what was built.").nullable(),
    Argument::new("logCompression", Kind::Text, Default::Text(""), "'bzip2', 'gzip' or nothing."),
    Argument::new("errorparser", Kind::Text, Default::Text("unix"), "Which of its parsers the server uses."),
    Argument::optional("columnName", Kind::RenderableText, "The column; the name of the builder if not given."),
    Argument::flag("useChangeTime", false, "Whether builds have the time of their newest change."),
    Argument::optional("name", Kind::Text, "Unique name; the class and what it sends to if not given."),
];

const PUSH: &[Argument] = &[
    Argument::ignored("queue"),
    Argument::ignored("path"),
    Argument::flag("filter", true, "Whether entries without a value are left out."),
    Argument::new("bufferDelay", Kind::Seconds, Default::Int(1), "Seconds in which packets are gathered."),
    Argument::new("retryDelay", Kind::Seconds, Default::Int(5), "Seconds before a failed attempt is repeated."),
    Argument::optional("blackList", Kind::TextList, "Events that are not sent, such as `stepStarted`."),
    Argument::optional("name", Kind::Text, "Unique name; the class and what it sends to if not given."),
];

const CALL: &[Argument] =
    &[Argument::required("serverPushCb", Kind::Function, "Called with a list of packets; it fails by raising.")];

const HTTP: &[Argument] = &[
    Argument::required("serverUrl", Kind::RenderableText, "Where to post."),
    Argument::flag("debug", false, "Whether JSON is indented, and requests are written to the log.").nullable(),
    Argument::ignored("serverPushCb"),
    Argument::ignored("maxMemoryItems"),
    Argument::optional("maxDiskItems", Kind::Count, "Most packets that wait; more push the oldest out."),
    Argument::new("chunkSize", Kind::Count, Default::Int(200), "Most packets of a request."),
    Argument::new("maxHttpRequestSize", Kind::Count, Default::Int(1 << 20), "Most bytes of a request.").nullable(),
    Argument::optional("extra_post_params", Kind::Map, "Further fields of the form."),
];

pub const CLASSES: &[Class] = &[
    Class::new(STATUS, "TinderboxMailNotifier", "Mails for a Tinderbox server.", &[TINDERBOX]).positional(&[
        "fromaddr",
        "tree",
        "extraRecipients",
    ]),
    Class::new(STATUS, "StatusPush", "Calls a function with what happens.", &[CALL, PUSH]).positional(&[
        "serverPushCb",
        "queue",
        "path",
    ]),
    Class::new(STATUS, "HttpStatusPush", "Posts what happens; not the one of `reporters`.", &[HTTP, PUSH])
        .positional(&["serverUrl"]),
];
