//! `util.*Parameter`: fields of a force form.

use super::schedulers::{FIELDS, PARAMETERS};
use super::{Argument, Class, Default, Kind};

const NAME: Argument = Argument::required("name", Kind::Text, "Name of the property it sets.");
const TEXT_DEFAULT: Argument = Argument::new("default", Kind::Any, Default::Text(""), "Value to begin with.");

const COMMON: &[Argument] = &[
    NAME,
    Argument::optional("label", Kind::Text, "Text beside the field; the name if not given."),
    TEXT_DEFAULT,
    Argument::flag("required", false, "Refuse an empty value."),
    Argument::flag("multiple", false, "Allow several values."),
    Argument::flag("hide", false, "Do not show the field."),
    Argument::optional("regex", Kind::Pattern, "Pattern that the value must match."),
    Argument::optional("maxsize", Kind::Count, "Most characters."),
    Argument::new("tooltip", Kind::Text, Default::Text(""), "Text shown when pointing at the field."),
    Argument::ignored("tablabel"),
    Argument::optional(
        "autopopulate",
        Kind::Map,
        "For each choice a dictionary: the values that other fields get when it is chosen.",
    ),
];

const FIXED: &[Argument] = &[Argument::flag("hide", true, "Do not show the field.")];

const SIZE: Argument = Argument::new("size", Kind::Count, Default::Int(10), "Width of the field, in characters.");

const STRING: &[Argument] = &[SIZE];

const TEXT: &[Argument] = &[
    Argument::new("cols", Kind::Count, Default::Int(80), "Width of the field, in characters."),
    Argument::new("rows", Kind::Count, Default::Int(20), "Height of the field, in lines."),
    SIZE,
];

const INT: &[Argument] = &[Argument::new("default", Kind::Int, Default::Int(0), "Value to begin with."), SIZE];

const BOOLEAN: &[Argument] = &[Argument::flag("default", false, "Value to begin with.")];

const USER_NAME: &[Argument] = &[
    Argument::new("name", Kind::Text, Default::Text("username"), "Name of the property it sets."),
    Argument::new("label", Kind::Text, Default::Text("Your name:"), "Text beside the field."),
    Argument::flag("need_email", true, "Ask for a name with an address, as in `Ada <ada@example.org>`."),
    Argument::new("size", Kind::Count, Default::Int(30), "Width of the field, in characters."),
];

const CHOICE: &[Argument] = &[
    Argument::required("choices", Kind::TextList, "What can be chosen."),
    Argument::flag("strict", true, "Refuse values that are not among the choices."),
];

const FILE: &[Argument] =
    &[Argument::new("maxsize", Kind::Count, Default::Int(10 * 1024 * 1024), "Largest file, in characters.")];

const WORKER: &[Argument] = &[
    Argument::new("name", Kind::Text, Default::Text("workername"), "Name of the property it sets."),
    Argument::new("label", Kind::Text, Default::Text("Worker"), "Text beside the field.").or_default(),
];

const INHERIT: &[Argument] = &[
    Argument::new("name", Kind::Text, Default::Text("inherit"), "Name of the property with the build."),
    Argument::optional(
        "compatible_builds",
        Kind::Function,
        "What can be chosen: (master, name of the builder) -> builds as texts; the last builds if not given.",
    ),
];

const GROUP: &[Argument] = &[
    Argument::new("name", Kind::Text, Default::Text(""), "Name of the property that holds all values; none if empty."),
    Argument::new("label", Kind::Text, Default::Text(""), "Title of the group.").or_default(),
    Argument::new("fields", Kind::Objects(PARAMETERS), Default::Required, "The fields and groups in it."),
    Argument::new(
        "layout",
        Kind::Choice(&["vertical", "simple", "tabs"]),
        Default::Text("vertical"),
        "A frame around all, no frame, or one group at a time.",
    ),
    Argument::optional("columns", Kind::Count, "How many columns of fields; as fits, if not given."),
    Argument::ignored("tablabel"),
    Argument::ignored("maxsize"),
    Argument::ignored("default"),
];

const ANY_PROPERTY: &[Argument] = &[
    Argument::required("name", Kind::Text, "Begins the names of both fields."),
    Argument::new("label", Kind::Text, Default::Text(""), "Title of the fields.").or_default(),
    Argument::ignored("tablabel"),
    Argument::ignored("columns"),
];

const PATCH: &[Argument] = &[
    Argument::new("name", Kind::Choice(&["patch"]), Default::Text("patch"), "Always `patch`."),
    Argument::new("label", Kind::Text, Default::Text(""), "Title of the fields.").or_default(),
    Argument::optional("body", Kind::Object(FIELDS), "The field for the patch."),
    Argument::optional("level", Kind::Object(FIELDS), "The field for the directories to strip from names."),
    Argument::optional("author", Kind::Object(FIELDS), "The field for who wrote it."),
    Argument::optional("comment", Kind::Object(FIELDS), "The field for what it is."),
    Argument::optional("subdir", Kind::Object(FIELDS), "The field for the directory to apply it in."),
    Argument::ignored("tablabel"),
    Argument::ignored("columns"),
];

const CODEBASE: &[Argument] = &[
    Argument::required("codebase", Kind::Text, "Name of the codebase."),
    Argument::optional("label", Kind::Text, "Title of these fields."),
    Argument::optional("branch", Kind::ObjectOrText(FIELDS), "The field; text fixes the value, None hides it."),
    Argument::optional("revision", Kind::ObjectOrText(FIELDS), "The field, as for `branch`."),
    Argument::optional("repository", Kind::ObjectOrText(FIELDS), "The field, as for `branch`."),
    Argument::optional("project", Kind::ObjectOrText(FIELDS), "The field, as for `branch`."),
    Argument::ignored("name"),
    Argument::ignored("tablabel"),
    Argument::ignored("columns"),
    Argument::ignored("hide"),
    Argument::ignored("category"),
    Argument::ignored("reason"),
    Argument::optional("patch", Kind::Object(&["PatchParameter"]), "Fields of a patch to be built with."),
];

const NAME_LABEL: &[&str] = &["name", "label"];

pub const CLASSES: &[Class] = &[
    Class::new("util", "FixedParameter", "A value that nobody can change.", &[FIXED, COMMON]).positional(NAME_LABEL),
    Class::new("util", "StringParameter", "One line of text.", &[STRING, COMMON]).positional(NAME_LABEL),
    Class::new("util", "TextParameter", "Several lines of text.", &[TEXT, COMMON]).positional(NAME_LABEL),
    Class::new("util", "IntParameter", "A whole number.", &[INT, COMMON]).positional(NAME_LABEL),
    Class::new("util", "BooleanParameter", "Yes or no.", &[BOOLEAN, COMMON]).positional(NAME_LABEL),
    Class::new("util", "UserNameParameter", "Who asks for the build.", &[USER_NAME, COMMON]).positional(NAME_LABEL),
    Class::new("util", "ChoiceStringParameter", "One or several of given texts.", &[CHOICE, COMMON])
        .positional(NAME_LABEL),
    Class::new("util", "CodebaseParameter", "Branch, revision, repository and project of a codebase.", &[CODEBASE])
        .positional(&["codebase"]),
    Class::new("util", "FileParameter", "The text of a file.", &[FILE, COMMON]).positional(NAME_LABEL),
    Class::new(
        "util",
        "WorkerChoiceParameter",
        "A worker of the builder; `util.enforceChosenWorker` makes builders keep to it.",
        &[WORKER, COMMON],
    )
    .positional(&["name"]),
    Class::new("util", "BuildslaveChoiceParameter", "The old name of `WorkerChoiceParameter`.", &[WORKER, COMMON])
        .positional(&["name"])
        .now("util.WorkerChoiceParameter"),
    Class::new(
        "util",
        "InheritBuildParameter",
        "Takes over what was filled in for an earlier build of the builder.",
        &[INHERIT, COMMON],
    )
    .positional(NAME_LABEL),
    Class::new("util", "NestedParameter", "Fields that are shown together.", &[GROUP]).positional(&["name", "fields"]),
    Class::new("util", "ParameterGroup", "Another name of `NestedParameter`.", &[GROUP])
        .positional(&["name", "fields"]),
    Class::new("util", "AnyPropertyParameter", "A property whose name is filled in, too.", &[ANY_PROPERTY])
        .positional(&["name"]),
    Class::new("util", "PatchParameter", "A change to the source, of a `CodebaseParameter`.", &[PATCH]),
];
