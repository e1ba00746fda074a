//! The configuration as a value: plain, validated, immutable. `script` is the only place that knows the language it
//! was written in.

mod build;
mod clients;
mod diff;
mod error;
mod load;
mod migrate;
mod missing;
mod nearest;
mod precheck;
mod reference;
mod reveal;
mod sample;
mod script;
mod source;
mod stored;
mod strports;
mod table;
mod tls;

pub use clients::{ClientAccount, ClientRole};
pub use diff::{Changed, ConfigDiff, diff};
pub use error::{ConfigError, ConfigErrors, Excerpt};
pub use load::{Loader, MASTER_CFG, load};
pub use migrate::{Migrated, migrate};
pub use missing::missing;
pub use nearest::nearest;
pub use precheck::{Entry, Precheck, Report, limit_this_process};
pub use reference::reference;
pub use reveal::load_to_run;
pub use sample::{demo, sample};
pub use stored::{StoredValue, StoredValues};
pub use strports::StrportError;
pub use tls::{PlaintextPolicy, TlsError, TlsFiles, TlsIdentity, server_config};

use std::collections::BTreeMap;
use std::time::Duration;

use crate::changes::config::ChangeSourceConfig;
use crate::changes::revlink::Revlink;
use crate::domain::lock::{LockAccess, LockItem};
use crate::domain::{Callback, Description, Properties, Renderable};
use crate::lifetime::Horizons;
use crate::reporters::config::ReporterConfig;
use crate::reporters::irc::IrcConfig;
use crate::schedulers::config::{CancellerConfig, SchedulerConfig};
use crate::schedulers::cron::Cron;
use crate::schedulers::validation::Validation;
use crate::secrets::{LateOptions, LateText, SecretsConfig};
use crate::steps::config::StepConfig;

/// Everything a `master.cfg` says.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterConfig {
    pub title: String,
    pub title_url: String,
    /// Ends with a slash.
    pub buildbot_url: String,
    pub projects: Vec<ProjectConfig>,
    pub codebases: Vec<CodebaseConfig>,
    pub workers: Vec<WorkerConfig>,
    pub builders: Vec<BuilderConfig>,
    pub schedulers: Vec<SchedulerConfig>,
    pub cancellers: Vec<CancellerConfig>,
    pub change_sources: Vec<ChangeSourceConfig>,
    /// Who is told about builds.
    pub reporters: Vec<ReporterConfig>,
    /// Who talks with people about builds.
    pub chats: Vec<IrcConfig>,
    /// Who may log in besides workers.
    pub clients: Vec<ClientAccount>,
    pub protocols: Vec<ProtocolPort>,
    pub www: Option<WwwConfig>,
    /// What was in the files that ports name.
    pub certificates: BTreeMap<TlsFiles, TlsIdentity>,
    /// Where secrets come from.
    pub secrets: SecretsConfig,
    /// SQLAlchemy form; relative paths are below the base directory.
    pub db_url: LateText,
    pub properties: Properties,
    pub collapse_requests: Collapse,
    pub prioritize_builders: Option<Callback>,
    pub codebase_generator: Option<Callback>,
    /// What people may type when they ask for a build.
    pub validation: Validation,
    pub revlink: Revlink,
    pub logs: LogLimits,
    pub lifetime: DataLifetime,
    /// Losses of a worker after which a request ends in EXCEPTION instead of being tried again.
    pub max_worker_losses: i32,
    /// Values that it keeps in the database, stored when it comes into force.
    pub stored: Vec<StoredValue>,
    /// Components that are known but do nothing yet; shown as a banner.
    pub inactive: Vec<String>,
    /// What is known and not built yet, and without which no master starts: [`MasterConfig::reveal`] refuses it.
    pub not_available: Vec<ConfigError>,
    /// Old spellings and the like, with `file:line`.
    pub warnings: Vec<String>,
    /// What it was made of.
    pub files: Vec<ConfigFile>,
}

/// A file that was read to make a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFile {
    /// Relative to the base directory.
    pub name: String,
    pub text: String,
}

impl MasterConfig {
    /// The warnings, as `checkconfig --json` writes them.
    pub fn warning_entries(&self) -> Vec<Entry> {
        self.warnings.iter().map(|warning| Entry::of_warning(warning)).collect()
    }

    /// The builders that build on a worker: names, and directories below the worker's base directory.
    pub fn builders_on(&self, worker: &str) -> Vec<(String, String)> {
        let builders = self.builders.iter().filter(|builder| builder.worker_names.iter().any(|name| name == worker));
        builders.map(|builder| (builder.name.clone(), builder.workerbuilddir.clone())).collect()
    }

    /// Names of the workers that a builder may build on; none of an unknown builder.
    pub fn workers_of(&self, builder: &str) -> Vec<String> {
        let builder = self.builders.iter().find(|known| known.name == builder);
        builder.map(|builder| builder.worker_names.clone()).unwrap_or_default()
    }

    pub fn worker_names(&self) -> Vec<String> {
        self.workers.iter().map(|worker| worker.name.clone()).collect()
    }
}

/// `util.Project`: builders that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectConfig {
    pub name: String,
    /// A short name for URLs.
    pub slug: String,
    pub description: Description,
}

/// `util.Codebase`: what a project is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodebaseConfig {
    pub name: String,
    pub slug: String,
    /// The name of one of the configuration's projects.
    pub project: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WorkerConfig {
    pub name: String,
    pub password: LateText,
    /// Most builds at the same time; `None` is no limit.
    pub max_builds: Option<u32>,
    pub properties: Properties,
    pub default_properties: Properties,
    pub locks: Vec<LockAccess>,
    pub keepalive_interval: Duration,
    /// Whom to tell by mail that it is missing.
    pub notify_on_missing: Vec<String>,
    /// How long it may be away before it is missing; `None` is for ever.
    pub missing_timeout: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BuilderConfig {
    pub name: String,
    pub worker_names: Vec<String>,
    /// Directory on the master, below the base directory.
    pub builddir: String,
    /// Directory on the worker, below the worker's base directory.
    pub workerbuilddir: String,
    pub factory: FactoryConfig,
    pub description: Description,
    /// The name of one of the configuration's projects.
    pub project: Option<String>,
    pub tags: Vec<String>,
    pub properties: Properties,
    pub default_properties: Properties,
    pub env: Vec<(String, Renderable)>,
    /// `None` takes the global rule.
    pub collapse_requests: Option<Collapse>,
    pub locks: Vec<LockItem>,
    pub next_build: Option<Callback>,
    pub next_worker: Option<Callback>,
    pub can_start_build: Option<Callback>,
    /// What of its builds is kept; where it says nothing, what holds for all builders.
    pub horizons: Horizons,
    /// Whether a build runs at all; one that does not is SKIPPED.
    pub do_build_if: Option<Callback>,
    /// `file:line` of the builder in the configuration.
    pub location: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FactoryConfig {
    pub steps: Vec<StepConfig>,
    /// Directory of the commands below the builder's; `build` if not set.
    pub workdir: Renderable,
}

/// Whether waiting requests are merged ("collapsed").
#[derive(Clone, Debug, PartialEq)]
pub enum Collapse {
    /// By the exact compatibility rule.
    Compatible,
    Never,
    Function(Callback),
}

/// Where workers or clients connect.
#[derive(Clone, Debug, PartialEq)]
pub struct ProtocolPort {
    pub protocol: Protocol,
    pub listen: ListenAddress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Pb,
    Msgpack,
}

/// A parsed strport: `9989`, `tcp:9989:interface=127.0.0.1`, `ssl:9990:privateKey=key.pem`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    pub port: u16,
    /// `None` binds all interfaces, as a bare port number does.
    pub interface: Option<String>,
    /// Set if the port does TLS.
    pub tls: Option<TlsFiles>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct WwwConfig {
    /// `None` serves nothing.
    pub listen: Option<ListenAddress>,
    /// Plugin name to its options, as `/config` shows them.
    pub plugins: crate::domain::PropertyValue,
    /// Dialect to its options.
    pub change_hook_dialects: Vec<(String, LateOptions)>,
    pub allowed_origins: Vec<String>,
}

/// Limits of logs (`logMaxSize`, `logMaxTailSize`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogLimits {
    pub max_bytes: Option<u64>,
    pub max_tail_bytes: Option<u64>,
}

/// How long data is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataLifetime {
    /// Newest changes that stay (`changeHorizon`); `None` is all of them.
    pub changes: Option<u64>,
    /// What holds for builders that say nothing else.
    pub horizons: Horizons,
    pub janitor: Option<JanitorTimes>,
}

/// `util.JanitorConfigurator`: what goes by its age, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct JanitorTimes {
    /// Logs of builds that ended longer ago go; `None` is never.
    pub log_age: Option<Duration>,
    /// Data of builds that ended longer ago goes; `None` is never.
    pub data_age: Option<Duration>,
    pub at: Cron,
}

#[cfg(test)]
mod tests;
