//! What a worker was told when it was made: `buildbot-worker.toml`, or the `buildbot.tac` of a worker in Python.

mod endpoint;
mod tac;

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::endpoint::{BadEndpoint, Endpoint, Identity, Place, Tls};
pub use self::tac::TacError;

/// Name of the file in the worker's directory.
pub const FILE: &str = "buildbot-worker.toml";
/// Name of the file that a worker in Python has in its place.
pub const TAC_FILE: &str = "buildbot.tac";

/// How to speak with the master.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
pub enum Protocol {
    /// Whatever the master speaks
    #[default]
    #[serde(rename = "auto")]
    Auto,
    /// Perspective Broker, as every master does
    #[serde(rename = "pb")]
    Pb,
    /// MessagePack over WebSocket
    #[serde(rename = "msgpack_experimental_v7")]
    #[value(name = "msgpack_experimental_v7")]
    Msgpack,
}

/// How somebody on this machine asks the worker to end when its builds are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum AllowShutdown {
    /// By touching shutdown.stamp in the worker's directory
    File,
    /// By sending SIGHUP
    Signal,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// `HOST:PORT` of the master.
    pub master: String,
    pub name: String,
    pub password: String,
    #[serde(default)]
    pub protocol: Protocol,
    /// Where the master is in the words of Twisted, such as `tls:host:port`; counts instead of `master`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_string: Option<String>,
    /// An HTTP proxy to tunnel through, such as `tcp:host:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy_connection_string: Option<String>,
    #[serde(default)]
    pub use_tls: bool,
    /// A file or directory of certificates to trust, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted_certificates: Option<PathBuf>,
    /// Seconds between signs of life when nothing else is said; 0 sends none.
    #[serde(default = "default_keepalive")]
    pub keepalive: u64,
    /// Longest wait before another attempt to connect, in seconds.
    #[serde(default = "default_maxdelay")]
    pub maxdelay: u64,
    /// Attempts to connect in a row after which the worker gives up; for ever if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxretries: Option<u32>,
    /// What the master is told, if the machine is not to say it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numcpus: Option<u32>,
    /// Takes these rights from the files of builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub umask: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_shutdown: Option<AllowShutdown>,
    /// Whether directories of builders that are no more are deleted.
    #[serde(default)]
    pub delete_leftover_dirs: bool,
    /// Whether commands about files keep below the worker's directory.
    #[serde(default)]
    pub confine: bool,
    /// Size at which the log is set aside, in bytes; 0 for never.
    #[serde(default = "default_log_size")]
    pub log_size: u64,
    /// How many logs that were set aside are kept; all of them if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_count: Option<u32>,
}

const fn default_keepalive() -> u64 {
    600
}

const fn default_maxdelay() -> u64 {
    60
}

/// Ten megabytes.
pub const fn default_log_size() -> u64 {
    10_000_000
}

/// How many old logs a new worker keeps.
pub const DEFAULT_LOG_COUNT: u32 = 10;

impl WorkerConfig {
    /// A worker that is as usual in everything but these.
    pub fn new(master: &str, name: &str, password: &str) -> Self {
        Self {
            master: master.to_owned(),
            name: name.to_owned(),
            password: password.to_owned(),
            protocol: Protocol::Auto,
            connection_string: None,
            proxy_connection_string: None,
            use_tls: false,
            trusted_certificates: None,
            keepalive: default_keepalive(),
            maxdelay: default_maxdelay(),
            maxretries: None,
            numcpus: None,
            umask: None,
            allow_shutdown: None,
            delete_leftover_dirs: false,
            confine: false,
            log_size: default_log_size(),
            log_count: Some(DEFAULT_LOG_COUNT),
        }
    }

    /// After how long a silence a sign of life is due.
    pub fn keepalive(&self) -> Option<Duration> {
        (self.keepalive != 0).then(|| Duration::from_secs(self.keepalive))
    }

    /// Where the master is.
    pub fn endpoint(&self) -> Result<Endpoint, BadEndpoint> {
        let mut endpoint = match &self.connection_string {
            Some(text) => Endpoint::parse(text)?,
            None => Endpoint::of_address(&self.master)?,
        };
        if self.use_tls || endpoint.tls.is_some() {
            let tls = endpoint.tls.get_or_insert_default();
            tls.trusted = tls.trusted.take().or_else(|| self.trusted_certificates.clone());
        }
        Ok(endpoint)
    }

    /// Where the proxy is, if there is one.
    pub fn proxy(&self) -> Result<Option<Endpoint>, BadEndpoint> {
        let Some(text) = &self.proxy_connection_string else { return Ok(None) };
        let master = self.endpoint()?;
        match master.place {
            Place::Host { .. } => Endpoint::parse(text).map(Some),
            Place::Socket(_) => Err(BadEndpoint::NotByProxy(master.address())),
        }
    }
}

/// The reason a worker's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0} is no worker's directory (it has no {FILE}): make one with `buildbot-worker create-worker`")]
    NoWorker(PathBuf),
    #[error("cannot read {path}: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{path} is not understood: {error}")]
    Invalid { path: PathBuf, error: Box<toml::de::Error> },
    #[error("{path} cannot be taken over: {error}")]
    Tac { path: PathBuf, error: TacError },
    #[error("{path}: {error}")]
    Endpoint { path: PathBuf, error: BadEndpoint },
    #[error("cannot write {path}: {error}")]
    Unwritable { path: PathBuf, error: std::io::Error },
}

/// Reads what is there: the worker's own file, or else that of a worker in Python.
pub fn read(base_dir: &Path) -> Result<WorkerConfig, ConfigError> {
    let (path, config) = match text_of(&base_dir.join(FILE))? {
        Some(text) => {
            let path = base_dir.join(FILE);
            let config = toml::from_str(&text);
            (path.clone(), config.map_err(|error| ConfigError::Invalid { path, error: Box::new(error) })?)
        }
        None => {
            let path = base_dir.join(TAC_FILE);
            let text = text_of(&path)?.ok_or_else(|| ConfigError::NoWorker(base_dir.to_owned()))?;
            (path.clone(), tac::read(&text).map_err(|error| ConfigError::Tac { path, error })?)
        }
    };
    let config: WorkerConfig = config;
    let checked = config.endpoint().and_then(|_| config.proxy());
    checked.map_err(|error| ConfigError::Endpoint { path, error })?;
    Ok(config)
}

/// Nothing if there is no such file.
fn text_of(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ConfigError::Unreadable { path: path.to_owned(), error }),
    }
}

/// Writes the file, readable by its owner only: it holds a password.
pub fn write(base_dir: &Path, config: &WorkerConfig) -> Result<(), ConfigError> {
    let path = base_dir.join(FILE);
    let unwritable = |error| ConfigError::Unwritable { path: path.clone(), error };
    let text = toml::to_string(config).map_err(std::io::Error::other).map_err(unwritable)?;
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path).map_err(unwritable)?;
    file.write_all(text.as_bytes()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_was_written_is_read_and_nobody_else_may_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = WorkerConfig::new("localhost:9989", "w", "p\"w");
        config.umask = Some(0o22);
        config.allow_shutdown = Some(AllowShutdown::Signal);
        config.connection_string = Some("tls:localhost:9989".to_owned());
        write(directory.path(), &config).unwrap();
        assert_eq!(read(directory.path()).unwrap(), config);
        let mode = std::fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_directory_without_a_worker_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let error = read(directory.path()).unwrap_err();
        assert!(matches!(&error, ConfigError::NoWorker(path) if path == directory.path()));
        assert!(error.to_string().contains("create-worker"));
    }

    #[test]
    fn a_file_of_before_there_were_options_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let text = "master = \"h:1\"\nname = \"w\"\npassword = \"p\"\nprotocol = \"auto\"\nkeepalive = 5\n";
        std::fs::write(directory.path().join(FILE), text).unwrap();
        let expected = WorkerConfig { keepalive: 5, log_count: None, ..WorkerConfig::new("h:1", "w", "p") };
        assert_eq!(read(directory.path()).unwrap(), expected);
    }

    #[test]
    fn a_proxy_leads_to_no_socket() {
        let mut config = WorkerConfig::new("h:1", "w", "p");
        config.proxy_connection_string = Some("tcp:proxy:3128".to_owned());
        assert_eq!(config.proxy().unwrap().unwrap().address(), "proxy:3128");
        config.connection_string = Some("unix:/run/master".to_owned());
        assert_eq!(config.proxy(), Err(BadEndpoint::NotByProxy("/run/master".to_owned())));
    }

    #[test]
    fn a_master_that_is_nowhere_is_a_wrong_configuration() {
        let directory = tempfile::tempdir().unwrap();
        let mut config = WorkerConfig::new("h:1", "w", "p");
        config.connection_string = Some("carrier pigeon".to_owned());
        write(directory.path(), &config).unwrap();
        assert!(matches!(read(directory.path()), Err(ConfigError::Endpoint { .. })));
    }
}
