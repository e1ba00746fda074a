//! `status.WebStatus` of Buildbot 0.8, which `c['www']` has replaced; and the class that guards nothing.

use super::{Argument, Class, Kind, STATUS};

/// The class of the web pages in `c['status']`.
pub const WEB_STATUS: &str = "WebStatus";

/// The class that stands for "no authentication".
pub const NO_AUTH: &str = "NoAuth";

const WEB: &[Argument] = &[
    Argument::optional("http_port", Kind::Port, "Where to listen: a number or an endpoint string."),
    Argument::optional("change_hook_dialects", Kind::Map, "Web hooks that are accepted, and their options."),
    Argument::not_yet("authz", Kind::Object(&["Authz"])),
    Argument::not_yet("auth", Kind::Any),
    Argument::not_yet("allowForce", Kind::Bool),
    Argument::not_yet("change_hook_auth", Kind::Any),
    Argument::not_yet("distrib_port", Kind::Port),
    Argument::ignored("public_html"),
    Argument::ignored("site"),
    Argument::ignored("numbuilds"),
    Argument::ignored("num_events"),
    Argument::ignored("num_events_max"),
    Argument::ignored("order_console_by_time"),
    Argument::ignored("changecommentlink"),
    Argument::ignored("revlink"),
    Argument::ignored("projects"),
    Argument::ignored("repositories"),
    Argument::ignored("logRotateLength"),
    Argument::ignored("maxRotatedFiles"),
    Argument::ignored("provide_feeds"),
    Argument::ignored("jinja_loaders"),
];

const INFO: &[Argument] = &[Argument::ignored("userInfoProvider")];

pub const CLASSES: &[Class] = &[
    Class::new(STATUS, WEB_STATUS, "The web pages.", &[WEB]).positional(&["http_port"]).now("c['www']"),
    Class::new("util", NO_AUTH, "Nobody is asked who they are, as without it.", &[INFO]),
];
