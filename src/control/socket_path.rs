//! Where the socket is, also in a base directory whose path is too long for a socket address.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

const NAME: &str = "control.sock";

/// Bytes of a path that fit into `sockaddr_un` on every system, with the closing zero.
const MAX_PATH: usize = 103;

/// A path to bind or connect to; valid while this lives.
#[derive(Debug)]
pub(super) struct SocketPath {
    path: PathBuf,
    /// Keeps `/proc/self/fd/N` pointing to the base directory.
    _base_dir: Option<File>,
}

impl SocketPath {
    pub(super) fn new(base_dir: &Path) -> io::Result<Self> {
        let path = base_dir.join(NAME);
        if path.as_os_str().as_bytes().len() <= MAX_PATH {
            return Ok(Self { path, _base_dir: None });
        }
        let base_dir = File::open(base_dir)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", base_dir.as_raw_fd()));
        if !path.exists() {
            let reason = "the path of the base directory is too long for the control socket";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        Ok(Self { path: path.join(NAME), _base_dir: Some(base_dir) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
