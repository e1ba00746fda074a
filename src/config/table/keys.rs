//! The keys of `BuildmasterConfig`.

/// One key.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub support: KeySupport,
    /// One sentence for the reference, or what to use instead.
    pub doc: &'static str,
}

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySupport {
    Works,
    /// Accepted; nothing depends on it here.
    Ignored,
    /// Accepted, without effect for now; named in the banner if it says something.
    Inactive,
    /// Known: no master starts with it yet if it says something.
    NotYet,
    /// The old name of another key.
    Formerly(&'static str),
}

const fn works(name: &'static str, doc: &'static str) -> Key {
    Key { name, support: KeySupport::Works, doc }
}

const fn ignored(name: &'static str) -> Key {
    Key { name, support: KeySupport::Ignored, doc: "Accepted; nothing depends on it." }
}

const fn inactive(name: &'static str) -> Key {
    Key { name, support: KeySupport::Inactive, doc: "Accepted, without effect for now." }
}

const fn not_yet(name: &'static str, doc: &'static str) -> Key {
    Key { name, support: KeySupport::NotYet, doc }
}

const fn formerly(name: &'static str, new: &'static str) -> Key {
    Key { name, support: KeySupport::Formerly(new), doc: "An old name." }
}

/// Instead of what guards the pages.
pub const GUARD: &str = "put a proxy that asks for a password in front of the web port";

/// Keys of the configuration itself.
pub const KEYS: &[Key] = &[
    works("title", "Title of the pages."),
    works("titleURL", "Where the title leads."),
    works("buildbotURL", "URL of the web pages as users see it; ends with a slash."),
    works("workers", "Workers, a list of worker.Worker."),
    works("protocols", "Where workers connect: {'pb': {'port': 9989}}."),
    works("change_source", "One change source or a list of them."),
    works("schedulers", "A list of schedulers."),
    works("builders", "A list of util.BuilderConfig."),
    works("projects", "A list of util.Project: builders that belong together."),
    works("codebases", "A list of util.Codebase: what projects are made of."),
    works("services", "Reporters."),
    works("user_managers", "Where `buildbot user` connects: a list of util.CommandlineUserManager."),
    works("secretsProviders", "Where secrets come from; asked in this order."),
    works("www", "The web pages: {'port': 8010}."),
    works("db", "The database: {'db_url': 'sqlite:///state.sqlite'}."),
    works("db_url", "The database's URL, by itself."),
    works("properties", "Properties of every build."),
    works("collapseRequests", "Whether waiting requests are merged."),
    works("prioritizeBuilders", "Sorts builders by who may start first: (master, builders) -> builders."),
    works("codebaseGenerator", "Names the codebase of a change."),
    works(
        "revlink",
        "How a link to a revision is made: a util.RevlinkMatch, or a function of revision and repository.",
    ),
    works(
        "validation",
        "Patterns for `branch`, `revision`, `property_name` and `property_value` in force forms and chats.",
    ),
    works("logMaxSize", "Bytes of a log that are kept."),
    works("logMaxTailSize", "Bytes that are kept of what goes beyond."),
    works("changeHorizon", "Newest changes that are kept; 0 and None keep all."),
    works("buildHorizon", "Newest builds of each builder that are kept; 0 and None keep all."),
    works("logHorizon", "Newest builds of each builder whose logs are kept; 0 and None keep all."),
    works("configurators", "A list with a util.JanitorConfigurator."),
    works("mq", "How parts of the master talk; only {'type': 'simple'}."),
    works("multiMaster", "Whether several masters share the database; only False."),
    works("logEncoding", "Encoding of logs; only UTF-8."),
    ignored("logCompressionLimit"),
    ignored("logCompressionMethod"),
    ignored("buildbotNetUsageData"),
    ignored("caches"),
    ignored("buildCacheSize"),
    ignored("changeCacheSize"),
    ignored("eventHorizon"),
    ignored("metrics"),
    ignored("debugPassword"),
    ignored("db_poll_interval"),
    inactive("manhole"),
    not_yet("machines", "keep machines running, and list their workers as worker.Worker"),
    not_yet("select_next_worker", "use nextWorker of the builders"),
    not_yet("auth", GUARD),
    not_yet("authz", GUARD),
    formerly("status", "services"),
    formerly("slaves", "workers"),
    formerly("slavePortnum", "protocols"),
    formerly("mergeRequests", "collapseRequests"),
    formerly("projectName", "title"),
    formerly("projectURL", "titleURL"),
    formerly("status", "services"),
];

/// Keys of `www`.
pub const WWW_KEYS: &[Key] = &[
    works("port", "Where to listen: a number or an endpoint string."),
    works("plugins", "Pages and their options."),
    works("change_hook_dialects", "Web hooks that are accepted, and their options."),
    works("allowed_origins", "Origins that may write from a browser."),
    ignored("debug"),
    ignored("jsonp"),
    ignored("json_cache_seconds"),
    ignored("rest_minimum_version"),
    ignored("versions"),
    ignored("logfileName"),
    ignored("logRotateLength"),
    ignored("maxRotatedFiles"),
    ignored("cookie_expiration_time"),
    ignored("ui_default_config"),
    ignored("default_page"),
    ignored("ws_ping_interval"),
    ignored("graphql"),
    ignored("theme"),
    ignored("project_widgets"),
    inactive("avatar_methods"),
    inactive("custom_templates_dir"),
    inactive("extra_routes"),
    not_yet("auth", GUARD),
    not_yet("authz", GUARD),
    not_yet("change_hook_auth", GUARD),
];

/// Web hooks that exist, and those that are known.
pub const ACTIVE_DIALECTS: &[&str] = &["base"];

/// Hooks that are known but not there yet.
pub const INACTIVE_DIALECTS: &[&str] =
    &["github", "gitlab", "gitorious", "bitbucket", "bitbucketcloud", "bitbucketserver", "poller"];

/// Pages that are known but not there yet.
pub const INACTIVE_PLUGINS: &[&str] = &["badges", "wsgi_dashboards"];

/// Pages that are always there: naming them is right, and changes nothing.
pub const BUILT_IN_PLUGINS: &[&str] =
    &["waterfall_view", "console_view", "grid_view", "react_console_view", "react_grid_view", "react_waterfall_view"];

pub fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}
