//! What a configuration says of reporters.

use super::http::HttpConfig;
use super::mail::MailConfig;
use super::modes::Modes;
use super::push::{PushConfig, PushEnd};
use super::tinderbox::Tinderbox;
use crate::domain::{Callback, PropertyValue, Renderable};

/// One reporter.
#[derive(Clone, Debug, PartialEq)]
pub struct ReporterConfig {
    /// Unique; under it is stored what the reporter has dealt with.
    pub name: String,
    pub transport: TransportConfig,
    pub generators: Vec<GeneratorConfig>,
}

/// Where it sends to.
#[derive(Clone, Debug, PartialEq)]
pub enum TransportConfig {
    Mail(MailConfig),
    Http(HttpConfig),
    /// Tells everything, and has no generators.
    Push(PushConfig),
}

impl TransportConfig {
    /// Where it sends to, for people. The query of a URL is left out: it may hold a token that is no secret of the
    /// configuration.
    pub fn target(&self) -> String {
        let of_http = |http: &HttpConfig| http.url.shown().split(['?', '#']).next().unwrap_or_default().to_owned();
        match self {
            Self::Mail(mail) => format!("mail by {}:{}", mail.relay.host, mail.relay.port),
            Self::Http(http) => of_http(http),
            Self::Push(push) => match &push.end {
                PushEnd::Form { http, .. } => of_http(http),
                PushEnd::Function(function) => format!("the function {}", function.0.name()),
            },
        }
    }
}

/// When a message is made, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorConfig {
    pub kind: GeneratorKind,
    pub filter: BuildFilter,
    /// A subject with `%(result)s` and the like, instead of the formatter's.
    pub subject: Option<String>,
    pub logs: AttachLogs,
    /// Whether patches of `try` builds are attached.
    pub add_patch: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum GeneratorKind {
    /// The end of a build, and its beginning with `report_new`.
    Build { modes: Modes, report_new: bool, formatter: Formatter },
    /// The beginning and the end of a build.
    StartEnd { start: Formatter, end: Formatter },
    /// A new request.
    Request { formatter: Formatter },
    /// All builds of a buildset once it is complete, a part for each.
    Buildset { modes: Modes, formatter: Formatter },
    /// A buildset once it is complete, in one piece.
    Combined { formatter: Formatter },
    /// A worker that has been away for too long.
    WorkerMissing { workers: Names, formatter: Formatter },
}

/// Which builds; `None` are all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildFilter {
    pub builders: Option<Vec<String>>,
    pub tags: Option<Vec<String>>,
    pub schedulers: Option<Vec<String>>,
    /// A branch may be `None`.
    pub branches: Option<Vec<Option<String>>>,
}

/// Names, or all there are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Names {
    All,
    These(Vec<String>),
}

/// Which logs are attached: by `log` or `step.log`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AttachLogs {
    #[default]
    None,
    All,
    Named(Vec<String>),
}

impl AttachLogs {
    pub fn wants(&self, step: &str, log: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(names) => {
                names.iter().any(|name| name == log || name.split_once('.').is_some_and(|long| long == (step, log)))
            }
        }
    }
}

/// What the body of a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    Plain,
    Html,
    Json,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub struct Formatter {
    pub source: FormatterSource,
    /// Names that templates and functions get besides.
    pub extra: Vec<(String, PropertyValue)>,
    /// `function(master, context)` gives further names.
    pub extra_info: Option<Callback>,
    pub wants: Wants,
}

/// Parts of a build's dictionary that take time to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wants {
    pub steps: bool,
    pub logs: bool,
    pub contents: AttachLogs,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FormatterSource {
    /// Templates; what is not given is ours.
    Template { kind: TextKind, body: Option<String>, subject: Option<String> },
    /// Nothing but the facts that every message has.
    Empty,
    /// `function(context)` gives the body.
    Function { kind: TextKind, function: Callback },
    /// `function(master, context)` gives a dictionary of body, type and subject.
    FunctionRaw { function: Callback },
    /// Renderables of the build's properties.
    Renderable { body: Renderable, subject: Option<Renderable> },
    /// `function(mode, name, build, results, master_status)` of Buildbot 0.8.
    Old { function: Callback },
    /// The dictionary of the build itself.
    Build,
    /// `function(build)` gives what is posted in place of it.
    OfBuild { function: Callback },
    /// What a Tinderbox server reads; of `subject` the words are put in with which it knows results.
    Tinderbox { tinderbox: Tinderbox, subject: String },
}

impl Formatter {
    /// Our own texts.
    pub fn standard(kind: TextKind) -> Self {
        Self::of(FormatterSource::Template { kind, body: None, subject: None })
    }

    /// Without anything besides.
    pub fn of(source: FormatterSource) -> Self {
        Self { source, extra: Vec::new(), extra_info: None, wants: Wants::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_named_alone_or_with_their_step() {
        let named = AttachLogs::Named(vec!["stdio".to_owned(), "compile.errors".to_owned()]);
        assert!(named.wants("test", "stdio") && named.wants("compile", "errors"));
        assert!(!named.wants("test", "errors") && !named.wants("compile", "warnings"));
        assert!(AttachLogs::All.wants("a", "b") && !AttachLogs::None.wants("a", "b"));
    }
}
