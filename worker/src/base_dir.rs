//! The worker's directory: configuration, information for the master, pid file, log, marks of running commands.

use std::path::{Component, Path, PathBuf};

/// A path leads out of the worker's directory.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is outside of the worker's directory, to which it is confined")]
pub struct Outside(String);

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

    /// Whether a path, or a pattern for some, leads to something below this directory, as links are now.
    ///
    /// This keeps a master from mistakes. It is no wall against a build, which runs as the same user.
    pub fn contains(&self, path: &str) -> Result<(), Outside> {
        let outside = || Outside(path.to_owned());
        let path = self.0.join(path);
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(outside());
        }
        // What does not exist yet has no links in it; a link to nowhere exists.
        let existing = path.ancestors().find(|ancestor| ancestor.symlink_metadata().is_ok()).ok_or_else(outside)?;
        let existing = existing.canonicalize().map_err(|_| outside())?;
        if existing.starts_with(&self.0) { Ok(()) } else { Err(outside()) }
    }

    /// Whoever touches this file asks the worker to end, if it allows that.
    pub fn shutdown_stamp(&self) -> PathBuf {
        self.0.join("shutdown.stamp")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_out_are_noticed() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("worker/build")).unwrap();
        std::os::unix::fs::symlink("/etc", place.path().join("worker/build/link")).unwrap();
        std::os::unix::fs::symlink("/no/such/place", place.path().join("worker/nowhere")).unwrap();
        let base = BaseDir::new(&place.path().join("worker")).unwrap();
        let inside = base.path().join("build/new/deeper").display().to_string();
        for path in [inside.as_str(), "build/*.c", "build"] {
            assert_eq!(base.contains(path), Ok(()), "{path}");
        }
        let beside = format!("{}-2", base.path().display());
        for path in ["/etc", "/", "build/../../x", "build/link/passwd", "build/link/new", "nowhere", beside.as_str()] {
            assert!(base.contains(path).is_err(), "{path}");
        }
    }
}
