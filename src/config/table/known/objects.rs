//! `util` and `util.repo`: objects that others take as arguments.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class, Rest};

const CODEBASE: &[Argument] = arguments! { codebase: Text };
const NAMES: &[Argument] = arguments! { required names: TextList };
const CREDENTIALS: &[Argument] = arguments! { required credentials: Renderable, use_http_path: Bool };
const GERRIT_FILTER: &[Argument] = arguments! {
    filter_fn: Function, eventtype: Values, eventtype_re: Patterns, eventtype_fn: Function, branch: Values,
    branch_re: Patterns, branch_fn: Function, branch_not_eq: Values, branch_not_re: Patterns, project: Values,
    project_re: Patterns, project_fn: Function, project_not_eq: Values, project_not_re: Patterns, repository: Values,
    repository_re: Patterns, repository_fn: Function, repository_not_eq: Values, repository_not_re: Patterns,
    category: Values, category_re: Patterns, category_fn: Function, category_not_eq: Values,
    category_not_re: Patterns, codebase: Values, codebase_re: Patterns, codebase_fn: Function,
    codebase_not_eq: Values, codebase_not_re: Patterns, property_eq: Map, property_not_eq: Map, property_re: Map,
    property_not_re: Map,
};

pub const CLASSES: [Class; 3] = super::all_not_yet(
    classes! { util:
        GerritChangeFilter() [GERRIT_FILTER] "Which events of a Gerrit server concern a scheduler.";
        GitCredentialOptions(credentials, use_http_path) [CREDENTIALS] "Passwords that git is given.";
        URLForBuild() [] "The address of the build's page.";
    },
    "",
);

/// Of two classes the names have a dot, which no identifier has; and one takes whatever git may ask for.
pub const OTHERS: &[Class] = &[
    Class::new("util", "repo.DownloadsFromChangeSource", "Changes of Gerrit that `steps.Repo` adds.", &[CODEBASE])
        .positional(&["codebase"])
        .not_yet(""),
    Class::new("util", "repo.DownloadsFromProperties", "The same, as properties name them.", &[NAMES])
        .positional(&["names"])
        .not_yet(""),
    Class::new("util", "GitCredentialInputRenderer", "A password that git is given.", &[])
        .with_rest(Rest::Named)
        .not_yet(""),
];
