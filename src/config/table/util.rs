//! `util`: values that are known only when a build runs, filters, and helpers.

use super::{Argument, Class, Default, Kind, Rest};

const PROPERTY: &[Argument] = &[
    Argument::required("key", Kind::Text, "Name of the property."),
    Argument::optional("default", Kind::Renderable, "Value if the property is not set."),
    Argument::flag("defaultWhenFalse", true, "Take the default for empty values, too."),
];

const INTERPOLATE: &[Argument] =
    &[Argument::required("fmtstring", Kind::Text, "Text with %(prop:name)s and the like.")];

const RENDERER: &[Argument] =
    &[Argument::required("fn", Kind::Function, "Called with the build's properties; gives the value.")];

const WITH_PROPERTIES: &[Argument] =
    &[Argument::required("fmtstring", Kind::Text, "Text with %(name)s, or with %s and names of properties behind it.")];

const TRANSFORM: &[Argument] =
    &[Argument::required("function", Kind::Function, "Called with the other arguments, once they are known.")];

const FLATTEN_LIST: &[Argument] = &[
    Argument::required("nestedlist", Kind::Renderable, "A list that may hold lists."),
    Argument::not_yet("types", Kind::Any),
];

const OPERATION: &[Argument] = &[
    Argument::required("operator", Kind::Text, "As Python writes it."),
    Argument::required("left", Kind::Renderable, "What stands before it."),
    Argument::required("right", Kind::Renderable, "What stands behind it."),
];

const DB_CONFIG: &[Argument] = &[
    Argument::required("BuildmasterConfig", Kind::Any, "The configuration, whose `db` says where the database is."),
    Argument::required("basedir", Kind::Text, "What a relative path of the database is relative to: `basedir`."),
    Argument::new("name", Kind::Text, Default::Text("config"), "Name of the store."),
];

const SECRET: &[Argument] = &[Argument::required("secret_name", Kind::Text, "Name of the secret.")];

const PATTERN: &[Argument] = &[Argument::required("pattern", Kind::Pattern, "The regular expression.")];

const CHANGE_FILTER: &[Argument] = &[
    Argument::optional("filter_fn", Kind::Function, "Called with the change; true lets it pass."),
    Argument::optional("project", Kind::Values, "Project of the change, or a list of them."),
    Argument::optional("project_re", Kind::Patterns, "Pattern for the project, from its start."),
    Argument::optional("project_fn", Kind::Function, "Called with the project."),
    Argument::optional("repository", Kind::Values, "Repository of the change, or a list of them."),
    Argument::optional("repository_re", Kind::Patterns, "Pattern for the repository, from its start."),
    Argument::optional("repository_fn", Kind::Function, "Called with the repository."),
    Argument::optional("branch", Kind::Values, "Branch of the change, or a list; None is a change without a branch."),
    Argument::optional("branch_re", Kind::Patterns, "Pattern for the branch, from its start."),
    Argument::optional("branch_fn", Kind::Function, "Called with the branch."),
    Argument::optional("category", Kind::Values, "Category of the change, or a list of them."),
    Argument::optional("category_re", Kind::Patterns, "Pattern for the category, from its start."),
    Argument::optional("category_fn", Kind::Function, "Called with the category."),
    Argument::optional("codebase", Kind::Values, "Codebase of the change, or a list of them."),
    Argument::optional("codebase_re", Kind::Patterns, "Pattern for the codebase, from its start."),
    Argument::optional("codebase_fn", Kind::Function, "Called with the codebase."),
    Argument::optional("project_not_eq", Kind::Values, "Values that the project must not have."),
    Argument::optional("project_not_re", Kind::Patterns, "Patterns that must not match the project."),
    Argument::optional("repository_not_eq", Kind::Values, "Values that the repository must not have."),
    Argument::optional("repository_not_re", Kind::Patterns, "Patterns that must not match the repository."),
    Argument::optional("branch_not_eq", Kind::Values, "Values that the branch must not have."),
    Argument::optional("branch_not_re", Kind::Patterns, "Patterns that must not match the branch."),
    Argument::optional("category_not_eq", Kind::Values, "Values that the category must not have."),
    Argument::optional("category_not_re", Kind::Patterns, "Patterns that must not match the category."),
    Argument::optional("codebase_not_eq", Kind::Values, "Values that the codebase must not have."),
    Argument::optional("codebase_not_re", Kind::Patterns, "Patterns that must not match the codebase."),
    Argument::optional("property_eq", Kind::Map, "Names of the change's properties to the values they must have."),
    Argument::optional("property_not_eq", Kind::Map, "Names of properties to values they must not have."),
    Argument::optional("property_re", Kind::Map, "Names of properties to patterns for them, from their start."),
    Argument::optional("property_not_re", Kind::Map, "Names of properties to patterns that must not match."),
];

const USER_MANAGER: &[Argument] = &[
    Argument::required("username", Kind::Text, "The name with which clients log in."),
    Argument::required("passwd", Kind::RenderableText, "Their password."),
    Argument::required("port", Kind::Port, "Where `buildbot user` connects; may be the port of the workers."),
];

pub const CLASSES: &[Class] = &[
    Class::new(
        "util",
        "DbConfig",
        "Values that the configuration keeps in the master's database: `get(name, default)` and `set(name, value)`.",
        &[DB_CONFIG],
    )
    .positional(&["BuildmasterConfig", "basedir", "name"]),
    Class::new("util", "CommandlineUserManager", "Lets `buildbot user` administrate users.", &[USER_MANAGER])
        .positional(&["username", "passwd", "port"]),
    Class::new("util", "Property", "The value of a property of the build.", &[PROPERTY]).positional(&[
        "key",
        "default",
        "defaultWhenFalse",
    ]),
    Class::new("util", "Interpolate", "Text with values of the build put in.", &[INTERPOLATE])
        .positional(&["fmtstring"])
        .with_rest(Rest::All),
    Class::new("util", "renderer", "Makes a renderable of a function; usable as a decorator.", &[RENDERER])
        .positional(&["fn"]),
    Class::new("util", "Secret", "The value of a secret.", &[SECRET]).positional(&["secret_name"]),
    Class::new("util", "Pattern", "A compiled regular expression.", &[PATTERN]).positional(&["pattern"]),
    Class::new("util", "ChangeFilter", "Which changes concern a scheduler.", &[CHANGE_FILTER])
        .positional(&["filter_fn"]),
    Class::new("util", "WithProperties", "Text with properties put in, as Buildbot had it before.", &[WITH_PROPERTIES])
        .positional(&["fmtstring"])
        .with_rest(Rest::All),
    Class::new("util", "Transform", "What a function makes of values that are known when a build runs.", &[TRANSFORM])
        .positional(&["function"])
        .with_rest(Rest::All),
    Class::new("util", "FlattenList", "The items of all lists within a list, in one list.", &[FLATTEN_LIST])
        .positional(&["nestedlist", "types"]),
    Class::new("util", "_Operation", "An operator on values that are known when a build runs.", &[OPERATION]),
];
