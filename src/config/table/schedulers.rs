//! `schedulers`: when builds are due.

use super::{Argument, Class, Default, Kind};

/// Classes that can stand in `c['schedulers']`.
pub const SCHEDULERS: &[&str] = &[
    "SingleBranchScheduler",
    "Scheduler",
    "AnyBranchScheduler",
    "Dependent",
    "Periodic",
    "Nightly",
    "NightlyTriggerable",
    "Triggerable",
    "ForceScheduler",
    "Try_Jobdir",
    "Try_Userpass",
];

const COMMON: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the scheduler; unique."),
    Argument::required("builderNames", Kind::TextList, "Builders to start."),
    Argument::optional("properties", Kind::Properties, "Properties of the builds."),
    Argument::optional("codebases", Kind::Any, "Codebases: names, or names to repository, branch and revision."),
    Argument::new(
        "priority",
        Kind::IntOrFunction,
        Default::Int(0),
        "Priority of the requests, greater goes first; or a function: (builder names, changes by codebase) -> number.",
    )
    .or_default(),
];

/// Which changes count.
const WATCH: &[Argument] = &[
    Argument::optional("change_filter", Kind::Object(&["ChangeFilter"]), "Which changes count."),
    Argument::optional("fileIsImportant", Kind::Function, "Called with the change; false never starts a build."),
    Argument::flag("onlyImportant", false, "Forget unimportant changes instead of building them along."),
];

const ABSOLUTE: Argument = Argument::flag(
    "createAbsoluteSourceStamps",
    false,
    "Remember the newest revision of each codebase, and build it where no change says otherwise.",
);
const REASON: Argument = Argument::optional("reason", Kind::Text, "Reason of the builds.");

const BASIC: &[Argument] = &[
    Argument::optional("treeStableTimer", Kind::Seconds, "Seconds of silence to wait for; None fires at once."),
    Argument::optional("categories", Kind::Texts, "The old way to filter by category."),
    REASON,
];

const SINGLE_BRANCH: &[Argument] =
    &[Argument::optional("branch", Kind::Values, "The branch, where no filter is needed."), ABSOLUTE];

const ANY_BRANCH: &[Argument] =
    &[Argument::optional("branches", Kind::Values, "The branches, where no filter is needed; all if not given.")];

const DEPENDENT: &[Argument] = &[Argument::required(
    "upstream",
    Kind::Object(SCHEDULERS),
    "The scheduler whose successful builds are built again by these builders.",
)];

const TIMED: &[Argument] = &[
    Argument::flag("onlyIfChanged", false, "Build only if an important change came since the last time."),
    Argument::optional("branch", Kind::Text, "The branch that is built, and whose changes count."),
    ABSOLUTE,
    REASON,
];

const PERIODIC: &[Argument] =
    &[Argument::required("periodicBuildTimer", Kind::Seconds, "Seconds from one build to the next.")];

const EVERY: Default = Default::Text("*");

const NIGHTLY: &[Argument] = &[
    Argument::new("minute", Kind::Cron, Default::Int(0), "Minutes of the hour, as in a crontab."),
    Argument::new("hour", Kind::Cron, EVERY, "Hours of the day."),
    Argument::new("dayOfMonth", Kind::Cron, EVERY, "Days of the month; `L` is the last one."),
    Argument::new("month", Kind::Cron, EVERY, "Months, from 1."),
    Argument::new("dayOfWeek", Kind::Cron, EVERY, "Days of the week: as a number Monday is 0, as text Sunday is '0'."),
    Argument::optional("force_at_minute", Kind::Cron, "When it builds even without a change; needs `onlyIfChanged`."),
    Argument::optional("force_at_hour", Kind::Cron, "Hours for that."),
    Argument::optional("force_at_day_of_month", Kind::Cron, "Days of the month for that."),
    Argument::optional("force_at_month", Kind::Cron, "Months for that."),
    Argument::optional("force_at_day_of_week", Kind::Cron, "Days of the week for that."),
];

const TRIGGERABLE: &[Argument] = &[REASON];

const FORCE: &[Argument] = &[
    Argument::optional("username", Kind::Object(FIELDS), "The field for the user's name."),
    Argument::optional("reason", Kind::Object(FIELDS), "The field for the reason."),
    Argument::new(
        "reasonString",
        Kind::Text,
        Default::Text("A build was forced by '%(owner)s': %(reason)s"),
        "Reason of the build, made from both fields.",
    ),
    Argument::optional("buttonName", Kind::Text, "Text of the button; the name if not given."),
    Argument::optional("label", Kind::Text, "Title of the form; the name if not given."),
    Argument::optional("codebases", Kind::ObjectsOrTexts(&["CodebaseParameter"]), "Fields of each codebase."),
    Argument::optional("properties", Kind::Objects(PARAMETERS), "Further fields; each becomes a property."),
    Argument::optional("priority", Kind::Object(FIELDS), "The field for the priority."),
    old_part("branch"),
    old_part("revision"),
    old_part("repository"),
    old_part("project"),
];

/// A field of the only codebase, which has a place in `codebases` now.
const fn old_part(name: &'static str) -> Argument {
    Argument::optional(name, Kind::ObjectOrText(FIELDS), "The old way to give a field of the only codebase.")
}

const TRY_JOBDIR: &[Argument] = &[Argument::required(
    "jobdir",
    Kind::Text,
    "Directory of the jobs, below the master's; made if missing, with `new`, `cur` and `tmp` in it.",
)];

const TRY_USERPASS: &[Argument] = &[
    Argument::required("port", Kind::Port, "Where `buildbot try` connects; may be the port of the workers."),
    Argument::required("userpass", Kind::Logins, "Who may send jobs: pairs of name and password."),
];

/// Classes of single fields of a force form.
pub const FIELDS: &[&str] = &[
    "StringParameter",
    "FixedParameter",
    "TextParameter",
    "IntParameter",
    "BooleanParameter",
    "UserNameParameter",
    "ChoiceStringParameter",
    "FileParameter",
];

/// Classes of what a force form sets properties with.
pub const PARAMETERS: &[&str] = &[
    "StringParameter",
    "FixedParameter",
    "TextParameter",
    "IntParameter",
    "BooleanParameter",
    "UserNameParameter",
    "ChoiceStringParameter",
    "FileParameter",
    "WorkerChoiceParameter",
    "BuildslaveChoiceParameter",
    "InheritBuildParameter",
    "NestedParameter",
    "ParameterGroup",
    "AnyPropertyParameter",
];

const NAMES: &[&str] = &["name", "builderNames"];

pub const CLASSES: &[Class] = &[
    Class::new(
        "schedulers",
        "SingleBranchScheduler",
        "Builds changes of one branch.",
        &[SINGLE_BRANCH, BASIC, WATCH, COMMON],
    )
    .positional(&["name"]),
    Class::new(
        "schedulers",
        "Scheduler",
        "The old name of `SingleBranchScheduler`.",
        &[SINGLE_BRANCH, BASIC, WATCH, COMMON],
    )
    .positional(&["name", "branch", "treeStableTimer", "builderNames"])
    .now("schedulers.SingleBranchScheduler"),
    Class::new(
        "schedulers",
        "AnyBranchScheduler",
        "Builds changes of many branches, each by itself.",
        &[ANY_BRANCH, BASIC, WATCH, COMMON],
    )
    .positional(&["name"]),
    Class::new(
        "schedulers",
        "Dependent",
        "Builds again what another scheduler has built successfully.",
        &[DEPENDENT, COMMON],
    )
    .positional(&["name", "upstream", "builderNames"]),
    Class::new("schedulers", "Periodic", "Builds again and again.", &[PERIODIC, TIMED, WATCH, COMMON]).positional(&[
        "name",
        "builderNames",
        "periodicBuildTimer",
    ]),
    Class::new("schedulers", "Nightly", "Builds at times of the day, as cron does.", &[NIGHTLY, TIMED, WATCH, COMMON])
        .positional(NAMES),
    Class::new(
        "schedulers",
        "NightlyTriggerable",
        "Builds at times of the day what was triggered last.",
        &[NIGHTLY, TIMED, WATCH, COMMON],
    )
    .positional(NAMES),
    Class::new("schedulers", "Triggerable", "Builds when a step of another build triggers it.", &[TRIGGERABLE, COMMON])
        .positional(NAMES),
    Class::new("schedulers", "ForceScheduler", "Builds when somebody asks on the web page.", &[FORCE, COMMON])
        .positional(NAMES),
    Class::new(
        "schedulers",
        "Try_Jobdir",
        "Builds what `buildbot tryserver` puts into a directory.",
        &[TRY_JOBDIR, COMMON],
    )
    .positional(&["name", "builderNames", "jobdir"]),
    Class::new("schedulers", "Try_Userpass", "Builds what `buildbot try` sends.", &[TRY_USERPASS, COMMON])
        .positional(&["name", "builderNames", "port", "userpass"]),
];
