//! Services that cancel builds, and the filter that says which.

use super::{Argument, Class, Kind};

/// Classes of cancellers, for `c['services']`.
pub const CANCELLERS: &[&str] = &["OldBuildCanceller", "FailingBuildsetCanceller"];

const OLD_BUILDS: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the canceller."),
    Argument::required("filters", Kind::List, "Pairs: builders, and a `util.SourceStampFilter`."),
    Argument::optional(
        "branch_key",
        Kind::Function,
        "Called with a source; sources for which it gives the same value replace each other.",
    ),
];

const FAILING: &[Argument] = &[
    Argument::required("name", Kind::Text, "Name of the canceller."),
    Argument::required(
        "filters",
        Kind::List,
        "Triples: builders that fail, builders to be cancelled (None for all), and a `util.SourceStampFilter`.",
    ),
];

const STAMP_FILTER: &[Argument] = &[
    Argument::optional("filter_fn", Kind::Function, "Called with the source; true lets it pass."),
    Argument::optional("project_eq", Kind::Values, "Project of the source, or a list of them."),
    Argument::optional("project_not_eq", Kind::Values, "Values that the project must not have."),
    Argument::optional("project_re", Kind::Patterns, "Pattern for the project, from its start."),
    Argument::optional("project_not_re", Kind::Patterns, "Patterns that must not match the project."),
    Argument::optional("repository_eq", Kind::Values, "Repository of the source, or a list of them."),
    Argument::optional("repository_not_eq", Kind::Values, "Values that the repository must not have."),
    Argument::optional("repository_re", Kind::Patterns, "Pattern for the repository, from its start."),
    Argument::optional("repository_not_re", Kind::Patterns, "Patterns that must not match the repository."),
    Argument::optional("branch_eq", Kind::Values, "Branch of the source, or a list; None is a source without one."),
    Argument::optional("branch_not_eq", Kind::Values, "Values that the branch must not have."),
    Argument::optional("branch_re", Kind::Patterns, "Pattern for the branch, from its start."),
    Argument::optional("branch_not_re", Kind::Patterns, "Patterns that must not match the branch."),
    Argument::optional("codebase_eq", Kind::Values, "Codebase of the source, or a list of them."),
    Argument::optional("codebase_not_eq", Kind::Values, "Values that the codebase must not have."),
    Argument::optional("codebase_re", Kind::Patterns, "Pattern for the codebase, from its start."),
    Argument::optional("codebase_not_re", Kind::Patterns, "Patterns that must not match the codebase."),
];

pub const CLASSES: &[Class] = &[
    Class::new(
        "util",
        "OldBuildCanceller",
        "Cancels builds for which a newer commit of their branch is to be built.",
        &[OLD_BUILDS],
    )
    .positional(&["name", "filters", "branch_key"]),
    Class::new(
        "util",
        "FailingBuildsetCanceller",
        "Cancels what is left of a buildset of which a build has failed.",
        &[FAILING],
    )
    .positional(&["name", "filters"]),
    Class::new("util", "SourceStampFilter", "Which sources a canceller is about.", &[STAMP_FILTER])
        .positional(&["filter_fn"]),
];
