//! `buildbot-worker.toml`: what `create-worker` wrote down.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Name of the file in the worker's directory.
pub const FILE: &str = "buildbot-worker.toml";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkerConfig {
    /// `HOST:PORT` of the master.
    pub master: String,
    pub name: String,
    pub password: String,
    /// `auto` or `msgpack_experimental_v7`.
    #[serde(default = "auto")]
    pub protocol: String,
    /// Seconds between signs of life when nothing else is said; 0 sends none.
    #[serde(default = "default_keepalive")]
    pub keepalive: u64,
    /// Longest wait before another attempt to connect, in seconds.
    #[serde(default = "default_maxdelay")]
    pub maxdelay: u64,
}

fn auto() -> String {
    "auto".to_owned()
}

const fn default_keepalive() -> u64 {
    600
}

const fn default_maxdelay() -> u64 {
    60
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
    #[error("cannot write {path}: {error}")]
    Unwritable { path: PathBuf, error: std::io::Error },
}

pub fn read(base_dir: &Path) -> Result<WorkerConfig, ConfigError> {
    let path = base_dir.join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => ConfigError::NoWorker(base_dir.to_owned()),
        _ => ConfigError::Unreadable { path: path.clone(), error },
    })?;
    toml::from_str(&text).map_err(|error| ConfigError::Invalid { path, error: Box::new(error) })
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
        let config = WorkerConfig {
            master: "localhost:9989".to_owned(),
            name: "w".to_owned(),
            password: "p\"w".to_owned(),
            protocol: auto(),
            keepalive: 600,
            maxdelay: 60,
        };
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
}
