//! `steps`: what a build does.

use super::{Argument, Class, Default, Kind};
use crate::steps::warnings::{
    DEFAULT_DIRECTORY_ENTER_PATTERN, DEFAULT_DIRECTORY_LEAVE_PATTERN, DEFAULT_WARNING_PATTERN,
};

/// Classes that can stand in a factory.
pub const STEPS: &[&str] = &[
    "ShellCommand",
    "Configure",
    "Compile",
    "Test",
    "WarningCountingShellCommand",
    "Git",
    "GitHub",
    "Gerrit",
    "Trigger",
    "FileUpload",
    "DirectoryUpload",
    "MultipleFileUpload",
    "FileDownload",
    "StringDownload",
    "JSONStringDownload",
    "JSONPropertiesDownload",
    "DownloadSecretsToWorker",
    "RemoveWorkerFileSecret",
    "FileExists",
    "MakeDirectory",
    "RemoveDirectory",
    "CopyDirectory",
    "SetProperty",
    "SetProperties",
    "SetPropertyFromCommand",
    "SetPropertiesFromEnv",
    "Assert",
    "LogRenderable",
    "MasterShellCommand",
    "ShellSequence",
    "FunctionStep",
    "CMake",
    "Cppcheck",
    "PyFlakes",
    "PyLint",
    "Robocopy",
    "Sphinx",
    "TreeSize",
    "Parallel",
];

/// Those among them that can stand in a group: groups do not nest.
const GROUPED: &[&str] = STEPS.split_at(STEPS.len() - 1).0;

const fn condition(name: &'static str, default: bool, doc: &'static str) -> Argument {
    Argument::new(name, Kind::Condition, Default::Bool(default), doc)
}

pub(super) const fn name(default: &'static str) -> Argument {
    Argument::new("name", Kind::RenderableText, Default::Text(default), "Name of the step.")
}

pub(super) const fn text(name: &'static str, default: &'static str) -> Argument {
    Argument::new(name, Kind::Renderable, Default::Text(default), "What the step is called while and after it runs.")
}

pub(super) const fn command(default: &'static [&'static str]) -> Argument {
    Argument::new("command", Kind::Command, Default::Words(default), "Text for a shell, or a list of words.")
        .or_default()
}

pub(super) const COMMON: &[Argument] = &[
    Argument::flag("haltOnFailure", false, "A failure ends the build."),
    Argument::flag("flunkOnWarnings", false, "Warnings make the build fail."),
    Argument::flag("flunkOnFailure", true, "A failure makes the build fail."),
    Argument::flag("warnOnWarnings", false, "Warnings mark the build."),
    Argument::flag("warnOnFailure", false, "A failure marks the build as with warnings."),
    Argument::flag("alwaysRun", false, "Run even if the build is already lost."),
    condition("doStepIf", true, "Whether the step is run: a value, or a function of the step."),
    condition("hideStepIf", false, "Whether the step is hidden: a value, or a function of (result, step)."),
    Argument::optional("description", Kind::Renderable, "What the step does, while it runs."),
    Argument::optional("descriptionDone", Kind::Renderable, "What the step did."),
    Argument::optional("descriptionSuffix", Kind::Renderable, "Put behind the description."),
    Argument::optional("workdir", Kind::RenderableText, "Directory of commands, below the builder's."),
    Argument::optional("logEncoding", Kind::Text, "Encoding of the output; UTF-8 if not given."),
    Argument::ignored("useProgress"),
    Argument::ignored("progressMetrics"),
    Argument::ignored("updateBuildSummaryPolicy"),
    Argument::optional("locks", Kind::Locks, "Locks that the step takes, or functions of the properties."),
];

pub(super) const COMMAND: &[Argument] =
    &[Argument::required("command", Kind::Command, "Text for a shell, or a list of words.")];

/// What Buildbot 0.8 called a choice of the worker's, which is no terminal.
const TERMINAL: &[&str] = &["slave-config"];

pub(super) const SHELL: &[Argument] = &[
    Argument::optional("env", Kind::Environment, "Environment of the command, added to the worker's."),
    Argument::flag("want_stdout", true, "Keep the standard output."),
    Argument::flag("want_stderr", true, "Keep the standard error."),
    Argument::new("usePTY", Kind::BoolOr(TERMINAL), Default::Bool(false), "Run in a terminal.").nullable(),
    Argument::optional("logfiles", Kind::Map, "Log name to the file that is followed, or {'filename':, 'follow':}."),
    Argument::flag("lazylogfiles", false, "Make such logs only when there is something in them."),
    Argument::new(
        "timeout",
        Kind::Seconds,
        Default::Int(1200),
        "Seconds without output until it is killed; None never.",
    )
    .nullable(),
    Argument::optional("maxTime", Kind::Seconds, "Seconds in all until it is killed."),
    Argument::optional("max_lines", Kind::Count, "Lines of output until it is killed."),
    Argument::optional("sigtermTime", Kind::Seconds, "Ask with TERM first, and kill after this many seconds."),
    Argument::new("interruptSignal", Kind::Text, Default::Text("KILL"), "Signal that stops it."),
    Argument::flag("logEnviron", true, "Show the environment in the log."),
    Argument::optional("initialStdin", Kind::RenderableText, "Standard input.").formerly(&["initial_stdin"]),
    Argument::optional("decodeRC", Kind::Any, "Exit code to result; 0 is success and all else failure if not given."),
];

pub(super) const TRIGGER: &[Argument] = &[
    name("trigger"),
    Argument::required("schedulerNames", Kind::Renderable, "Names of Triggerable schedulers."),
    Argument::new(
        "waitForFinish",
        Kind::Renderable,
        Default::Bool(false),
        "Wait for the builds; their worst result is that of the step.",
    ),
    Argument::optional(
        "sourceStamp",
        Kind::Renderable,
        "What is built, as a dictionary; the build's own if not given.",
    ),
    Argument::optional("sourceStamps", Kind::Renderable, "The same for several codebases, a list of dictionaries."),
    Argument::optional(
        "updateSourceStamp",
        Kind::Renderable,
        "Build the revision that this build has found, not the one it was asked for; the default.",
    ),
    Argument::new(
        "alwaysUseLatest",
        Kind::Renderable,
        Default::Bool(false),
        "Build the newest source of the schedulers' codebases.",
    ),
    Argument::optional("set_properties", Kind::Renderable, "Properties of the triggered builds."),
    Argument::optional("copy_properties", Kind::TextList, "Names of properties that they take over."),
    Argument::new(
        "parent_relationship",
        Kind::RenderableText,
        Default::Text("Triggered from"),
        "How they are related to this build.",
    ),
    Argument::optional("unimportantSchedulerNames", Kind::TextList, "Schedulers whose results do not count."),
];

const PARALLEL: &[Argument] = &[
    Argument::required("steps", Kind::Objects(GROUPED), "The steps, which all begin at the same time."),
    Argument::new("name", Kind::Text, Default::Text("parallel"), "What pages call the group."),
    Argument::flag("haltOnFailure", false, "A failure of any of the steps ends the build behind the group."),
];

const SHELL_NAME: &[Argument] = &[name("shell")];
const GENERIC_NAME: &[Argument] = &[name("generic")];

const CONFIGURE: &[Argument] = &[
    name("configure"),
    command(&["./configure"]),
    Argument::flag("haltOnFailure", true, "A failure ends the build."),
    text("description", "configuring"),
    text("descriptionDone", "configure"),
];

const COMPILE: &[Argument] = &[
    name("compile"),
    command(&["make", "all"]),
    Argument::flag("haltOnFailure", true, "A failure ends the build."),
    text("description", "compiling"),
    text("descriptionDone", "compile"),
];

const TEST: &[Argument] = &[
    name("test"),
    command(&["make", "test"]),
    Argument::flag("warnOnFailure", true, "A failure marks the build as with warnings."),
    text("description", "testing"),
    text("descriptionDone", "test"),
];

pub(super) const WARNINGS: &[Argument] = &[
    Argument::new(
        "warningPattern",
        Kind::Pattern,
        Default::Text(DEFAULT_WARNING_PATTERN),
        "Lines that match from their start are warnings.",
    ),
    Argument::new(
        "directoryEnterPattern",
        Kind::Pattern,
        Default::Text(DEFAULT_DIRECTORY_ENTER_PATTERN),
        "Lines that name the directory of what follows.",
    )
    .nullable(),
    Argument::new(
        "directoryLeavePattern",
        Kind::Pattern,
        Default::Text(DEFAULT_DIRECTORY_LEAVE_PATTERN),
        "Lines that lead back to the directory before.",
    )
    .nullable(),
    Argument::optional("suppressionList", Kind::Any, "Warnings that do not count: [(file, text, first, last)]."),
    Argument::optional("suppressionFile", Kind::RenderableText, "A file on the worker with more of them."),
    Argument::optional("maxWarnCount", Kind::Count, "More warnings than this are a failure."),
    Argument::optional(
        "warningExtractor",
        Kind::TextOrFunction,
        "Takes a line apart: a function of (step, line, match) that gives (file, line, text).",
    ),
];

pub(super) const GIT: &[Argument] = &[
    name("git"),
    Argument::required("repourl", Kind::RenderableText, "URL of the repository."),
    Argument::new("branch", Kind::RenderableText, Default::Text("HEAD"), "Branch, where the build names none."),
    Argument::new(
        "mode",
        Kind::Choice(&["incremental", "full", "update", "copy", "clobber"]),
        Default::Text("incremental"),
        "Keep the tree, or not.",
    ),
    Argument::optional("method", Kind::Choice(&["clobber", "fresh", "clean", "copy"]), "How `full` begins anew."),
    Argument::flag("submodules", false, "Check out submodules.").formerly(&["submodule"]),
    Argument::flag("remoteSubmodules", false, "Take submodules at their remote branch."),
    Argument::new("shallow", Kind::BoolOrCount, Default::Bool(false), "Fetch only so many commits; True is 1."),
    Argument::optional("filters", Kind::Command, "Object filters of a partial clone."),
    Argument::optional("reference", Kind::RenderableText, "Repository on the worker to take objects from."),
    Argument::optional("origin", Kind::RenderableText, "Name of the remote."),
    Argument::flag("progress", true, "Show progress, so that a slow fetch is not silent."),
    Argument::flag("tags", false, "Fetch tags."),
    Argument::flag("retryFetch", false, "Try a failed fetch again."),
    Argument::flag("clobberOnFailure", false, "Begin anew if anything fails."),
    Argument::optional("retry", Kind::Pair, "Seconds to wait and number of tries again."),
    Argument::flag("alwaysUseLatest", false, "Ignore the revision of the build."),
    Argument::new("codebase", Kind::Text, Default::Text(""), "Which of the build's codebases this is."),
    Argument::new("timeout", Kind::Seconds, Default::Int(1200), "Seconds without output until it is killed.")
        .nullable(),
    Argument::optional("env", Kind::Environment, "Environment of git."),
    Argument::flag("logEnviron", true, "Show the environment in the log."),
    Argument::new("getDescription", Kind::BoolOrMap, Default::Bool(false), "Run `git describe`, with these options."),
    Argument::optional("config", Kind::Environment, "Options of git for these commands."),
    Argument::flag("haltOnFailure", true, "A failure ends the build."),
    Argument::ignored("port"),
    Argument::ignored("ignore_ignores"),
    Argument::not_yet("sshPrivateKey", Kind::RenderableText),
    Argument::not_yet("sshHostKey", Kind::RenderableText),
    Argument::not_yet("sshKnownHosts", Kind::RenderableText),
    Argument::not_yet("auth_credentials", Kind::Renderable),
    Argument::not_yet("git_credentials", Kind::Object(&["GitCredentialOptions"])),
];

pub const CLASSES: &[Class] = &[
    Class::new("steps", "ShellCommand", "Runs a command on the worker.", &[SHELL_NAME, COMMAND, SHELL, COMMON]),
    Class::new("steps", "Configure", "Runs `./configure`.", &[CONFIGURE, SHELL, COMMON]),
    Class::new("steps", "Compile", "Runs `make all` and counts warnings.", &[COMPILE, WARNINGS, SHELL, COMMON]),
    Class::new("steps", "Test", "Runs `make test` and counts warnings.", &[TEST, WARNINGS, SHELL, COMMON]),
    Class::new(
        "steps",
        "WarningCountingShellCommand",
        "Runs a command and counts warnings.",
        &[GENERIC_NAME, WARNINGS, COMMAND, SHELL, COMMON],
    ),
    Class::new("steps", "Git", "Brings the source tree to the wanted revision.", &[GIT, COMMON])
        .positional(&["repourl"]),
    Class::new("steps", "GitHub", "As `Git`, and knows the merge commits of pull requests.", &[GIT, COMMON])
        .positional(&["repourl"]),
    Class::new("steps", "Gerrit", "As `Git`, and knows the changes that Gerrit's events name.", &[GIT, COMMON])
        .positional(&["repourl"]),
    Class::new("steps", "Trigger", "Has other builders build something, and may wait for it.", &[TRIGGER, COMMON])
        .positional(&["schedulerNames"]),
    Class::new("steps", "Parallel", "Runs steps at the same time, where the worker can.", &[PARALLEL])
        .positional(&["steps"]),
];
