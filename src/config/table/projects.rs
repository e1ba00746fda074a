//! `util.Project` and `util.Codebase`.

use super::{Argument, Class, Kind};

const PROJECT: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the project; unique."),
    Argument::optional("slug", Kind::Text, "A short name for URLs; `name` if not given."),
    Argument::optional("description", Kind::Text, "What the project is."),
    Argument::optional("description_format", Kind::Choice(&["markdown"]), "How the description is written."),
];

const CODEBASE: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the codebase; unique within its project."),
    Argument::required("project", Kind::Text, "The name of the project it belongs to."),
    Argument::optional("slug", Kind::Text, "A short name for URLs; `name` if not given."),
];

pub const CLASSES: &[Class] = &[
    Class::new("util", "Project", "Builders that belong together.", &[PROJECT]).positional(&[
        "name",
        "slug",
        "description",
        "description_format",
    ]),
    Class::new("util", "Codebase", "What a project is made of.", &[CODEBASE]).positional(&["name", "project", "slug"]),
];
