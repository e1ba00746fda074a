//! Where the demo lives: a temporary directory that goes away with it, or one that the user named and keeps.

use std::env;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::TempDir;

/// Where the pages are if nothing else was said and nobody else is there.
const USUAL_PORT: u16 = 8010;

const WORKER_PROGRAM: &str = "buildbot-worker";

/// The directory of a demo.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    /// Removes the directory; `None` keeps it.
    temporary: Option<TempDir>,
}

impl Place {
    pub(super) fn make(keep: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = keep else {
            let temporary = tempfile::Builder::new().prefix("buildbot-demo-").tempdir();
            let temporary = temporary.context("cannot make a temporary directory")?;
            return Ok(Self { path: temporary.path().canonicalize()?, temporary: Some(temporary) });
        };
        fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))?;
        let path = path.canonicalize()?;
        if path.read_dir()?.next().is_some() {
            bail!("{} is not empty; name a directory that is new or empty with --keep", path.display());
        }
        Ok(Self { path, temporary: None })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_kept(&self) -> bool {
        self.temporary.is_none()
    }

    /// Removes what is not to be kept.
    pub(super) fn leave(self) -> anyhow::Result<()> {
        match self.temporary {
            Some(temporary) => temporary.close().with_context(|| format!("cannot remove {}", self.path.display())),
            None => Ok(()),
        }
    }
}

/// The port of the pages: the one asked for, else the usual one, else any.
pub(super) fn web_port(wanted: Option<u16>) -> anyhow::Result<u16> {
    match wanted {
        Some(0) => free_port(),
        Some(port) if is_free(port) => Ok(port),
        Some(port) => bail!("port {port} is taken; name another one with --port, or none and a free one is chosen"),
        None if is_free(USUAL_PORT) => Ok(USUAL_PORT),
        None => free_port(),
    }
}

pub(super) fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port of 127.0.0.1 is free")?;
    Ok(listener.local_addr()?.port())
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The worker's program: beside this one, else on the path.
pub(super) fn worker_program() -> anyhow::Result<PathBuf> {
    let own = env::current_exe().context("cannot find this program")?;
    let beside = own.with_file_name(WORKER_PROGRAM);
    if beside.is_file() {
        return Ok(beside);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(WORKER_PROGRAM)).find(|path| path.is_file());
    found.with_context(|| {
        format!(
            "{WORKER_PROGRAM} is neither beside {} nor on the PATH; it is built together with this program by \
             'cargo build --workspace', and belongs into the same directory",
            own.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_something_in_it_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::make(Some(dir.path())).unwrap();
        assert!(place.is_kept());
        place.leave().unwrap();
        assert!(dir.path().is_dir(), "it is kept");
        fs::write(dir.path().join("mine"), "").unwrap();
        assert!(Place::make(Some(dir.path())).unwrap_err().to_string().contains("is not empty"));
    }

    #[test]
    fn a_temporary_directory_goes_away() {
        let place = Place::make(None).unwrap();
        let path = place.path().to_owned();
        place.leave().unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_port_that_is_taken_is_refused_by_name() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        assert!(web_port(Some(port)).unwrap_err().to_string().starts_with(&format!("port {port} is taken")));
    }
}
