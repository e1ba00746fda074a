//! `changes`: how changes are noticed.

use super::{Argument, Class, Default, Kind};

const GIT_POLLER: &[Argument] = &[
    Argument::required("repourl", Kind::RenderableText, "URL of the repository.").formerly(&["url"]),
    Argument::optional("branches", Kind::Branches, "A list of branches, True for all, or a function of the ref."),
    Argument::optional("branch", Kind::Text, "The one branch to watch."),
    Argument::optional("workdir", Kind::Text, "Directory of the poller's clone, below the master's."),
    Argument::new("pollInterval", Kind::Seconds, Default::Int(600), "Seconds between polls.")
        .formerly(&["pollinterval"]),
    Argument::new("pollRandomDelayMin", Kind::Seconds, Default::Int(0), "Least random delay of a poll, in seconds."),
    Argument::new("pollRandomDelayMax", Kind::Seconds, Default::Int(0), "Greatest random delay of a poll, in seconds."),
    Argument::flag("pollAtLaunch", false, "Poll when the master starts."),
    Argument::flag("buildPushesWithNoCommits", false, "Make a change of a push without new commits, too."),
    Argument::flag("only_tags", false, "Watch tags instead of branches."),
    Argument::new("gitbin", Kind::Text, Default::Text("git"), "The git program."),
    Argument::flag("usetimestamps", true, "Date a change by its commit instead of by the poll."),
    Argument::optional("category", Kind::TextOrFunction, "Category of the changes, or a function of the commit."),
    Argument::optional("project", Kind::TextOrFunction, "Project of the changes."),
    Argument::new("encoding", Kind::Text, Default::Text("utf-8"), "How authors, comments and names are encoded."),
    Argument::optional("name", Kind::Text, "Name of the poller; the repository's URL if not given."),
    Argument::optional(
        "codebase",
        Kind::Object(&["Codebase"]),
        "One of `c['codebases']`: its commits and branches are kept, for its project's page and for REST.",
    ),
    Argument::not_yet("fetch_refspec", Kind::Texts),
    Argument::not_yet("sshPrivateKey", Kind::RenderableText),
    Argument::not_yet("sshHostKey", Kind::RenderableText),
    Argument::not_yet("sshKnownHosts", Kind::RenderableText),
    Argument::not_yet("auth_credentials", Kind::Renderable),
    Argument::not_yet("git_credentials", Kind::Object(&["GitCredentialOptions"])),
];

const PB_CHANGE_SOURCE: &[Argument] = &[
    Argument::optional("port", Kind::Port, "A port of its own; clients come to the port of the workers if not given."),
    Argument::new("user", Kind::Text, Default::Text("change"), "The name with which clients log in."),
    Argument::new("passwd", Kind::RenderableText, Default::Text("changepw"), "Their password."),
    Argument::optional("prefix", Kind::Text, "Keep only files below it, and take it off their names."),
    Argument::optional("name", Kind::Text, "Name of the source."),
];

pub const CLASSES: &[Class] = &[
    Class::new("changes", "GitPoller", "Watches a git repository.", &[GIT_POLLER]).positional(&["repourl"]),
    Class::new("changes", "PBChangeSource", "Takes changes that clients send.", &[PB_CHANGE_SOURCE])
        .positional(&["user", "passwd", "port", "prefix", "name"]),
];
