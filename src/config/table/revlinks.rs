//! `util`: how a link to a revision is made, for `c['revlink']`.

use super::{Argument, Class, Kind, Rest};

/// Classes that can stand in `c['revlink']`.
pub const REVLINKS: &[&str] = &[
    "RevlinkMatch",
    "GitwebMatch",
    "RevlinkMultiplexer",
    "GithubRevlink",
    "BitbucketRevlink",
    "SourceforgeGitRevlink",
    "SourceforgeGitRevlink_AlluraPlatform",
    "default_revlink_matcher",
];

const URLS: Argument = Argument::required("repo_urls", Kind::Patterns, "Patterns for URLs of repositories.");
const LINK: Argument = Argument::required(
    "revlink",
    Kind::Text,
    r"The link: `%s` is the revision, `\1` or `\g<name>` what a group of the pattern matched.",
);
const GITWEB: Argument =
    Argument::required("revlink", Kind::Text, "Address of gitweb; a group `repo` of the pattern names the repository.");

pub const CLASSES: &[Class] = &[
    Class::new("util", "RevlinkMatch", "Links to revisions of the repositories that match.", &[&[URLS, LINK]])
        .positional(&["repo_urls", "revlink"]),
    Class::new("util", "GitwebMatch", "The same for repositories that gitweb shows.", &[&[URLS, GITWEB]])
        .positional(&["repo_urls", "revlink"]),
    Class::new("util", "RevlinkMultiplexer", "Several rules; the first that knows a repository counts.", &[])
        .with_rest(Rest::All),
    Class::new("util", "GithubRevlink", "Links to GitHub; used as it is, without a call.", &[]),
    Class::new("util", "BitbucketRevlink", "Links to Bitbucket; used as it is, without a call.", &[]),
    Class::new("util", "SourceforgeGitRevlink", "Links to SourceForge; used as it is, without a call.", &[]),
    Class::new(
        "util",
        "SourceforgeGitRevlink_AlluraPlatform",
        "Links to SourceForge as it is today; used as it is, without a call.",
        &[],
    ),
    Class::new(
        "util",
        "default_revlink_matcher",
        "What holds if the file says nothing: all of these hosts; used as it is, without a call.",
        &[],
    ),
];
