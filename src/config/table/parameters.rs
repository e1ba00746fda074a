//! `util.*Parameter`: fields of a force form.

use super::schedulers::PARAMETERS;
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
    Argument::not_yet("autopopulate"),
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

const CODEBASE: &[Argument] = &[
    Argument::required("codebase", Kind::Text, "Name of the codebase."),
    Argument::optional("label", Kind::Text, "Title of these fields."),
    Argument::optional("branch", Kind::ObjectOrText(PARAMETERS), "The field; text fixes the value, None hides it."),
    Argument::optional("revision", Kind::ObjectOrText(PARAMETERS), "The field, as for `branch`."),
    Argument::optional("repository", Kind::ObjectOrText(PARAMETERS), "The field, as for `branch`."),
    Argument::optional("project", Kind::ObjectOrText(PARAMETERS), "The field, as for `branch`."),
    Argument::ignored("name"),
    Argument::ignored("tablabel"),
    Argument::ignored("columns"),
    Argument::ignored("hide"),
    Argument::not_yet("patch"),
];

const NAME_LABEL: &[&str] = &["name", "label"];
const NOT_YET: &str = "the String, Text, Int, Boolean, UserName, Choice, Fixed and Codebase parameters are";

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
    Class::not_yet("util", "NestedParameter", NOT_YET),
    Class::not_yet("util", "ParameterGroup", NOT_YET),
    Class::not_yet("util", "AnyPropertyParameter", NOT_YET),
    Class::not_yet("util", "InheritBuildParameter", NOT_YET),
    Class::not_yet("util", "WorkerChoiceParameter", NOT_YET),
    Class::not_yet("util", "FileParameter", NOT_YET),
    Class::not_yet("util", "PatchParameter", NOT_YET),
];
