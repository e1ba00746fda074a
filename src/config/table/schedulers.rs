//! `schedulers`: when builds are due.

use super::{Argument, Class, Default, Kind};

/// Classes that can stand in `c['schedulers']`.
pub const SCHEDULERS: &[&str] = &["SingleBranchScheduler", "Scheduler", "ForceScheduler", "Try_Jobdir", "Try_Userpass"];

const COMMON: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the scheduler; unique."),
    Argument::required("builderNames", Kind::TextList, "Builders to start."),
    Argument::optional("properties", Kind::Properties, "Properties of the builds."),
    Argument::optional("codebases", Kind::Any, "Codebases: names, or names to repository, branch and revision."),
    Argument::new("priority", Kind::Int, Default::Int(0), "Priority of the requests; greater goes first."),
];

const SINGLE_BRANCH: &[Argument] = &[
    Argument::optional("treeStableTimer", Kind::Seconds, "Seconds of silence to wait for; None fires at once."),
    Argument::optional("change_filter", Kind::Object(&["ChangeFilter"]), "Which changes count."),
    Argument::optional("branch", Kind::Values, "The branch, where no filter is needed."),
    Argument::optional("categories", Kind::Texts, "The old way to filter by category."),
    Argument::optional("fileIsImportant", Kind::Function, "Called with the change; false never starts a build."),
    Argument::flag("onlyImportant", false, "Forget unimportant changes instead of building them along."),
    Argument::optional("reason", Kind::Text, "Reason of the builds."),
    Argument::not_yet("createAbsoluteSourceStamps"),
    Argument::not_yet("branches"),
];

const FORCE: &[Argument] = &[
    Argument::optional("username", Kind::Object(PARAMETERS), "The field for the user's name."),
    Argument::optional("reason", Kind::Object(PARAMETERS), "The field for the reason."),
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
    Argument::optional("priority", Kind::Object(PARAMETERS), "The field for the priority."),
];

const TRY_JOBDIR: &[Argument] = &[Argument::required(
    "jobdir",
    Kind::Text,
    "Directory of the jobs, below the master's; made if missing, with `new`, `cur` and `tmp` in it.",
)];

const TRY_USERPASS: &[Argument] = &[
    Argument::required("port", Kind::Port, "Where `buildbot try` connects; may be the port of the workers."),
    Argument::required("userpass", Kind::TextPairs, "Who may send jobs: pairs of name and password."),
];

/// Classes of fields of a force form.
pub const PARAMETERS: &[&str] = &[
    "StringParameter",
    "FixedParameter",
    "TextParameter",
    "IntParameter",
    "BooleanParameter",
    "UserNameParameter",
    "ChoiceStringParameter",
];

const NOT_YET: &str = "schedulers.SingleBranchScheduler and schedulers.ForceScheduler are";

pub const CLASSES: &[Class] = &[
    Class::new("schedulers", "SingleBranchScheduler", "Builds changes of one branch.", &[SINGLE_BRANCH, COMMON])
        .positional(&["name"]),
    Class::new("schedulers", "Scheduler", "The old name of `SingleBranchScheduler`.", &[SINGLE_BRANCH, COMMON])
        .positional(&["name", "branch", "treeStableTimer", "builderNames"]),
    Class::new("schedulers", "ForceScheduler", "Builds when somebody asks on the web page.", &[FORCE, COMMON])
        .positional(&["name", "builderNames"]),
    Class::new(
        "schedulers",
        "Try_Jobdir",
        "Builds what `buildbot tryserver` puts into a directory.",
        &[TRY_JOBDIR, COMMON],
    )
    .positional(&["name", "builderNames", "jobdir"]),
    Class::new("schedulers", "Try_Userpass", "Builds what `buildbot try` sends.", &[TRY_USERPASS, COMMON])
        .positional(&["name", "builderNames", "port", "userpass"]),
    Class::not_yet("schedulers", "AnyBranchScheduler", NOT_YET),
    Class::not_yet("schedulers", "Dependent", NOT_YET),
    Class::not_yet("schedulers", "Periodic", NOT_YET),
    Class::not_yet("schedulers", "Nightly", NOT_YET),
    Class::not_yet("schedulers", "NightlyTriggerable", NOT_YET),
    Class::not_yet("schedulers", "Triggerable", NOT_YET),
];
