//! The worker's directory: configuration, information for the master, pid file, log, marks of running commands.

use std::path::{Path, PathBuf};

/// Paths below one worker's directory.
#[derive(Clone, Debug)]
pub struct BaseDir(PathBuf);

impl BaseDir {
    /// Takes the directory as an absolute path without symbolic links, as the master computes with it.
    pub fn new(path: &Path) -> std::io::Result<Self> {
        path.canonicalize().map(Self)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn info(&self) -> PathBuf {
        self.0.join("info")
    }

    pub fn log_file(&self) -> PathBuf {
        self.0.join("twistd.log")
    }

    pub fn pid_file(&self) -> PathBuf {
        self.0.join("twistd.pid")
    }

    /// Holds a file for each command that runs; what is left there belongs to a predecessor that was killed.
    pub fn running(&self) -> PathBuf {
        self.0.join("running")
    }
}
